package io.github.deltallm.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.stream.Stream;

/** What a declaration does to windows, and what undoes it. */
class WindowGrowthTest {
    private static final HeadShape HEADS = new HeadShape(1, 1, 1, 2);
    private static final OneHead.Half DELTA =
            new OneHead.Half(Encoding.Delta.of(0.5f, Events.F32, Store.F32), 1, 2, false);
    private static final OneHead.Half DROPPING =
            new OneHead.Half(new Encoding.Exact(Store.F32), 1, 2, true);

    private final OneHead head = new OneHead();

    @AfterEach
    void close() {
        head.close();
    }

    static Stream<OneHead.Half> strategies() {
        return Stream.of(DELTA, DROPPING);
    }

    @Test
    void exactRunsBeginWhereTheSmallerWindowDid() {
        Windows windows = new Windows(HEADS, DELTA);
        windows.declare(8, 0);
        assertThat(windows.runs(0, 0, 20).recent()).isEqualTo(17);

        windows.declare(40, 20);

        assertThat(windows.runs(0, 0, 20).recent()).isEqualTo(16);
        assertThat(windows.runs(0, 0, 30).recent()).isEqualTo(16);
        assertThat(windows.runs(0, 0, 36).recent()).isEqualTo(17);
        assertThat(windows.widenedAt()).isEqualTo(20);
    }

    @Test
    void aWindowThatShrankGrowsBackToItsWidest() {
        Windows windows = new Windows(HEADS, DELTA);
        windows.declare(40, 0);
        windows.truncate(10);
        assertThat(windows.request().tokens()).isEqualTo(10);
        assertThat(windows.runs(0, 0, 25).recent()).isEqualTo(21);
        assertThat(windows.widestRuns(0, 0, 25).recent()).isEqualTo(6);

        windows.declare(40, 25);

        assertThat(windows.runs(0, 0, 25).recent()).isEqualTo(6);
        assertThat(windows.widenedAt()).isZero();
    }

    @Test
    void truncatingToNothingForgetsEverything() {
        Windows windows = new Windows(HEADS, DELTA);
        windows.declare(8, 0);
        windows.declare(40, 20);
        windows.truncate(0);
        windows.declare(40, 0);

        assertThat(windows.runs(0, 0, 20).recent()).isEqualTo(1);
        assertThat(windows.widenedAt()).isZero();
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void failedRunLeavesTheDeclarationAsItWas(AttentionStrategy strategy) {
        try (KvCache dense = head.newCache(strategy)) {
            head.feed(dense, 20);
            try (KvCache cache = head.restore(strategy, 0, dense::export);
                    KvCache same = head.restore(strategy, 0, dense::export)) {
                int floor = cache.truncationFloor();
                assertThatThrownBy(() -> head.feed(cache, 1001 - 20))
                        .isInstanceOf(DeltaLlmException.class);
                if (strategy.equals(DELTA)) {
                    assertThatThrownBy(() -> head.feed(cache, 60, Float.POSITIVE_INFINITY))
                            .isInstanceOf(DeltaLlmException.class);
                }

                assertThat(cache.request().tokens()).isZero();
                assertThat(cache.truncationFloor()).isEqualTo(floor);
                cache.declare(30);
                same.declare(30);
                assertThat(head.feed(cache, 40)).containsExactly(head.feed(same, 40));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void noTruncationGoesBelowTheLengthAtWhichWindowsGrew(AttentionStrategy strategy) {
        try (KvCache cache = head.newCache(strategy)) {
            head.feed(cache, 20);
            cache.declare(60);
            head.feed(cache, 10);

            assertThat(cache.truncationFloor()).isEqualTo(20);
            assertThatThrownBy(() -> cache.truncate(19))
                    .isInstanceOf(InvalidOptionException.class)
                    .hasMessageContaining("20, or 0");
            cache.truncate(20);
            cache.truncate(0);
            assertThat(cache.truncationFloor()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void whatIsOutsideIsForkedAndRestored(AttentionStrategy strategy) {
        try (KvCache cache = head.newCache(strategy)) {
            head.feed(cache, 20);
            cache.declare(60);
            head.feed(cache, 4);
            try (KvCache fork = cache.fork();
                    KvCache restored = head.restore(strategy, 60, cache::export)) {
                float[] out = head.feed(cache, 10);

                assertThat(head.feed(fork, 10)).containsExactly(out);
                assertThat(head.feed(restored, 10)).containsExactly(out);
            }
        }
    }

    /** Exact values of encoded keys are all needed, outside the window too. */
    @Test
    void grownWindowLeavesExactValuesInTheState() {
        AttentionStrategy keysOnly =
                new AttentionStrategy() {
                    @Override
                    public AttentionSpec spec() {
                        return DELTA.spec();
                    }

                    @Override
                    public Encoding keys(int layer, int kvHead) {
                        return DELTA.encoding();
                    }

                    @Override
                    public Encoding values(int layer, int kvHead) {
                        return DROPPING.encoding();
                    }

                    @Override
                    public int window(int layer, int kvHead, Request request) {
                        return DELTA.window(layer, kvHead, request);
                    }

                    @Override
                    public int exactFrom(int layer, int kvHead, int position, Request request) {
                        return DELTA.exactFrom(layer, kvHead, position, request);
                    }
                };
        try (KvCache cache = head.newCache(keysOnly)) {
            head.feed(cache, 20);
            cache.declare(60);
            head.feed(cache, 4);
            try (KvCache restored = head.restore(keysOnly, 60, cache::export)) {
                assertThat(head.feed(restored, 10)).containsExactly(head.feed(cache, 10));
            }
        }
    }

    @Test
    void exactKeysOutsideTheWindowAreABrokenPromise() {
        AttentionStrategy broken =
                new AttentionStrategy() {
                    @Override
                    public AttentionSpec spec() {
                        return DELTA.spec();
                    }

                    @Override
                    public Encoding keys(int layer, int kvHead) {
                        return DELTA.encoding();
                    }

                    @Override
                    public Encoding values(int layer, int kvHead) {
                        return DELTA.encoding();
                    }

                    @Override
                    public int window(int layer, int kvHead, Request request) {
                        return 3;
                    }
                };
        try (KvCache cache = head.newCache(broken)) {
            assertThatThrownBy(() -> head.feed(cache, 20))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("outside its window of 3");
        }
    }
}
