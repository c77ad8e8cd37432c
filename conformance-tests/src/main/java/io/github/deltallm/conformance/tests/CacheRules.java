package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStream.Kind;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * KVC, operations on caches.
 *
 * <p>When a rule fails for windows only, look at the ring of exact rows; when it fails after a fork
 * or a truncation, at pages that are shared or rows that are still there.
 */
@Tag("KVC")
public abstract class CacheRules extends ConformanceRules {
    private static final HeadShape HEADS = DeltaTrial.HEADS;
    private static final int WIDTH = HEADS.queryWidth();
    private static final int ROWS = 60;

    /** For subclasses. */
    protected CacheRules() {}

    /** A rule for exact rows, a window, and delta encoding where that is declared. */
    private Stream<DynamicTest> strategies(Consumer<Runs> rule) {
        List<Runs> strategies = new ArrayList<>();
        strategies.add(Runs.DENSE);
        strategies.add(Runs.dense(Store.BF16));
        strategies.add(Runs.dropping(Store.F32, 2, 9));
        Encoding.Delta delta = Delta.of(0.4f, Events.BF16, Store.BF16);
        strategies.add(new Runs(delta, delta, 2, 9, false));
        return strategies.stream()
                .map(runs ->
                        dynamicTest(
                                runs.spec().toString(),
                                () -> {
                                    requireCapabilities(runs, HEADS);
                                    rule.accept(runs);
                                }));
    }

    private static Sequence sequence() {
        return Sequence.random(HEADS, ROWS, 11);
    }

    private Bench bench() {
        return new Bench(backend(), Sequence.program(HEADS), ROWS);
    }

    /** What attention gives for a sequence. */
    private Expected expected(Sequence sequence, Runs runs) {
        try (DeltaTrial trial = new DeltaTrial(sequence, runs, oracle())) {
            return trial.formula();
        }
    }

    /** The outputs are those of all positions from {@code from} on. */
    private static void check(String what, Expected expected, int from, float[] out) {
        expected.range(from * WIDTH, expected.values().length).check(what, WIDTH, out);
    }

    @Test
    @DisplayName("KVC-01 required: length, capacity, strategy and request are what was told")
    void cacheTellsWhatItIs() {
        try (Bench bench = bench();
                KvCache cache = bench.newCache(Runs.DENSE, ROWS)) {
            Assertions.assertEquals(0, cache.length());
            Assertions.assertEquals(ROWS, cache.capacity());
            Assertions.assertEquals(Runs.DENSE, cache.strategy());
            cache.declare(20);
            cache.declare(10);
            Assertions.assertEquals(20, cache.request().tokens(), "declared tokens never fall");
            sequence().feed(bench, cache, 16, 33);
            Assertions.assertEquals(33, cache.length());
            Assertions.assertEquals(20, cache.request().tokens(), "only declaring changes it");
            cache.declare(50);
            cache.truncate(10);
            Assertions.assertEquals(
                    10, cache.request().tokens(), "truncating forgets what was declared");
        }
    }

    @TestFactory
    @DisplayName("KVC-02 required: a fork and its origin go on apart")
    Stream<DynamicTest> forksGoOnApart() {
        return strategies(runs -> {
            Sequence one = sequence();
            Sequence other = one.first(25).then(Sequence.random(HEADS, 35, 12));
            try (Bench bench = bench();
                    KvCache origin = bench.newCache(runs, ROWS)) {
                one.feed(bench, origin, 16, 25);
                try (KvCache fork = origin.fork()) {
                    Assertions.assertEquals(25, fork.length(), "length of the fork");
                    float[] forked = other.feed(bench, fork, 9);
                    check("fork", expected(other, runs), 25, forked);
                }
                Assertions.assertEquals(25, origin.length(), "length of the origin");
                float[] out = one.feed(bench, origin, 9);
                check("origin", expected(one, runs), 25, out);
            }
        });
    }

    @TestFactory
    @DisplayName("KVC-03 required: a fork outlives its origin")
    Stream<DynamicTest> forkOutlivesItsOrigin() {
        return strategies(runs -> {
            Sequence sequence = sequence();
            try (Bench bench = bench()) {
                KvCache origin = bench.newCache(runs, ROWS);
                sequence.feed(bench, origin, 16, 25);
                try (KvCache fork = origin.fork()) {
                    origin.close();
                    float[] out = sequence.feed(bench, fork, 9);
                    check("fork", expected(sequence, runs), 25, out);
                }
            }
        });
    }

    @TestFactory
    @DisplayName("KVC-04 required: truncated and continued equals fresh")
    Stream<DynamicTest> truncatedAndContinuedEqualsFresh() {
        return strategies(runs -> {
            for (int length : new int[] {39, 33, 1, 0}) {
                truncatedAndContinued(runs, length);
            }
        });
    }

    /** Truncates to a length, or as far as the cache can. */
    private void truncatedAndContinued(Runs runs, int wanted) {
        try (Bench bench = bench();
                KvCache cache = bench.newCache(runs, ROWS)) {
            Sequence first = sequence();
            first.feed(bench, cache, 16, 40);
            int floor = cache.truncationFloor();
            Assertions.assertTrue(floor >= 0 && floor <= 40, "floor " + floor);
            int length = wanted == 0 ? 0 : Math.max(floor, wanted);
            cache.truncate(length);
            Assertions.assertEquals(length, cache.length(), "length after the truncation");
            Sequence next = Sequence.random(HEADS, ROWS - length, length);
            Sequence whole = first.first(length).then(next);
            float[] out = whole.feed(bench, cache, 16);
            check("continued from " + length, expected(whole, runs), length, out);
        }
    }

