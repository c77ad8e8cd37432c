package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * ERR, strategies that break their contract: plugins of other people.
 *
 * <p>When a rule fails, look at what is changed before the strategy is asked, and whether it is
 * undone when that throws.
 */
@Tag("ERR")
public abstract class StrategyRules extends ConformanceRules {
    private static final HeadShape HEADS = new HeadShape(2, 3, 1, 16);
    private static final int ROWS = 300;

    /** Where things go wrong: the next rows are the ones that fix steps and sigma. */
    private static final int LENGTH = 250;

    private static final Sequence SEQUENCE = Sequence.random(HEADS, ROWS, 12);

    /** For subclasses. */
    protected StrategyRules() {}

    /** What a backend asks a strategy for. */
    private enum Attempt {
        FIRST_RUN {
            @Override
            void make(Bench bench, KvCache cache) {
                cache.truncate(0);
                SEQUENCE.feed(bench, cache, 40, 40);
            }
        },
        NEXT_RUN {
            @Override
            void make(Bench bench, KvCache cache) {
                SEQUENCE.feed(bench, cache, 10, LENGTH + 10);
            }
        },
        DECLARATION {
            @Override
            void make(Bench bench, KvCache cache) {
                cache.declare(2 * LENGTH);
            }
        },
        TRUNCATION {
            @Override
            void make(Bench bench, KvCache cache) {
                cache.truncate(LENGTH - 1);
            }
        },
        FORK {
            @Override
            void make(Bench bench, KvCache cache) {
                cache.fork().close();
            }
        },
        RESTORED {
            @Override
            void make(Bench bench, KvCache cache) {
                bench.executable()
                        .restore(cache.strategy(), ROWS, cache.request().tokens(), cache::export)
                        .close();
            }
        };

        abstract void make(Bench bench, KvCache cache);
    }

    /** A sound strategy with a name that does not change from run to run. */
    private record Sound(String name, AttentionStrategy strategy) {}

    private List<Sound> strategies() {
        List<Sound> strategies = new ArrayList<>();
        add(strategies, "dropped", new Percent(Runs.dropping(Store.F32, 2, 3), 10, false));
        Delta plain = Delta.of(0.4f, Events.BF16, Store.BF16);
        float[] theta = {0.3f};
        Delta waiting = new Delta(theta, true, Events.INT8, new float[0], Store.F32);
        add(strategies, "encoded", new Percent(new Runs(plain, plain, 2, 3, false), 10, false));
        add(
                strategies,
                "encoded from 256 rows on",
                new Percent(new Runs(waiting, waiting, 2, 3, false), 10, true));
        return strategies;
    }

    private static void add(List<Sound> strategies, String name, AttentionStrategy strategy) {
        strategies.add(new Sound(name, strategy));
    }

    @TestFactory
    @DisplayName(
            "ERR-12 required: whenever a strategy throws, that comes out and caches are as before")
    Stream<DynamicTest> strategyThatThrows() {
        return strategies().stream()
                .flatMap(sound ->
                        Stream.of(Attempt.values())
                                .map(attempt ->
                                        dynamicTest(
                                                attempt + ", " + sound.name(),
                                                () -> throwing(sound.strategy(), attempt))));
    }

    private void throwing(AttentionStrategy sound, Attempt attempt) {
        requireCapabilities(sound, HEADS);
        FailingStrategy strategy = new FailingStrategy(sound);
        try (Bench bench = new Bench(backend(), Sequence.program(HEADS), ROWS);
                KvCache origin = bench.newCache(strategy, ROWS)) {
            origin.declare(200);
            SEQUENCE.feed(bench, origin, 64, LENGTH);
            boolean throwing = true;
            for (int questions = 0; throwing; questions += 1 + questions / 16) {
                try (KvCache cache = origin.fork()) {
                    if (attempt == Attempt.FIRST_RUN) {
                        cache.truncate(0);
                    }
                    KvCache before = cache.fork();
                    throwing = throwsAfter(questions, strategy, attempt, bench, cache);
                    if (throwing) {
                        String what = "after " + questions + " questions, ";
                        checkSame(what, bench, cache, before);
                    }
                    before.close();
                }
            }
        }
    }

    private static boolean throwsAfter(
            int questions, FailingStrategy strategy, Attempt attempt, Bench bench, KvCache cache) {
        strategy.failAfter(questions);
        try {
            attempt.make(bench, cache);
            return false;
        } catch (FailingStrategy.Failure failure) {
            return true;
        } finally {
            strategy.recover();
        }
    }

    /** What a cache holds and how it goes on. */
    private static void checkSame(String what, Bench bench, KvCache cache, KvCache before) {
        Assertions.assertEquals(before.length(), cache.length(), what + "length");
        Assertions.assertEquals(before.request(), cache.request(), what + "request");
        Assertions.assertEquals(before.truncationFloor(), cache.truncationFloor(), what + "floor");
        for (KvCache.Stage stage : KvCache.Stage.values()) {
            Assertions.assertEquals(
                    before.counts(1, stage), cache.counts(1, stage), what + "counts");
        }
        for (KvStream.Kind kind : KvStream.Kind.values()) {
            checkSame(what, cache.export(1, 0, kind), before.export(1, 0, kind));
        }
        float[] wanted = SEQUENCE.feed(bench, before, 16);
        new Comparison(what + "what follows", HEADS.queryWidth())
                .same(SEQUENCE.feed(bench, cache, 16), wanted);
        for (KvStream.Kind kind : KvStream.Kind.values()) {
            checkSame(what, cache.export(1, 0, kind), before.export(1, 0, kind));
        }
    }

