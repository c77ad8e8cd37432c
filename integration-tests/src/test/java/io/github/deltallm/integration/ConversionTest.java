package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;
import io.github.deltallm.engine.convert.TernaryConversion;
import io.github.deltallm.engine.gguf.GgufFile;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** Conversions of a trained model against files that another program encoded. */
class ConversionTest {
    @TempDir private Path folder;

    private Path converted(Path from, TensorType type) {
        Path to = folder.resolve(type + "-of-" + from.getFileName());
        TernaryConversion.convert(from, to, type, new Cancellation(), (done, total) -> {});
        return to;
    }

    @ParameterizedTest
    @CsvSource({
        "i2s, TQ1_0, tq1_0",
        "i2s, TQ2_0, tq2_0",
        "tq1_0, I2_S, i2s",
        "tq1_0, TQ2_0, tq2_0",
        "tq2_0, I2_S, i2s",
        "tq2_0, TQ1_0, tq1_0"
    })
    void everyTensorGetsTheBytesThatTheOtherEncoderGaveIt(String from, TensorType type, String to) {
        sameTensors(converted(BitNetModels.stories(from), type), BitNetModels.stories(to));
    }

    @Test
    void goingThroughAllTypesEndsWhereItBegan() {
        Path in = BitNetModels.stories("i2s");
        Path tq1 = converted(in, TensorType.TQ1_0);
        Path tq2 = converted(tq1, TensorType.TQ2_0);
        Path back = converted(tq2, TensorType.I2_S);
        sameTensors(back, in);
        assertThat(logits(tq1)).isEqualTo(logits(in));
        assertThat(logits(tq2)).isEqualTo(logits(in));
    }

    private static void sameTensors(Path actual, Path expected) {
        try (GgufFile file = GgufFile.open(actual);
                GgufFile other = GgufFile.open(expected)) {
            assertThat(file.tensors()).hasSameSizeAs(other.tensors());
            for (Tensor tensor : file.tensors()) {
                Tensor same = other.tensor(tensor.name()).orElseThrow();
                assertThat(tensor.type()).isEqualTo(same.type());
                assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE))
                        .as(tensor.name())
                        .isEqualTo(same.data().toArray(ValueLayout.JAVA_BYTE));
            }
        }
    }

    private static float[] logits(Path file) {
        try (Model model = BitNetModels.open(file, "reference", Precision.F32);
                Session session = model.newSession(AttentionSpec.parse("dense"))) {
            int[] prompt = model.rawPrompt("Once upon a time");
            session.prompt(prompt, new Cancellation(), done -> {});
            return session.logits().clone();
        }
    }
}
