package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Arrays;

/** Keys that go from one end of the floats to the other, so that their change is none. */
class ExtremeChangeTest {
    private static final int ROWS = 40;
    private static final int CHANNEL = 5;
    private final TornadoExecutable executable =
            (TornadoExecutable)
                    new TornadoBackend(AttentionTrial.device())
                            .compile(AttentionTrial.program(AttentionTrial.HEADS), ROWS);

    @AfterEach
    void close() {
        executable.close();
    }

    private KvCache cache(Encoding keys) {
        Encoding values = new Encoding.Exact(Store.F32);
        return executable.newCache(new WindowStrategy(keys, values, 0, 9, false, false), ROWS);
    }

    /** Rows of zeros, but for the keys of layer 1 before a row and from it on. */
    private void feed(KvCache cache, int row) {
        for (Value input : executable.program().inputs()) {
            float[] data = new float[ROWS * input.width()];
            for (int i = 0; i < ROWS && input.name().equals("key1"); i++) {
                data[i * input.width() + CHANNEL] = i < row ? -3e38f : 3e38f;
            }
            executable.write(input, ROWS, data);
        }
        executable.run(
                new Step().add(cache, new int[ROWS], 0, ROWS, Step.Logits.NONE),
                (at, logits) -> {});
    }

    private static Encoding delta(Events events) {
        float[] steps = new float[events == Events.INT8 ? 32 : 0];
        Arrays.fill(steps, 0.5f);
        return new Delta(new float[] {0.4f}, false, events, steps, Store.F32);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void changeThatIsNoFloatIsRefused(Events events) {
        try (KvCache cache = cache(delta(events))) {
            assertThatThrownBy(() -> feed(cache, 23))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining("keys of layer 1")
                    .hasMessageContaining("position 23");
            assertThat(cache.length()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void changeThatIsNoFloatIsRefusedWhenItIsRestored(Events events) {
        try (KvCache exact = cache(new Encoding.Exact(Store.F32))) {
            feed(exact, 23);
            assertThatThrownBy(() -> restored(exact, events))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining("position 23");
        }
    }

    private KvCache restored(KvCache from, Events events) {
        WindowStrategy strategy =
                new WindowStrategy(
                        delta(events), new Encoding.Exact(Store.F32), 0, 9, false, false);
        return executable.restore(strategy, ROWS, ROWS, from::export);
    }

    @Test
    void int8GoesAsManyStepsAsItHasEncodedAndRestored() {
        try (KvCache encoded = cache(delta(Events.INT8));
                KvCache exact = cache(new Encoding.Exact(Store.F32))) {
            feed(encoded, 1);
            feed(exact, 1);
            float[] events = encoded.export(1, 0, KvStream.Kind.KEYS).delta().events();
            // Row 0 transmits its 32 channels; all others one change of 127 half steps.
            assertThat(events).hasSize(32 + ROWS - 1);
            assertThat(Arrays.copyOfRange(events, 32, events.length)).containsOnly(63.5f);
            try (KvCache again = restored(exact, Events.INT8)) {
                assertThat(again.export(1, 0, KvStream.Kind.KEYS).delta().events())
                        .isEqualTo(events);
            }
        }
    }
}