    private static void checkSame(String what, KvStream stream, KvStream before) {
        String name = what + "stream";
        Assertions.assertEquals(before.exact().size(), stream.exact().size(), name);
        for (int i = 0; i < before.exact().size(); i++) {
            KvStream.Rows rows = before.exact().get(i);
            Assertions.assertEquals(rows.from(), stream.exact().get(i).from(), name);
            Assertions.assertArrayEquals(rows.values(), stream.exact().get(i).values(), name);
        }
        Assertions.assertEquals(before.delta().count(), stream.delta().count(), name);
        Assertions.assertArrayEquals(before.delta().changed(), stream.delta().changed(), name);
        Assertions.assertArrayEquals(before.delta().events(), stream.delta().events(), name);
        Assertions.assertArrayEquals(before.delta().steps(), stream.delta().steps(), name);
    }

    /** A strategy, and what of it makes no sense. */
    private record Senseless(String name, UnaryOperator<AttentionStrategy> change) {
        static Senseless encoding(String name, UnaryOperator<Encoding> change) {
            return new Senseless(
                    name,
                    sound ->
                            new StrategyCopy(sound) {
                                @Override
                                Encoding changed(Encoding encoding) {
                                    return change.apply(encoding);
                                }
                            });
        }

        static Senseless window(int window) {
            return new Senseless(
                    "window " + window,
                    sound ->
                            new StrategyCopy(sound) {
                                @Override
                                public int window(int layer, int kvHead, Request request) {
                                    return window;
                                }
                            });
        }

        /** From a position on, so that there is something to lose. */
        static Senseless exactFrom(String name, int from) {
            return new Senseless(
                    "exact from " + name,
                    sound ->
                            new StrategyCopy(sound) {
                                @Override
                                public int exactFrom(
                                        int layer, int kvHead, int position, Request request) {
                                    return position < LENGTH
                                            ? super.exactFrom(layer, kvHead, position, request)
                                            : from;
                                }
                            });
        }
    }

    private static Senseless theta(float theta) {
        float[] thresholds = new float[HEADS.headDim()];
        Arrays.fill(thresholds, theta);
        float[] none = {};
        return Senseless.encoding(
                "threshold " + theta,
                sound ->
                        sound instanceof Delta delta
                                ? new Delta(thresholds, false, delta.events(), none, delta.store())
                                : new Encoding.Pruned(theta, sound.store()));
    }

    private static Stream<Senseless> senseless() {
        return Stream.of(
                theta(Float.NaN),
                theta(-1),
                Senseless.encoding(
                        "two thresholds",
                        sound ->
                                new Delta(
                                        new float[2],
                                        false,
                                        Events.F32,
                                        new float[0],
                                        sound.store())),
                Senseless.encoding(
                        "infinite steps",
                        sound -> {
                            float[] steps = new float[HEADS.headDim()];
                            Arrays.fill(steps, Float.POSITIVE_INFINITY);
                            float[] theta = {0};
                            return new Delta(theta, false, Events.INT8, steps, sound.store());
                        }),
                new Senseless(
                        "negative sinks",
                        sound ->
                                new StrategyCopy(sound) {
                                    @Override
                                    public int sinks(int layer, int kvHead) {
                                        return -1;
                                    }
                                }),
                Senseless.window(0),
                Senseless.window(-100),
                Senseless.window(Integer.MIN_VALUE),
                Senseless.exactFrom("-1", -1),
                Senseless.exactFrom("0, outside of the window", 0),
                Senseless.exactFrom("behind the query", ROWS),
                Senseless.exactFrom("the largest number", Integer.MAX_VALUE));
    }

    @TestFactory
    @DisplayName("ERR-13 required: numbers of a strategy that make no sense are refused, naming it")
    Stream<DynamicTest> senselessNumbersAreRefused() {
        return strategies().stream()
                .flatMap(sound ->
                        senseless()
                                .map(senseless ->
                                        dynamicTest(
                                                senseless.name() + ", " + sound.name(),
                                                () -> refused(sound, senseless))));
    }

    /** When the cache is made, or by the run that asks; then the cache is as before that run. */
    private void refused(Sound sound, Senseless senseless) {
        requireCapabilities(sound.strategy(), HEADS);
        AttentionStrategy strategy = senseless.change().apply(sound.strategy());
        int[] length = {0};
        RuntimeException refused =
                Assertions.assertThrows(
                        RuntimeException.class,
                        () -> {
                            try (Bench bench = new Bench(backend(), Sequence.program(HEADS), ROWS);
                                    KvCache cache = bench.newCache(strategy, ROWS)) {
                                cache.declare(200);
                                for (int to = 50; to <= ROWS; to += 50) {
                                    length[0] = cache.length();
                                    try {
                                        SEQUENCE.feed(bench, cache, 50, to);
                                    } finally {
                                        length[0] -= cache.length();
                                    }
                                }
                            }
                        });
        String message = String.valueOf(refused.getMessage());
        Assertions.assertTrue(
                message.contains(strategy.spec().toString()),
                () -> "'" + message + "' names " + strategy.spec());
        Assertions.assertEquals(0, length[0], "rows that the refused run left");
    }
}
