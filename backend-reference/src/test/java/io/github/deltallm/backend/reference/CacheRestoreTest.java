package io.github.deltallm.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStream.DeltaRows;
import io.github.deltallm.api.spi.KvStream.Kind;
import io.github.deltallm.api.spi.KvStream.Rows;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** States that are damaged or do not fit end in one clear error. */
class CacheRestoreTest {
    private static final float[] ONE = {0.5f};
    private static final Encoding WAITING =
            new Encoding.Delta(ONE, true, Events.INT8, new float[0], Store.F32);
    private static final Encoding BF16 = Encoding.Delta.of(0.5f, Events.BF16, Store.F32);

    private final OneHead head = new OneHead();

    @AfterEach
    void close() {
        head.close();
    }

    /** What is done to the stream of the keys, and a part of the error. */
    record Damage(String message, UnaryOperator<KvStream> change) {
        @Override
        public String toString() {
            return message;
        }
    }

    static Stream<Damage> damages() {
        return Stream.of(
                delta("-1 encoded rows", d -> with(d, -1, d.changed(), d.events())),
                delta("301 encoded rows", d -> with(d, 301, d.changed(), d.events())),
                delta("changes behind", d -> with(d, 299, d.changed(), d.events())),
                delta("events for", d -> with(d, 300, d.changed(), shorter(d.events()))),
                delta("events for", d -> with(d, 300, new long[10], d.events())),
                delta("no whole row", CacheRestoreTest::withoutFirstChange),
                delta("event of NaN", d -> withEvent(d, Float.NaN)),
                delta("event of Infinity", d -> withEvent(d, Float.POSITIVE_INFINITY)),
                delta("can't hold", d -> withEvent(d, 0.3f * d.steps()[0])),
                delta("can't hold", d -> withEvent(d, 128 * d.steps()[0])),
                delta("0 steps where 2", d -> withSteps(d)),
                delta("1 steps where 2", d -> withSteps(d, 1)),
                delta("step of NaN", d -> withSteps(d, Float.NaN, 1)),
                delta("step of -1", d -> withSteps(d, -1, 1)),
                delta("sigma of NaN", d -> withSigma(d, Float.NaN)),
                delta("sigma of -1", d -> withSigma(d, -1)),
                delta("sigma of Infinity", d -> withSigma(d, Float.POSITIVE_INFINITY)),
                exact("NaN in an exact row", new Rows(0, new float[] {1, Float.NaN})),
                exact("not whole", new Rows(0, new float[] {1, 2, 3})),
                exact("overlap", new Rows(-1, new float[] {1, 2})),
                exact("overlap", new Rows(0, ONES), new Rows(0, ONES)),
                exact("up to position", new Rows(299, ONES)),
                exact("up to position", new Rows(Integer.MAX_VALUE, ONES)),
                exact("lacks rows", new Rows(296, ONES)),
                new Damage(
                        "positions, others",
                        stream -> new KvStream(299, stream.exact(), stream.delta())),
                new Damage("-1 positions", stream -> new KvStream(-1, List.of(), DeltaRows.NONE)));
    }

    private static final float[] ONES = {1, 1, 1, 1, 1, 1};

    @ParameterizedTest
    @MethodSource("damages")
    void damagedStateIsRefused(Damage damage) {
        AttentionStrategy strategy = new OneHead.Half(WAITING, 0, 9, false);
        try (KvCache cache = head.newCache(strategy)) {
            cache.declare(1);
            head.feed(cache, 300);
            // Not of both kinds, lest they agree.
            Kind kind = damage.message().startsWith("positions") ? Kind.VALUES : Kind.KEYS;
            assertThatThrownBy(() ->
                            head.restore(
                                    strategy,
                                    1,
                                    (layer, kvHead, k) ->
                                            k == kind
                                                    ? damage.change.apply(cache.export(0, 0, k))
                                                    : cache.export(0, 0, k)))
                    .isInstanceOf(InvalidOptionException.class)
                    .hasMessageContaining(damage.message());
        }
    }

    @Test
    void streamOfOtherEventsIsRefused() {
        assertThatThrownBy(() -> restoredUnder(Encoding.Delta.of(0.5f, Events.F32, Store.F32)))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("BF16 can't hold");
    }

    @Test
    void streamOfRelativeThresholdsIsRefusedByAbsoluteOnes() {
        Encoding relative = new Encoding.Delta(ONE, true, Events.BF16, new float[0], Store.F32);
        assertThatThrownBy(() -> restoredUnder(relative))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("sigma");
    }

    private void restoredUnder(Encoding saved) {
        try (KvCache cache = head.newCache(new OneHead.Half(saved, 0, 9, false))) {
            head.feed(cache, 300);
            head.restore(new OneHead.Half(BF16, 0, 9, false), 300, cache::export).close();
        }
    }

