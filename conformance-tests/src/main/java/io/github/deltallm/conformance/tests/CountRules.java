package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvCache.Stage;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * CNT, what is counted: exact sums, the same on every backend but for the MACs that it executes.
 *
 * <p>When costs are wrong, look at the first key of the middle, which costs a whole head; when
 * stages are, at the position that the declaration ends at.
 */
@Tag("CNT")
public abstract class CountRules extends ConformanceRules {
    private static final HeadShape HEADS = new HeadShape(2, 6, 2, 16);
    private static final int ROWS = 70;
    private static final int PROMPT = 50;

    /** For subclasses. */
    protected CountRules() {}

    private Stream<DynamicTest> strategies(Consumer<AttentionStrategy> rule) {
        List<AttentionStrategy> strategies = new ArrayList<>();
        Encoding exact = new Encoding.Exact(Store.F32);
        strategies.add(Runs.DENSE);
        strategies.add(Runs.dropping(Store.F32, 3, 9));
        strategies.add(new Percent(Runs.dropping(Store.BF16, 0, 1), 20, true));
        Encoding pruned = new Encoding.Pruned(0.4f, Store.F32);
        strategies.add(new Runs(pruned, exact, 0, 9, false));
        strategies.add(new Runs(pruned, pruned, 4, 5, false));
        Delta delta = Delta.of(0.4f, Events.BF16, Store.BF16);
        Delta waiting = Delta.of(0.4f, Events.INT8, Store.F32);
        Runs both = new Runs(delta, delta, 2, 9, false);
        strategies.add(both);
        strategies.add(Runs.delta(delta, 0, 1));
        strategies.add(new Runs(pruned, delta, 1, 7, false));
        strategies.add(new Runs(waiting, waiting, 0, 9, false));
        strategies.add(new Percent(both, 20, false));
        strategies.add(new Percent(both, 20, true));
        strategies.add(new Varied(List.of(both, Runs.DENSE, Runs.dropping(Store.F32, 0, 7))));
        return strategies.stream()
                .map(strategy ->
                        dynamicTest(
                                strategy.toString(),
                                () -> {
                                    requireCapabilities(strategy, HEADS);
                                    optional(() -> accepted(strategy));
                                    rule.accept(strategy);
                                }));
    }

    private boolean accepted(AttentionStrategy strategy) throws UnsupportedModelException {
        try (Bench bench = new Bench(backend(), Sequence.program(HEADS), ROWS)) {
            bench.newCache(strategy, ROWS).close();
            return true;
        }
    }

    private DeltaTrial trial(AttentionStrategy strategy) {
        return new DeltaTrial(
                Sequence.random(HEADS, ROWS, 5), Declared.of(strategy, PROMPT), backend());
    }

    private static void checkCounts(DeltaTrial trial, KvCache cache) {
        for (int layer = 0; layer < HEADS.layers(); layer++) {
            CountFormula formula = new CountFormula(trial, trial.declared().inLayer(layer));
            for (Stage stage : Stage.values()) {
                AttentionCounts counts = cache.counts(layer, stage);
                Assertions.assertTrue(counts.executedMacs() >= 0, "executed MACs");
                Assertions.assertEquals(
                        formula.of(stage, counts.executedMacs()),
                        counts,
                        stage + " in layer " + layer);
            }
        }
    }

    @TestFactory
    @DisplayName("CNT-01 required: counts are the sums of the definition, whatever the chunks")
    Stream<DynamicTest> countsAreTheDefinition() {
        return strategies(strategy -> {
            try (DeltaTrial trial = trial(strategy)) {
                for (int chunk : new int[] {ROWS, 16, 1}) {
                    try (KvCache cache = trial.newCache()) {
                        trial.feed(cache, chunk);
                        checkCounts(trial, cache);
                    }
                }
            }
        });
    }

    @TestFactory
    @DisplayName("CNT-02 required: a fork takes the counts along, then both count apart")
    Stream<DynamicTest> forkTakesTheCountsAlong() {
        return strategies(strategy -> {
            try (DeltaTrial trial = trial(strategy);
                    KvCache cache = trial.newCache()) {
                trial.feed(cache, 16, 60);
                try (KvCache fork = cache.fork()) {
                    assertSame(cache, fork);
                    trial.feed(fork, 4);
                    checkCounts(trial, fork);
                }
                trial.feed(cache, 5);
                checkCounts(trial, cache);
            }
        });
    }

