package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
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
 * KVC, windows that follow what was declared.
 *
 * <p>When a rule fails behind a second declaration only, look at where exact runs begin: never
 * before {@code length - window}, both as they were before it.
 */
@Tag("KVC")
public abstract class WindowRules extends ConformanceRules {
    private static final HeadShape HEADS = new HeadShape(1, 2, 2, 16);
    private static final int WIDTH = HEADS.queryWidth();

    /** For subclasses. */
    protected WindowRules() {}

    /** A rule for dropped and for encoded middles, sliding and in blocks. */
    private Stream<DynamicTest> strategies(Consumer<AttentionStrategy> rule) {
        List<Runs> runs = new ArrayList<>();
        runs.add(Runs.dropping(Store.F32, 2, 3));
        Delta delta = Delta.of(0.4f, Events.F32, Store.BF16);
        runs.add(Runs.delta(delta, 1, 3));
        runs.add(new Runs(new Encoding.Exact(Store.F32), delta, 0, 3, false));
        runs.add(new Runs(delta, delta, 2, 3, true));
        return runs.stream()
                .flatMap(one -> Stream.of(new Percent(one, 10, false), new Percent(one, 10, true)))
                .map(percent ->
                        dynamicTest(
                                percent.spec().toString(),
                                () -> {
                                    requireCapabilities(percent, HEADS);
                                    rule.accept(percent);
                                }));
    }

    private DeltaTrial trial(Declared declared, int rows) {
        return new DeltaTrial(Sequence.random(HEADS, rows, rows), declared, backend());
    }

    private static void check(DeltaTrial trial, String what, int from, float[] out) {
        trial.formula().range(from * WIDTH, trial.length() * WIDTH).check(what, WIDTH, out);
    }

    @TestFactory
    @DisplayName("KVC-12 required: windows are taken from what was declared, whatever the chunks")
    Stream<DynamicTest> windowsFollowTheDeclaration() {
        return strategies(strategy -> {
            try (DeltaTrial trial = trial(Declared.of(strategy, 73), 90)) {
                for (int chunk : new int[] {90, 17, 1}) {
                    try (KvCache cache = trial.newCache()) {
                        check(trial, "chunks of " + chunk, 0, trial.feed(cache, chunk));
                    }
                }
            }
        });
    }

    @Test
    @DisplayName("KVC-23 required: behind blocks, the first decoded query sees a whole window")
    void windowReachesAcrossBlocks() {
        // A prompt that ends in the middle of a block: 400 = 2 * 160 + 80.
        Percent blocks = new Percent(Runs.dropping(Store.F32, 2, 3), 40, true);
        try (DeltaTrial trial = trial(Declared.of(blocks, 400), 410);
                KvCache cache = trial.newCache()) {
            trial.feed(cache, 100, 400);
            check(trial, "decoded", 400, trial.feed(cache, 1));
        }
    }

    @TestFactory
    @DisplayName("KVC-13 required: a run on an undeclared sequence declares its own rows, once")
    Stream<DynamicTest> firstRunDeclaresItsRows() {
        return strategies(strategy -> {
            Sequence sequence = Sequence.random(HEADS, 90, 13);
            try (DeltaTrial trial = new DeltaTrial(sequence, Declared.of(strategy, 60), backend());
                    KvCache cache = trial.tested().newCache(strategy, 90)) {
                float[] out = sequence.feed(trial.tested(), cache, 60, 60);
                Assertions.assertEquals(60, cache.request().tokens(), "declared by the first run");
                out = Sequence.joined(out, sequence.feed(trial.tested(), cache, 30));
                Assertions.assertEquals(60, cache.request().tokens(), "declared by the second");
                check(trial, "outputs", 0, out);
            }
        });
    }

    /** Window 5, then 12 from row 50 on, then 20 from row 75 on. */
    private static Declared grown(AttentionStrategy strategy) {
        return Declared.of(strategy, 50).then(50, 120).then(75, 200);
    }

    @TestFactory
    @DisplayName("KVC-14 required: when a window grows, what was outside stays outside")
    Stream<DynamicTest> whatWasOutsideStaysOutside() {
        return strategies(strategy -> {
            try (DeltaTrial trial = trial(grown(strategy), 110)) {
                for (int chunk : new int[] {50, 7, 1}) {
                    try (KvCache cache = trial.newCache()) {
                        float[] out = trial.feed(cache, chunk, 60);
                        try (KvCache fork = cache.fork()) {
                            float[] rest = trial.feed(fork, chunk);
                            check(trial, "fork", 0, Sequence.joined(out, rest));
                        }
                        out = Sequence.joined(out, trial.feed(cache, chunk));
                        check(trial, "chunks of " + chunk, 0, out);
                    }
                }
            }
        });
    }