    @Test
    @DisplayName("KVC-05 required: a dense cache can be truncated to any length")
    void denseCacheHasNoFloor() {
        try (Bench bench = bench();
                KvCache cache = bench.newCache(Runs.DENSE, ROWS)) {
            sequence().feed(bench, cache, 16);
            Assertions.assertTrue(cache.truncationFloor() <= 1, "truncation floor");
        }
    }

    @Test
    @DisplayName("KVC-06 required: a truncation below the floor is refused and changes nothing")
    void truncationBelowTheFloorIsRefused() {
        Runs runs = Runs.dropping(Store.F32, 2, 9);
        Sequence sequence = Sequence.random(HEADS, 400, 6);
        try (Bench bench = bench();
                KvCache cache = bench.newCache(runs, 400)) {
            sequence.feed(bench, cache, ROWS, 380);
            int floor = cache.truncationFloor();
            if (floor > 1) {
                Assertions.assertThrows(
                        InvalidOptionException.class, () -> cache.truncate(floor - 1));
                Assertions.assertEquals(380, cache.length(), "length after the refused truncation");
            }
            float[] out = sequence.feed(bench, cache, ROWS);
            check("continued", expected(sequence, runs), 380, out);
        }
    }

    @TestFactory
    @DisplayName("KVC-07 required: exported and restored equals the origin")
    Stream<DynamicTest> restoredEqualsTheOrigin() {
        return strategies(runs -> restored(runs, backend(), backend()));
    }

    @TestFactory
    @DisplayName(
            "KVC-08 required: what it exports, the reference restores, and the other way round")
    Stream<DynamicTest> backendsRestoreEachOther() {
        return strategies(runs -> {
            restored(runs, backend(), oracle());
            restored(runs, oracle(), backend());
        });
    }

    private void restored(Runs runs, Backend from, Backend to) {
        Sequence sequence = sequence();
        Expected expected = expected(sequence, runs);
        try (Bench origin = new Bench(from, Sequence.program(HEADS), ROWS);
                Bench target = new Bench(to, Sequence.program(HEADS), ROWS);
                KvCache saved = origin.newCache(runs, ROWS)) {
            saved.declare(40);
            sequence.feed(origin, saved, 16, 40);
            try (KvCache restored = target.executable().restore(runs, ROWS, 40, saved::export)) {
                Assertions.assertEquals(40, restored.length(), "restored length");
                Assertions.assertEquals(40, restored.request().tokens(), "restored request");
                check("restored", expected, 40, sequence.feed(target, restored, 9));
            }
            check("origin", expected, 40, sequence.feed(origin, saved, 9));
        }
    }

    @Test
    @DisplayName("KVC-09 optional (delta): a dense sequence restored under delta is encoded whole")
    void denseSequenceGoesOnEncoded() {
        requireCapability("delta");
        Delta delta = Delta.of(0.4f, Events.F32, Store.F32);
        Runs runs = Runs.delta(delta, 2, 9);
        Sequence sequence = sequence();
        try (DeltaTrial trial = new DeltaTrial(sequence, runs, backend());
                KvCache dense = trial.tested().newCache(Runs.DENSE, ROWS)) {
            sequence.feed(trial.tested(), dense, 16, 40);
            try (KvCache encoded =
                    trial.tested().executable().restore(runs, ROWS, ROWS, dense::export)) {
                float[] out = sequence.feed(trial.tested(), encoded, 9);
                check("continued", trial.formula(), 40, out);
                trial.checkStreams(encoded, Kind.KEYS);
            }
        }
    }

    @Test
    @DisplayName("KVC-10 required: a state without the rows that a strategy needs is refused")
    void stateWithoutNeededRowsIsRefused() {
        try (Bench bench = bench();
                KvCache dense = bench.newCache(Runs.DENSE, ROWS)) {
            sequence().feed(bench, dense, 16);
            Assertions.assertThrows(
                    InvalidOptionException.class,
                    () -> bench.executable().restore(Runs.DENSE, ROWS, 0, lastRows(dense)).close());
        }
    }

    /** The state of a dense cache without all but its last four rows. */
    private static KvStream.Source lastRows(KvCache dense) {
        return (layer, kvHead, kind) -> {
            KvStream all = dense.export(layer, kvHead, kind);
            float[] rows = HeldRows.of(dense, kvHead, kind, HEADS.headDim()).exact();
            int from = all.length() - 4;
            float[] last = Numbers.rows(rows, HEADS.headDim(), from, all.length());
            List<KvStream.Rows> held = List.of(new KvStream.Rows(from, last));
            return new KvStream(all.length(), held, KvStream.DeltaRows.NONE);
        };
    }

    @TestFactory
    @DisplayName("KVC-11 required: bytes grow with the sequence and are gone with the cache")
    Stream<DynamicTest> bytesAreThoseAllocated() {
        return strategies(runs -> {
            try (Bench bench = bench()) {
                KvCache cache = bench.newCache(runs, ROWS);
                CacheBytes before = cache.bytes();
                for (int length = 10; length <= ROWS; length += 10) {
                    sequence().feed(bench, cache, 10, length);
                    CacheBytes bytes = cache.bytes();
                    long dense = 2L * length * HEADS.kvWidth();
                    Assertions.assertEquals(dense, bytes.denseKeys(), "dense keys");
                    Assertions.assertEquals(dense, bytes.denseValues(), "dense values");
                    Assertions.assertTrue(bytes.keys() > 0, "bytes of keys");
                    Assertions.assertTrue(
                            bytes.keys() >= before.keys() && bytes.values() >= before.values(),
                            "bytes never fall while a sequence grows");
                    before = bytes;
                }
                cache.close();
                cache.close();
                Assertions.assertEquals(
                        0, cache.bytes().keys() + cache.bytes().values(), "after close");
            }
        });
    }
}