    @TestFactory
    @DisplayName("CNT-05 required: a row counts to the stage it came in, whoever asks when")
    Stream<DynamicTest> laterDeclarationsChangeNoStage() {
        return strategies(strategy -> {
            try (DeltaTrial trial = trial(strategy);
                    KvCache asked = trial.newCache();
                    KvCache quiet = trial.newCache()) {
                for (KvCache cache : List.of(asked, quiet)) {
                    trial.feed(cache, 16, PROMPT);
                    trial.feed(cache, 1, PROMPT + 5);
                    if (cache.equals(asked)) {
                        assertSame(cache, cache);
                    }
                    cache.declare(ROWS);
                    trial.feed(cache, 3, ROWS);
                }
                for (int layer = 0; layer < HEADS.layers(); layer++) {
                    AttentionCounts decoded = quiet.counts(layer, Stage.DECODE);
                    Assertions.assertEquals(asked.counts(layer, Stage.DECODE), decoded, "decoded");
                    Assertions.assertEquals(
                            asked.counts(layer, Stage.PREFILL),
                            quiet.counts(layer, Stage.PREFILL),
                            "prompt");
                }
            }
        });
    }

    private static void assertSame(KvCache expected, KvCache actual) {
        for (int layer = 0; layer < HEADS.layers(); layer++) {
            for (Stage stage : Stage.values()) {
                Assertions.assertEquals(
                        expected.counts(layer, stage), actual.counts(layer, stage), "counts");
            }
        }
    }

    @TestFactory
    @DisplayName(
            "CNT-03 required: a truncation leaves counts as they are, and so does a failed run")
    Stream<DynamicTest> whatWasComputedWasComputed() {
        return strategies(strategy -> {
            try (DeltaTrial trial = trial(strategy);
                    KvCache cache = trial.newCache()) {
                trial.feed(cache, 16, 60);
                try (KvCache before = cache.fork()) {
                    Sequence longer = Sequence.random(HEADS, ROWS + 1, 6);
                    Assertions.assertThrows(
                            DeltaLlmException.class,
                            () -> longer.feed(trial.tested(), cache, ROWS + 1));
                    assertSame(before, cache);
                    cache.truncate(Math.max(58, cache.truncationFloor()));
                    assertSame(before, cache);
                    cache.truncate(0);
                    assertSame(before, cache);
                }
                if (refusesNan(strategy)) {
                    refusedRun(trial);
                }
            }
        });
    }

    private static boolean refusesNan(AttentionStrategy strategy) {
        return !(strategy.keys(1, 1) instanceof Encoding.Exact);
    }

    /** Rows before the bad one may be encoded already. */
    private static void refusedRun(DeltaTrial trial) {
        Sequence broken = Sequence.random(HEADS, ROWS, 6);
        int last = broken.keys().length - 1;
        broken.keys()[last] = Float.NaN;
        try (KvCache cache = trial.newCache()) {
            trial.feed(cache, 16, 40);
            try (KvCache before = cache.fork()) {
                Assertions.assertThrows(
                        DeltaLlmException.class, () -> broken.feed(trial.tested(), cache, ROWS));
                assertSame(before, cache);
            }
            trial.feed(cache, 7);
            checkCounts(trial, cache);
        }
    }

    @TestFactory
    @DisplayName("CNT-04 required: the reference executes exactly the MACs that are counted")
    Stream<DynamicTest> referenceExecutesWhatIsCounted() {
        return strategies(strategy -> {
            try (DeltaTrial trial =
                            new DeltaTrial(
                                    Sequence.random(HEADS, ROWS, 7),
                                    Declared.of(strategy, PROMPT),
                                    oracle());
                    KvCache cache = trial.newCache()) {
                trial.feed(cache, 33);
                for (Stage stage : Stage.values()) {
                    AttentionCounts counts = cache.counts(1, stage);
                    Assertions.assertEquals(
                            counts.keyCost() + counts.valueCost(),
                            counts.executedMacs(),
                            stage + ": executed MACs");
                }
            }
        });
    }
}
