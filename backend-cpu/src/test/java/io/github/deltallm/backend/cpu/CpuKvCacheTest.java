package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Step;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CpuKvCacheTest {
    private static final TestStrategy DENSE = TestStrategy.dense(Encoding.Store.BF16);
    private static final TestStrategy WINDOW = new TestStrategy(Encoding.Store.BF16, 4, 40);
    private static final int CAPACITY = 2_000;

    /** Bytes of a page of keys, and of one of values, in all layers and heads. */
    private static final long PAGES = 2L * Page.POSITIONS * TinyModel.HEADS.kvWidth() * 2;

    private Backend backend;
    private Executable executable;

    @BeforeEach
    void open() {
        backend = KernelChecks.open(2);
        executable = backend.compile(TinyModel.program(), 256);
    }

    @AfterEach
    void close() {
        executable.close();
        backend.close();
    }

    @Test
    void aForkGoesOnAsTheOriginalWould() {
        try (KvCache original = executable.newCache(DENSE, CAPACITY)) {
            append(original, 0, 70);
            try (KvCache fork = original.fork()) {
                float[] other = append(fork, 200, 3);
                float[] expected = append(original, 70, 3);
                assertThat(other).isNotEqualTo(expected);
                try (KvCache alone = executable.newCache(DENSE, CAPACITY)) {
                    append(alone, 0, 70);
                    assertThat(append(alone, 200, 3)).isEqualTo(other);
                }
                assertThat(fork.counts(0, KvCache.Stage.DECODE))
                        .isEqualTo(original.counts(0, KvCache.Stage.DECODE));
            }
        }
    }

    @Test
    void aForkOutlivesTheOriginal() {
        KvCache original = executable.newCache(DENSE, CAPACITY);
        append(original, 0, 130);
        float[] expected;
        try (KvCache witness = original.fork()) {
            expected = append(witness, 130, 1);
        }
        KvCache fork = original.fork();
        original.close();
        assertThat(append(fork, 130, 1)).isEqualTo(expected);
        fork.close();
    }

    @Test
    void aForkTakesMemoryOnlyForWhatItChanges() {
        try (KvCache original = executable.newCache(DENSE, CAPACITY)) {
            append(original, 0, 200);
            try (KvCache fork = original.fork()) {
                HeadCache mine = ((CpuKvCache) fork).head(1, 0);
                HeadCache theirs = ((CpuKvCache) original).head(1, 0);
                append(fork, 0, 1);
                assertThat(mine.keys.exact.page(100)).isSameAs(theirs.keys.exact.page(100));
                assertThat(mine.keys.exact.page(199)).isNotSameAs(theirs.keys.exact.page(199));
            }
        }
    }

    @Test
    void whatIsTruncatedCanBeAppendedAgain() {
        try (KvCache cache = executable.newCache(DENSE, CAPACITY)) {
            append(cache, 0, 150);
            float[] expected = append(cache, 150, 1);
            append(cache, 20, 100);
            cache.truncate(150);
            assertThat(append(cache, 150, 1)).isEqualTo(expected);
            assertThat(cache.truncationFloor()).isZero();
            cache.truncate(0);
            assertThat(cache.length()).isZero();
            assertThat(cache.bytes().keys()).isZero();
        }
    }

    @Test
    void truncationOutOfRangeIsRefused() {
        try (KvCache cache = executable.newCache(DENSE, CAPACITY)) {
            append(cache, 0, 10);
            assertThatIllegalArgumentException().isThrownBy(() -> cache.truncate(11));
            assertThatIllegalArgumentException().isThrownBy(() -> cache.truncate(-1));
            assertThat(cache.length()).isEqualTo(10);
        }
    }

    @Test
    void memoryIsTakenPageByPage() {
        try (KvCache cache = executable.newCache(DENSE, CAPACITY)) {
            assertThat(cache.bytes()).isEqualTo(CacheBytes.ZERO);
            append(cache, 0, 1);
            assertThat(cache.bytes().keys()).isEqualTo(PAGES);
            assertThat(cache.bytes().values()).isEqualTo(PAGES);
            append(cache, 0, Page.POSITIONS);
            assertThat(cache.bytes().keys()).isEqualTo(2 * PAGES);
            assertThat(cache.bytes().denseKeys())
                    .isEqualTo(
                            (Page.POSITIONS + 1L)
                                    * 2
                                    * TinyModel.HEADS.kvWidth()
                                    * TinyModel.HEADS.layers());
        }
        KvCache closed = executable.newCache(DENSE, CAPACITY);
        append(closed, 0, 1);
        closed.close();
        assertThat(closed.bytes()).isEqualTo(CacheBytes.ZERO);
        closed.close();
    }

    @Test
    void aDroppedMiddleIsReleased() {
        try (KvCache cache = executable.newCache(WINDOW, CAPACITY)) {
            for (int i = 0; i < 1_500; i += 100) {
                append(cache, i, 100);
            }
            // The sinks' page, the window, the slack, and a page that is just being filled.
            int kept = Page.POSITIONS + 40 + HeadRows.SLACK + 2 * Page.POSITIONS + 100;
            assertThat(cache.bytes().keys()).isLessThan(PAGES * (kept / Page.POSITIONS + 1));
            assertThat(cache.truncationFloor()).isBetween(1_300, 1_500 - HeadRows.SLACK);
            cache.truncate(cache.truncationFloor());
            append(cache, 7, 5);
            int floor = cache.truncationFloor();
            assertThatThrownBy(() -> cache.truncate(floor - 1))
                    .isInstanceOf(InvalidOptionException.class)
                    .hasMessageContaining("smallest length is " + floor);
            cache.truncate(0);
            append(cache, 0, 10);
        }
    }

    @Test
    void truncationWithinTheSlackIsExact() {
        try (KvCache cache = executable.newCache(WINDOW, CAPACITY)) {
            append(cache, 0, 250);
            append(cache, 250, 200);
            float[] expected;
            try (KvCache fork = cache.fork()) {
                expected = append(fork, 450, 1);
            }
            append(cache, 3, HeadRows.SLACK);
            cache.truncate(450);
            assertThat(append(cache, 450, 1)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void restoredSequencesGoOnTheSame(Encoding.Store store) {
        try (KvCache cache = executable.newCache(TestStrategy.dense(store), CAPACITY)) {
            append(cache, 0, 140);
            try (KvCache restored =
                    executable.restore(TestStrategy.dense(store), CAPACITY, 100, cache::export)) {
                assertThat(restored.length()).isEqualTo(140);
                assertThat(restored.request()).isEqualTo(new AttentionStrategy.Request(100));
                assertThat(restored.export(1, 1, KvStream.Kind.KEYS).exact().getFirst().values())
                        .isEqualTo(
                                cache.export(1, 1, KvStream.Kind.KEYS).exact().getFirst().values());
                assertThat(append(restored, 140, 2)).isEqualTo(append(cache, 140, 2));
            }
        }
    }

    @Test
    void aStateWithoutTheMiddleFitsOnlyAStrategyThatDropsIt() {
        try (KvCache cache = executable.newCache(WINDOW, CAPACITY)) {
            append(cache, 0, 250);
            append(cache, 250, 200);
            assertThat(cache.export(0, 0, KvStream.Kind.VALUES).exact()).hasSize(2);
            try (KvCache restored = executable.restore(WINDOW, CAPACITY, 0, cache::export)) {
                assertThat(append(restored, 450, 1)).isEqualTo(append(cache, 450, 1));
            }
            assertThatThrownBy(() -> executable.restore(DENSE, CAPACITY, 0, cache::export))
                    .isInstanceOf(InvalidOptionException.class);
            assertThatThrownBy(() -> executable.restore(WINDOW, 100, 0, cache::export))
                    .isInstanceOf(ContextOverflowException.class);
        }
    }

    @Test
    void aClosedCacheSaysSo() {
        KvCache cache = executable.newCache(DENSE, CAPACITY);
        cache.close();
        assertThatIllegalStateException().isThrownBy(cache::fork).withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(() -> append(cache, 0, 1));
        executable.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> executable.newCache(DENSE, 5))
                .withMessageContaining("closed");
    }

    /** Appends tokens that begin with a number; returns the last one's logits. */
    private float[] append(KvCache cache, int first, int count) {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++) {
            tokens[i] = (first + i) * 53 % TinyModel.VOCABULARY;
        }
        float[][] last = new float[1][];
        executable.run(
                new Step().add(cache, tokens, 0, count, Step.Logits.LAST),
                (row, logits) -> last[0] = ThreadCountTest.copy(logits));
        return last[0];
    }
}
