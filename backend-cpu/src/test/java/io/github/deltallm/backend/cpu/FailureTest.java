package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** What is refused, in which words, and that nothing has changed afterwards. */
class FailureTest {
    private static final TestStrategy DENSE = TestStrategy.dense(Encoding.Store.F32);
    private static final LogitsSink NO_SINK = (row, logits) -> {};

    private Backend backend;
    private Executable executable;
    private KvCache cache;

    @BeforeEach
    void open() {
        backend = KernelChecks.open(3);
        executable = backend.compile(TinyModel.program(), 64);
        cache = executable.newCache(DENSE, 100);
        executable.run(step(cache, 1, 2, 3), NO_SINK);
    }

    @AfterEach
    void close() {
        cache.close();
        executable.close();
        backend.close();
    }

    @Test
    void aSinkThatFailsLeavesTheCacheAsItWas() {
        long bytes = cache.bytes().keys();
        float[] keys = cache.export(0, 0, KvStream.Kind.KEYS).exact().getFirst().values();
        var counts = cache.counts(1, KvCache.Stage.DECODE);
        int[] many = new int[64];
        assertThatIllegalStateException()
                .isThrownBy(() ->
                        executable.run(
                                step(cache, many),
                                (row, logits) -> {
                                    throw new IllegalStateException("no more");
                                }))
                .withMessage("no more");
        assertThat(cache.length()).isEqualTo(3);
        assertThat(cache.bytes().keys()).isEqualTo(bytes);
        assertThat(cache.counts(1, KvCache.Stage.DECODE)).isEqualTo(counts);
        assertThat(cache.export(0, 0, KvStream.Kind.KEYS).exact().getFirst().values())
                .isEqualTo(keys);
        executable.run(step(cache, 4), NO_SINK);
        assertThat(cache.length()).isEqualTo(4);
    }

    @Test
    void tokensOutsideTheVocabularyAreRefused() {
        for (int token : new int[] {-1, TinyModel.VOCABULARY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> executable.run(step(cache, 5, token), NO_SINK))
                    .withMessageContaining("token " + token)
                    .withMessageContaining("row 1")
                    .withMessageContaining("" + TinyModel.VOCABULARY);
        }
        assertThat(cache.length()).isEqualTo(3);
    }

    @Test
    void stepsThatAreTooLongAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> executable.run(step(cache, new int[65]), NO_SINK))
                .withMessageContaining("65 rows")
                .withMessageContaining("64");
    }

    @Test
    void sequencesThatOutgrowTheirCapacityAreRefused() {
        executable.run(step(cache, new int[64]), NO_SINK);
        try (KvCache other = executable.newCache(DENSE, 100)) {
            Step step = step(other, 1);
            step.add(cache, new int[34], 0, 34, Step.Logits.LAST);
            assertThatThrownBy(() -> executable.run(step, NO_SINK))
                    .isInstanceOf(ContextOverflowException.class)
                    .hasMessageContaining("67 positions")
                    .hasMessageContaining("capacity of 100");
            assertThat(other.bytes().keys()).isZero();
        }
    }

    @Test
    void cachesOfOtherExecutablesAreRefused() {
        try (Executable other = backend.compile(TinyModel.program(), 4)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> other.run(step(cache, 1), NO_SINK))
                    .withMessageContaining("another executable");
        }
    }

    @Test
    void roundedActivationsNeedTernaryWeights() {
        Tensor weight = RandomTensor.of("blk.0.weight", TensorType.F32, 4, 256, 1);
        assertThatThrownBy(() -> backend.compile(rounded(weight), 1))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("blk.0.weight")
                .hasMessageContaining("F32")
                .hasMessageContaining("INT8_ROW");
    }

    @Test
    void bitsThatStandForNoTernaryValueAreNamed() {
        TernaryTensor made = TernaryTensor.random(TensorType.I2_S, 70, 256, 1);
        made.tensor().data().set(ValueLayout.JAVA_BYTE, 69 * 64 + 5, (byte) 0b00_11_00_00);
        assertThatThrownBy(() -> backend.compile(rounded(made.tensor()), 1))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("I2_S")
                .hasMessageContaining("row 69, column 37");
    }

    private static Program rounded(Tensor weight) {
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 16));
        Value in = recorder.value("in", weight.columns());
        Value out = recorder.value("out", weight.rows());
        return recorder.linear(in, weight, Optional.empty(), Op.Activations.INT8_ROW, out)
                .program();
    }

    @Test
    void closedThingsSaySo() {
        executable.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> executable.run(step(cache, 1), NO_SINK))
                .withMessageContaining("closed");
        backend.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> backend.compile(TinyModel.program(), 1))
                .withMessageContaining("closed");
    }

    private static Step step(KvCache cache, int... tokens) {
        return new Step().add(cache, tokens, 0, tokens.length, Step.Logits.ALL);
    }
}