    @Test
    void exactRowsTooLargeToBeEncodedAreRefused() {
        List<Rows> rows = List.of(new Rows(0, new float[] {3e38f, 0, -3e38f, 0}));
        KvStream dense = new KvStream(2, rows, DeltaRows.NONE);
        AttentionStrategy strategy = new OneHead.Half(BF16, 0, 9, false);
        assertThatThrownBy(() -> head.restore(strategy, 2, (layer, kvHead, kind) -> dense))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("half", "Infinity");
    }

    @Test
    void exactRowsMayComeInAdjacentRuns() {
        AttentionStrategy strategy = new OneHead.Half(BF16, 0, 9, false);
        try (KvCache cache = head.newCache(strategy)) {
            head.feed(cache, 40);
            try (KvCache restored =
                    head.restore(strategy, 40, (l, h, kind) -> split(cache.export(l, h, kind)))) {
                assertThat(head.feed(restored, 5)).containsExactly(head.feed(cache, 5));
                assertThat(restored.truncationFloor()).isZero();
            }
        }
    }

    private static KvStream split(KvStream stream) {
        List<Rows> parts = new ArrayList<>();
        float[] all = stream.exact().getFirst().values();
        for (int row = 0; row < stream.length(); row++) {
            parts.add(new Rows(row, Arrays.copyOfRange(all, 2 * row, 2 * row + 2)));
        }
        return new KvStream(stream.length(), parts, stream.delta());
    }

    /** From 255 on the first rows would have to be encoded again. */
    @Test
    void restoredWithoutItsFirstRowsATruncationCantForgetTheSteps() {
        AttentionStrategy strategy = new OneHead.Half(WAITING, 0, 9, false);
        try (KvCache cache = head.newCache(strategy)) {
            cache.declare(1);
            head.feed(cache, 262);
            try (KvCache restored =
                    head.restore(strategy, 1, (l, h, kind) -> last(cache.export(l, h, kind), 60))) {
                assertThat(restored.truncationFloor()).isEqualTo(256);
                restored.truncate(256);
                cache.truncate(256);
                assertThat(head.feed(restored, 20)).containsExactly(head.feed(cache, 20));
            }
        }
    }

    private static KvStream last(KvStream stream, int rows) {
        int from = stream.length() - rows;
        float[] all = stream.exact().getFirst().values();
        Rows kept = new Rows(from, Arrays.copyOfRange(all, 2 * from, all.length));
        return new KvStream(stream.length(), List.of(kept), stream.delta());
    }

    @Test
    void sequenceThatStillWaitsGoesOnWaiting() {
        AttentionStrategy strategy = new OneHead.Half(WAITING, 0, 9, false);
        try (KvCache cache = head.newCache(strategy)) {
            cache.declare(1);
            head.feed(cache, 200);
            try (KvCache restored = head.restore(strategy, 1, cache::export)) {
                assertThat(head.feed(restored, 80)).containsExactly(head.feed(cache, 80));
                assertThat(restored.export(0, 0, Kind.KEYS))
                        .usingRecursiveComparison()
                        .isEqualTo(cache.export(0, 0, Kind.KEYS));
            }
        }
    }

    private static Damage delta(String message, UnaryOperator<DeltaRows> change) {
        return new Damage(
                message, s -> new KvStream(s.length(), s.exact(), change.apply(s.delta())));
    }

    private static Damage exact(String message, Rows... rows) {
        return new Damage(message, s -> new KvStream(s.length(), List.of(rows), s.delta()));
    }

    private static DeltaRows with(DeltaRows rows, int count, long[] changed, float[] events) {
        return new DeltaRows(count, changed, events, rows.steps(), rows.sigma());
    }

    private static DeltaRows withSteps(DeltaRows rows, float... steps) {
        return new DeltaRows(rows.count(), rows.changed(), rows.events(), steps, rows.sigma());
    }

    private static DeltaRows withSigma(DeltaRows rows, float sigma) {
        return new DeltaRows(rows.count(), rows.changed(), rows.events(), rows.steps(), sigma);
    }

    /** Row 1, channel 0 transmits this. */
    private static DeltaRows withEvent(DeltaRows rows, float event) {
        float[] events = rows.events().clone();
        events[2] = event;
        return with(rows, rows.count(), rows.changed(), events);
    }

    private static DeltaRows withoutFirstChange(DeltaRows rows) {
        long[] changed = rows.changed().clone();
        changed[0] &= ~1L;
        float[] events = Arrays.copyOfRange(rows.events(), 1, rows.events().length);
        return with(rows, rows.count(), changed, events);
    }

    private static float[] shorter(float[] events) {
        return Arrays.copyOf(events, events.length - 1);
    }
}
