package io.github.deltallm.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;
import io.github.deltallm.testsupport.WindowStrategy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.BitSet;
import java.util.Random;
import java.util.stream.Stream;

/** The MACs that are executed are those that the definition counts. */
class AttentionCountsTest {
    private static final int ROWS = 40;
    private static final int DECLARED = 30;
    private static final HeadShape HEADS = new HeadShape(1, 2, 1, 8);

    static Stream<WindowStrategy> strategies() {
        Encoding exact = new Encoding.Exact(Store.F32);
        Encoding delta = Encoding.Delta.of(0.5f, Events.F32, Store.F32);
        Encoding pruned = new Encoding.Pruned(0.5f, Store.F32);
        return Stream.of(
                WindowStrategy.sliding(exact, exact, 0, ROWS),
                new WindowStrategy(exact, exact, 2, 7, true, false),
                WindowStrategy.sliding(delta, exact, 0, 7),
                WindowStrategy.sliding(delta, delta, 3, 1),
                WindowStrategy.sliding(pruned, delta, 1, 5),
                WindowStrategy.sliding(exact, pruned, 0, 64));
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void executedMacsAreTheCountedOnes(WindowStrategy strategy) {
        try (Run run = new Run(strategy)) {
            for (Stage stage : Stage.values()) {
                AttentionCounts counts = run.cache.counts(0, stage);
                assertThat(counts.executedMacs())
                        .isEqualTo(counts.keyCost() + counts.valueCost())
                        .isPositive();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void countsFollowTheDefinition(WindowStrategy strategy) {
        try (Run run = new Run(strategy)) {
            AttentionCounts all =
                    run.cache.counts(0, Stage.PREFILL).plus(run.cache.counts(0, Stage.DECODE));
            assertThat(all.keyMacs()).isEqualTo(2L * ROWS * (ROWS + 1) / 2 * 8);
            assertThat(all.keyCost()).isEqualTo(run.cost(KvStream.Kind.KEYS, strategy.keys()));
            assertThat(all.valueCost())
                    .isEqualTo(run.cost(KvStream.Kind.VALUES, strategy.values()));
            assertThat(run.cache.counts(0, Stage.PREFILL).valueMacs())
                    .isEqualTo(2L * DECLARED * (DECLARED + 1) / 2 * 8);
            if (strategy.keys() instanceof Encoding.Delta) {
                assertThat(all.keyElements()).isEqualTo(ROWS * 8);
                KvStream.DeltaRows rows = run.cache.export(0, 0, KvStream.Kind.KEYS).delta();
                assertThat(all.keyUnchanged()).isEqualTo(ROWS * 8 - rows.events().length);
            } else {
                assertThat(all.keyElements()).isZero();
            }
        }
    }

    /** Random rows through one attention, in two chunks. */
    private static final class Run implements AutoCloseable {
        private final WindowStrategy strategy;
        private final Backend backend;
        private final Executable executable;
        private final KvCache cache;

        Run(WindowStrategy strategy) {
            this.strategy = strategy;
            Program.Recorder recorder = Program.record(HEADS);
            Value query = recorder.input("query", 16);
            Value key = recorder.input("key", 8);
            Value value = recorder.input("value", 8);
            Value out = recorder.value("out", 16);
            recorder.attention(0, query, key, value, 0.35f, out).output(out);
            backend = new ReferenceProvider().open(BackendOptions.DEFAULT);
            executable = backend.compile(recorder.program(), ROWS);
            cache = executable.newCache(strategy, ROWS);
            cache.declare(DECLARED);
            Random random = new Random(1);
            for (int rows : new int[] {13, 27}) {
                for (Value input : executable.program().inputs()) {
                    float[] data = new float[rows * input.width()];
                    for (int i = 0; i < data.length; i++) {
                        data[i] = (float) random.nextGaussian();
                    }
                    executable.write(input, rows, data);
                }
                Step step = new Step().add(cache, new int[rows], 0, rows, Step.Logits.NONE);
                executable.run(step, (row, logits) -> {});
            }
        }

        /** Of both query heads over all causal pairs. */
        long cost(KvStream.Kind kind, Encoding encoding) {
            KvStream stream = cache.export(0, 0, kind);
            float[] exact = stream.exact().getFirst().values();
            BitSet changed = BitSet.valueOf(stream.delta().changed());
            long cost = 0;
            for (int i = 0; i < ROWS; i++) {
                int exactFrom = Math.max(0, i - strategy.window() + 1);
                for (int j = 0; j <= i; j++) {
                    if (j < strategy.sinks() || j >= exactFrom) {
                        cost += 8;
                    } else if (!strategy.drops()) {
                        cost += middle(encoding, exact, changed, j);
                    }
                }
            }
            return 2 * cost;
        }

        private int middle(Encoding encoding, float[] exact, BitSet changed, int j) {
            if (encoding instanceof Encoding.Pruned pruned) {
                int nonzero = 0;
                for (int c = 0; c < 8; c++) {
                    nonzero += Math.abs(exact[j * 8 + c]) > pruned.theta() ? 1 : 0;
                }
                return nonzero;
            }
            return encoding instanceof Encoding.Delta && j != strategy.sinks()
                    ? changed.get(j * 8, j * 8 + 8).cardinality()
                    : 8;
        }

        @Override
        public void close() {
            cache.close();
            executable.close();
            backend.close();
        }
    }
}
