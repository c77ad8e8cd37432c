package io.github.deltallm.api.spi;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;

class RunCheckTest {
    private final Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 4));
    private final Value in = recorder.input("in", 4);
    private final Value out = recorder.value("out", 4);
    private final Program program =
            recorder.output(out)
                    .embed(
                            new Tensor(
                                    "token_embd.weight",
                                    TensorType.F32,
                                    5,
                                    4,
                                    MemorySegment.ofArray(new byte[80])),
                            out)
                    .program();
    private final RunCheck check = new RunCheck(program, 3);

    private static Step step(int... tokens) {
        KvCache cache =
                (KvCache)
                        Proxy.newProxyInstance(
                                RunCheckTest.class.getClassLoader(),
                                new Class<?>[] {KvCache.class},
                                (proxy, method, arguments) -> null);
        return new Step().add(cache, tokens, 0, tokens.length, Step.Logits.NONE);
    }

    @Test
    void stepThatFitsPasses() {
        check.step(step(0, 4, 2));
        check.step(new Step());
    }

    @Test
    void tooManyRowsAreRefused() {
        assertThatThrownBy(() -> check.step(step(0, 1, 2, 3)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4 rows, more than the 3");
        assertThatThrownBy(() -> new RunCheck(program, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tokenWithoutEmbeddingIsRefused() {
        assertThatThrownBy(() -> check.step(step(1, 5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("token 5 of row 1")
                .hasMessageContaining("vocabulary of 5");
        assertThatThrownBy(() -> check.step(step(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void onlyInputsAreWrittenAndOnlyOutputsRead() {
        check.write(in, 2, new float[8]);
        check.read(out, 3);
        assertThatThrownBy(() -> check.write(out, 1, new float[4]))
                .hasMessageContaining("is not an input");
        assertThatThrownBy(() -> check.read(in, 1)).hasMessageContaining("is not an output");
        assertThatThrownBy(() -> check.write(in, 2, new float[7]))
                .hasMessageContaining("more than 7 values");
        assertThatThrownBy(() -> check.read(out, 4)).hasMessageContaining("of at most 3");
    }
}