    @TestFactory
    @DisplayName("KVC-15 required: no truncation goes below the length at which windows grew")
    Stream<DynamicTest> growthIsAFloor() {
        return strategies(strategy -> {
            try (DeltaTrial trial = trial(grown(strategy), 110);
                    KvCache cache = trial.newCache()) {
                trial.feed(cache, 20, 100);
                int floor = cache.truncationFloor();
                Assertions.assertTrue(floor >= 75 && floor <= 100, "floor " + floor);
                Assertions.assertThrows(InvalidOptionException.class, () -> cache.truncate(74));
                Assertions.assertEquals(100, cache.length(), "length after the refusal");
                cache.truncate(Math.max(floor, 76));
                cache.declare(200);
                int from = cache.length();
                check(trial, "continued", from, trial.feed(cache, 9));
                cache.truncate(0);
                Assertions.assertEquals(0, cache.request().tokens(), "declared for nothing");
                cache.declare(50);
                check(trial, "from the start", 0, trial.feed(cache, 13));
            }
        });
    }

    @TestFactory
    @DisplayName("KVC-16 required: a window that a truncation made smaller grows back whole")
    Stream<DynamicTest> windowGrowsBack() {
        return strategies(strategy -> {
            Sequence sequence = Sequence.random(HEADS, 330, 16);
            try (DeltaTrial trial =
                            new DeltaTrial(sequence, Declared.of(strategy, 4000), backend());
                    KvCache cache = trial.newCache()) {
                trial.feed(cache, 100, 100);
                cache.truncate(100);
                Assertions.assertEquals(100, cache.request().tokens(), "declared up to there");
                trial.feed(cache, 100, 310);
                cache.declare(4000);
                check(trial, "continued", 310, trial.feed(cache, 20));
            }
        });
    }

    @TestFactory
    @DisplayName("KVC-17 required: a state saved after windows grew goes on as it would have")
    Stream<DynamicTest> grownWindowIsSaved() {
        return strategies(strategy -> {
            restored(strategy, backend(), backend());
            restored(strategy, backend(), oracle());
            restored(strategy, oracle(), backend());
        });
    }

    private static void restored(AttentionStrategy strategy, Backend from, Backend to) {
        Sequence sequence = Sequence.random(HEADS, 110, 17);
        try (DeltaTrial origin = new DeltaTrial(sequence, grown(strategy), from);
                DeltaTrial target = new DeltaTrial(sequence, grown(strategy), to);
                KvCache saved = origin.newCache()) {
            origin.feed(saved, 16, 80);
            try (KvCache restored =
                    target.tested()
                            .executable()
                            .restore(strategy, 110, saved.request().tokens(), saved::export)) {
                check(target, "restored", 80, target.feed(restored, 9));
                target.checkStreams(restored, Kind.KEYS);
                target.checkStreams(restored, Kind.VALUES);
            }
            check(origin, "origin", 80, origin.feed(saved, 9));
        }
    }

    @TestFactory
    @DisplayName("KVC-18 optional (delta): a run that is refused does not widen windows")
    Stream<DynamicTest> failedRunDeclaresNothing() {
        return strategies(strategy -> {
            if (!(strategy.keys(0, 0) instanceof Delta)) {
                return; // ERR-11
            }
            Sequence sequence = Sequence.random(HEADS, 60, 18);
            Sequence broken = Sequence.random(HEADS, 60, 18);
            broken.keys()[59 * HEADS.kvWidth()] = Float.NaN;
            try (DeltaTrial trial =
                            new DeltaTrial(
                                    sequence, Declared.of(strategy, 0).then(20, 40), backend());
                    Bench bench = new Bench(backend(), Sequence.program(HEADS), 60);
                    KvCache dense = bench.newCache(Runs.DENSE, 60)) {
                sequence.feed(bench, dense, 20, 20);
                try (KvCache cache =
                        trial.tested().executable().restore(strategy, 60, 0, dense::export)) {
                    int floor = cache.truncationFloor();
                    Assertions.assertThrows(
                            DeltaLlmException.class, () -> broken.feed(trial.tested(), cache, 40));
                    Assertions.assertEquals(0, cache.request().tokens(), "declared");
                    Assertions.assertEquals(floor, cache.truncationFloor(), "truncation floor");
                    check(trial, "outputs", 20, trial.feed(cache, 9));
                }
            }
        });
    }
}
