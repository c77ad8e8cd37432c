package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Memory of sequences, which forks share, and which is moved together. */
class DeltaCacheTest {
    private static final Delta KEYS = Delta.of(0.4f, Events.BF16, Store.BF16);
    private static final AttentionStrategy DELTA = WindowStrategy.sliding(KEYS, KEYS, 2, 20);
    private static final int CAPACITY = 1_000;

    @Test
    void forksAreClosedInAnyOrder() {
        for (int order = 0; order < 24; order++) {
            try (Backend backend = KernelChecks.open(1);
                    Executable executable = backend.compile(TinyModel.program(), 128)) {
                forks(executable, order, false);
                forks(executable, order, true);
            }
        }
    }

    @ParameterizedTest
    @MethodSource
    void rowsThatAreMovedTogetherStayTheSame(AttentionStrategy strategy) {
        try (Backend backend = KernelChecks.open(2);
                Executable executable = backend.compile(TinyModel.program(), 128);
                KvCache cache = executable.newCache(strategy, CAPACITY);
                KvCache asItCame = executable.newCache(strategy, CAPACITY)) {
            for (int step = 0; step < 300; step++) {
                int count = step % 50 == 49 ? 33 : 1 + step % 2;
                assertThat(append(executable, cache, count))
                        .isEqualTo(append(executable, asItCame, count));
                if (step % 20 == 0) {
                    tidy(cache);
                    assertThat(cache.bytes().keys()).isLessThanOrEqualTo(asItCame.bytes().keys());
                    assertThat(cache.bytes().values())
                            .isLessThanOrEqualTo(asItCame.bytes().values());
                }
            }
            assertThat(cache.counts(1, KvCache.Stage.DECODE))
                    .isEqualTo(asItCame.counts(1, KvCache.Stage.DECODE));
            cache.truncate(0);
            asItCame.truncate(0);
            assertThat(cache.bytes()).isEqualTo(asItCame.bytes());
            append(executable, cache, 100);
        }
    }

    static List<AttentionStrategy> rowsThatAreMovedTogetherStayTheSame() {
        return List.of(TestStrategy.dense(Store.F32), new TestStrategy(Store.BF16, 4, 40), DELTA);
    }

    @Test
    void rowsThatCameOneByOneAreMovedTogether() {
        try (Backend backend = KernelChecks.open(2);
                Executable executable = backend.compile(TinyModel.program(), 128);
                KvCache cache = executable.newCache(TestStrategy.dense(Store.F32), 3_000)) {
            for (int i = 0; i < 1_500; i++) {
                append(executable, cache, 1);
            }
            for (int layer = 0; layer < TinyModel.HEADS.layers(); layer++) {
                PagedRows keys = ((CpuKvCache) cache).head(layer, 1).keys.exact;
                int runs = 1;
                for (int row = Page.POSITIONS; row < 1_500; row += Page.POSITIONS) {
                    MemorySegment before = keys.page(row - Page.POSITIONS);
                    long end = before.address() + before.byteSize();
                    runs += keys.page(row).address() == end ? 0 : 1;
                }
                assertThat(runs).isLessThan(1_500 / Page.POSITIONS / 2);
            }
        }
    }

    private static void tidy(KvCache cache) {
        for (int layer = 0; layer < TinyModel.HEADS.layers(); layer++) {
            for (KvStream.Kind kind : KvStream.Kind.values()) {
                ((CpuKvCache) cache).layer(layer, kind).tidy();
            }
        }
    }

    /**
     * A cache, two forks of it and a fork of a fork; each goes on after each one that is closed.
     */
    private static void forks(Executable executable, int order, boolean tidy) {
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
                if (tidy) {
                    tidy(cache);
                }
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
