package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.AttentionStrategy.Request;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.BiConsumer;

/** One strategy for one model, asked for all it declares. */
record StrategyTrial(HeadShape heads, AttentionStrategy strategy) {
    private static final int[] TOKENS = {0, 1, 2, 19, 20, 21, 63, 64, 500, 1000, 4096, 131_072};
    private static final int[] POSITIONS = {
        0, 1, 2, 31, 32, 33, 63, 64, 255, 256, 999, 1000, 70_000
    };

    private void forEachHead(BiConsumer<Integer, Integer> check) {
        for (int layer = 0; layer < heads.layers(); layer++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                check.accept(layer, head);
            }
        }
    }

    private String at(int layer, int head, Request request, int position) {
        return strategy.spec()
                + ", layer "
                + layer
                + ", head "
                + head
                + ", "
                + request.tokens()
                + " tokens declared, position "
                + position;
    }

    /** Everything that it declares, as text. */
    String declarations() {
        StringBuilder all = new StringBuilder();
        forEachHead((layer, head) -> {
            all.append(layer).append('/').append(head).append(": ");
            all.append(text(strategy.keys(layer, head))).append(text(strategy.values(layer, head)));
            all.append(strategy.sinks(layer, head)).append(strategy.dropsMiddle(layer, head));
            for (int tokens : TOKENS) {
                Request request = new Request(tokens);
                all.append(" w").append(strategy.window(layer, head, request)).append(':');
                for (int position : POSITIONS) {
                    all.append(' ').append(strategy.exactFrom(layer, head, position, request));
                }
            }
            all.append('\n');
        });
        return all.toString();
    }

    private static String text(Encoding encoding) {
        return encoding instanceof Encoding.Delta delta
                ? Arrays.toString(delta.thresholds())
                        + delta.relative()
                        + delta.events()
                        + Arrays.toString(delta.steps())
                        + delta.store()
                        + ' '
                : encoding + " ";
    }

    void checkEncodings() {
        forEachHead((layer, head) -> {
            Assertions.assertTrue(strategy.sinks(layer, head) >= 0, "sinks are not negative");
            checkEncoding(strategy.keys(layer, head));
            checkEncoding(strategy.values(layer, head));
        });
    }

    private void checkEncoding(Encoding encoding) {
        int dim = heads.headDim();
        switch (encoding) {
            case Encoding.Exact exact -> Assertions.assertNotNull(exact.store(), "store");
            case Encoding.Pruned pruned ->
                    Assertions.assertTrue(pruned.theta() >= 0, "the threshold is not negative");
            case Encoding.Delta delta -> {
                int thresholds = delta.thresholds().length;
                int steps = delta.steps().length;
                Assertions.assertTrue(thresholds == 1 || thresholds == dim, "thresholds: 1 or all");
                Assertions.assertTrue(steps == 0 || steps == dim, "steps: none or all");
                Assertions.assertTrue(
                        steps == 0 || delta.events() == Encoding.Events.INT8,
                        "steps are for int8 events");
                checkNumbers("threshold", delta.thresholds());
                checkNumbers("step", delta.steps());
            }
        }
    }

    private static void checkNumbers(String what, float[] numbers) {
        for (float number : numbers) {
            Assertions.assertTrue(
                    number >= 0 && Float.isFinite(number),
                    () -> "a " + what + " of " + number + " is finite and not negative");
        }
    }

    private interface Query {
        void check(int layer, int head, Request request, int position);
    }

    private void forEachQuery(Query query) {
        forEachHead((layer, head) -> {
            for (int tokens : TOKENS) {
                for (int position = 0; position < 140; position++) {
                    query.check(layer, head, new Request(tokens), position);
                }
                for (int position : POSITIONS) {
                    query.check(layer, head, new Request(tokens), position);
                }
            }
        });
    }

    void checkExactRuns() {
        forEachQuery((layer, head, request, position) -> {
            int from = strategy.exactFrom(layer, head, position, request);
            Assertions.assertTrue(
                    from >= 0 && from <= position,
                    () -> at(layer, head, request, position) + ": exact from " + from);
        });
    }

    void checkWindows() {
        forEachQuery((layer, head, request, position) -> {
            int from = strategy.exactFrom(layer, head, position, request);
            int window = strategy.window(layer, head, request);
            Assertions.assertTrue(
                    !windowCounts(layer, head) || position - from + 1 <= window,
                    () ->
                            at(layer, head, request, position)
                                    + ": exact from "
                                    + from
                                    + " in a window of "
                                    + window);
        });
    }

    private boolean windowCounts(int layer, int head) {
        return strategy.dropsMiddle(layer, head)
                || !(strategy.keys(layer, head) instanceof Encoding.Exact)
                || !(strategy.values(layer, head) instanceof Encoding.Exact);
    }

    void checkGrowth() {
        forEachHead((layer, head) -> {
            int before = 1;
            for (int tokens : TOKENS) {
                int window = strategy.window(layer, head, new Request(tokens));
                int least = before;
                Assertions.assertTrue(
                        window >= least,
                        () -> "window of " + window + " for " + tokens + " tokens, after " + least);
                before = window;
            }
        });
    }

    /** In two turns, with a fork, a truncation, and a state saved and restored. */
    void checkRuns() {
        Sequence sequence = Sequence.random(heads, 60, 5);
        try (Backend oracle = Oracle.open(Precision.F32);
                Bench bench = new Bench(oracle, Sequence.program(heads), 60);
                KvCache cache = bench.newCache(strategy, 60)) {
            cache.declare(30);
            sequence.feed(bench, cache, 16, 30);
            cache.declare(40);
            sequence.feed(bench, cache, 7, 45);
            cache.truncate(Math.max(cache.truncationFloor(), 42));
            sequence.feed(bench, cache, 1, 45);
            try (KvCache fork = cache.fork();
                    KvCache restored =
                            bench.executable()
                                    .restore(
                                            strategy,
                                            60,
                                            cache.request().tokens(),
                                            cache::export)) {
                float[] out = sequence.feed(bench, cache, 15);
                for (float value : out) {
                    Assertions.assertTrue(Float.isFinite(value), "an output of " + value);
                }
                Comparison same = new Comparison("against the origin", heads.queryWidth());
                same.same(sequence.feed(bench, fork, 15), out);
                same.same(sequence.feed(bench, restored, 15), out);
            }
        }
    }

    /** Masks, events and held rows bit for bit, outputs of every layer within their bounds. */
    void checkBackend(Backend backend) {
        requireExactStores();
        // Behind a second declaration, and behind the rows from which steps and sigma are fixed.
        int rows = waits() ? Encoding.Delta.FIRST_ROWS + 24 : 90;
        int prompt = rows - 20;
        Declared declared = Declared.of(strategy, prompt).then(prompt + 8, 2 * rows);
        Sequence sequence = Sequence.random(heads, rows, 11);
        try (DeltaTrial trial = new DeltaTrial(sequence, declared, backend);
                KvCache cache = accepted(trial)) {
            trial.feed(cache, 33, rows - 5);
            trial.feed(cache, 5);
            trial.checkStreams(cache, KvStream.Kind.KEYS);
            trial.checkStreams(cache, KvStream.Kind.VALUES);
            int width = heads.queryWidth();
            for (int layer = 0; layer < heads.layers(); layer++) {
                trial.formula(layer)
                        .range((rows - 5) * width, rows * width)
                        .check("layer " + layer, width, trial.tested().output(layer, 5));
            }
        }
    }

    /** A backend need not run every encoding. */
    private static KvCache accepted(DeltaTrial trial) {
        try {
            return trial.newCache();
        } catch (UnsupportedModelException e) {
            return Assumptions.abort("optional, and refused: " + e.getMessage());
        }
    }

    private boolean waits() {
        boolean[] waits = {false};
        forEachHead((layer, head) -> {
            waits[0] |= strategy.keys(layer, head) instanceof Encoding.Delta d && d.waits();
            waits[0] |= strategy.values(layer, head) instanceof Encoding.Delta d && d.waits();
        });
        return waits[0];
    }

    private void requireExactStores() {
        Set<Encoding.Store> stores = EnumSet.noneOf(Encoding.Store.class);
        forEachHead((layer, head) -> {
            stores.add(strategy.keys(layer, head).store());
            stores.add(strategy.values(layer, head).store());
        });
        stores.removeAll(EnumSet.of(Encoding.Store.F32, Encoding.Store.BF16));
        Assumptions.assumeTrue(
                stores.isEmpty(),
                () -> "how " + stores + " rounds is a backend's business; ATT-09 bounds it");
    }

    /** A small model's logits and greedy tokens, against the reference's. */
    void checkModel(Backend backend) {
        requireExactStores();
        try (Backend oracle = Oracle.open(Precision.F32)) {
            new ModelTrial(strategy, backend, oracle).check();
        } catch (UnsupportedModelException e) {
            Assumptions.abort("optional, and refused: " + e.getMessage());
        }
    }
}
