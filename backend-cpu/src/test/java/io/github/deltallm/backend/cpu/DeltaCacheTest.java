package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** Memory of encoded sequences, which forks share. */
class DeltaCacheTest {
    private static final Delta KEYS = Delta.of(0.4f, Events.BF16, Store.BF16);
    private static final AttentionStrategy DELTA = WindowStrategy.sliding(KEYS, KEYS, 2, 20);
    private static final int CAPACITY = 1_000;

    @Test
    void forksAreClosedInAnyOrder() {
        for (int order = 0; order < 24; order++) {
            try (Backend backend = KernelChecks.open(1);
                    Executable executable = backend.compile(TinyModel.program(), 128)) {
                forks(executable, order);
            }
        }
    }

    /**
     * A cache, two forks of it and a fork of a fork; each goes on after each one that is closed.
     */
    private static void forks(Executable executable, int order) {
        List<KvCache> open = new ArrayList<>();
        open.add(executable.newCache(DELTA, CAPACITY));
        append(executable, open.getFirst(), 100);
        open.add(open.getFirst().fork());
        append(executable, open.getFirst(), 100);
        append(executable, open.get(1), 100);
        open.add(open.getFirst().fork());
        open.add(open.get(1).fork());
        int rest = order;
        while (!open.isEmpty()) {
            KvCache next = open.remove(rest % open.size());
            rest /= open.size() + 1;
            next.close();
            assertThat(next.bytes().keys()).isZero();
            float[] first = null;
            for (KvCache cache : open) {
                float[] logits = append(executable, cache, 40);
                assertThat(logits).isEqualTo(first == null ? logits : first);
                first = logits;
            }
        }
    }

    /** Appends tokens that depend on their positions only; returns the last one's logits. */
    private static float[] append(Executable executable, KvCache cache, int count) {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++) {
            tokens[i] = (cache.length() + i) * 53 % TinyModel.VOCABULARY;
        }
        float[][] last = new float[1][];
        executable.run(
                new Step().add(cache, tokens, 0, count, Step.Logits.LAST),
                (row, logits) -> last[0] = ThreadCountTest.copy(logits));
        return last[0];
    }
}
