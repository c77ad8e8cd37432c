package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream.Kind;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * DLT, what holds for delta encoding whatever the keys, the heads and the thresholds.
 *
 * <p>When a rule fails for one kind of key only, that kind's name says where to look; when it fails
 * for one head dimension, look at the channels behind the last whole vector; from 256 rows on, at
 * what is fixed from the first rows.
 */
@Tag("DLT")
public abstract class DeltaPropertyRules extends ConformanceRules {
    private static final float[] NO_STEPS = {};

    /** Keys whose weights do not vanish, so that they tell the scores. */
    private static final List<KeyShape> ORDINARY =
            List.of(
                    KeyShape.WALK,
                    KeyShape.CONSTANT,
                    KeyShape.ZERO,
                    KeyShape.CREEP,
                    KeyShape.RAMP,
                    KeyShape.ALTERNATING,
                    KeyShape.JUMPS,
                    KeyShape.TIES,
                    KeyShape.DENORMAL);

    /** For subclasses. */
    protected DeltaPropertyRules() {}

    @BeforeEach
    final void requireDelta() {
        requireCapability("delta");
    }

    private static Delta int8(int dim) {
        float[] steps = Numbers.rising(dim, 0.02f, 0.001f);
        return new Delta(new float[] {0.3f}, false, Events.INT8, steps, Store.F32);
    }

    @TestFactory
    @DisplayName("DLT-10 optional (delta): keys of every kind are encoded by the rule")
    Stream<DynamicTest> keysOfEveryKind() {
        HeadShape heads = new HeadShape(1, 2, 1, 16);
        return Stream.of(KeyShape.values())
                .flatMap(shape ->
                        Stream.of(
                                        Delta.of(0, Events.F32, Store.F32),
                                        Delta.of(KeyShape.TIE, Events.F32, Store.F32),
                                        Delta.of(KeyShape.TIE, Events.BF16, Store.BF16),
                                        int8(16))
                                .map(delta ->
                                        dynamicTest(
                                                shape
                                                        + ", "
                                                        + delta.events()
                                                        + " "
                                                        + delta.threshold(0),
                                                () ->
                                                        whole(
                                                                shape.sequence(heads, 73),
                                                                new Runs(
                                                                        delta, delta, 1, 7,
                                                                        false)))));
    }

    /** Streams, the closed loop and outputs, in chunks of several sizes. */
    private void whole(Sequence sequence, AttentionStrategy strategy) {
        try (DeltaTrial trial = new DeltaTrial(sequence, strategy, backend())) {
            Expected expected = trial.formula();
            for (int chunk : new int[] {sequence.length(), 16, 1}) {
                try (KvCache cache = trial.newCache()) {
                    float[] out = trial.feed(cache, chunk);
                    for (Kind kind : Kind.values()) {
                        trial.checkStreams(cache, kind);
                        ClosedLoop.check(trial, cache, kind);
                    }
                    String what = "chunks of " + chunk;
                    expected.check(what, sequence.heads().queryWidth(), out);
                }
            }
        }
    }

    @TestFactory
    @DisplayName("DLT-11 optional (delta): heads of every dimension, sequences of odd lengths")
    Stream<DynamicTest> headsOfEveryDimension() {
        return IntStream.of(16, 64, 80, 96, 128, 256)
                .boxed()
                .flatMap(dim ->
                        Stream.of(Delta.of(0.4f, Events.BF16, Store.BF16), int8(dim))
                                .map(delta ->
                                        dynamicTest(
                                                dim + ", " + delta.events(),
                                                () ->
                                                        whole(
                                                                Sequence.random(
                                                                        new HeadShape(1, 2, 1, dim),
                                                                        67,
                                                                        dim),
                                                                new Runs(
                                                                        delta, delta, 3, 17,
                                                                        false)))));
    }

    @TestFactory
    @DisplayName("DLT-12 optional (delta): groups of 1 to 8 query heads share a stream")
    Stream<DynamicTest> groupsShareAStream() {
        Delta delta = Delta.of(0.4f, Events.F32, Store.BF16);
        return IntStream.rangeClosed(1, 8)
                .mapToObj(group ->
                        dynamicTest(
                                "groups of " + group,
                                () ->
                                        whole(
                                                Sequence.random(
                                                        new HeadShape(1, 2 * group, 2, 16),
                                                        45,
                                                        group),
                                                new Runs(delta, delta, 0, 5, false))));
    }

    @Test
    @DisplayName("DLT-13 optional (delta): at threshold 0 a channel is changed where it differs")
    void atThresholdZeroChangedMeansDifferent() {
        HeadShape heads = new HeadShape(1, 1, 1, 80);
        Sequence sequence = KeyShape.TIES.sequence(heads, 67);
        float[] keys = sequence.keys();
        BitSet different = new BitSet();
        for (int i = 0; i < keys.length; i++) {
            different.set(i, i < 80 || keys[i] != keys[i - 80]);
        }
        Runs runs = Runs.delta(Delta.of(0, Events.F32, Store.F32), 0, 9);
        try (DeltaTrial trial = new DeltaTrial(sequence, runs, backend());
                KvCache cache = trial.newCache()) {
            float[] out = trial.feed(cache, 16);
            long[] changed = cache.export(0, 0, Kind.KEYS).delta().changed();
            Assertions.assertEquals(different, BitSet.valueOf(changed), "changed mask");
            AttentionRules.formula(sequence, Runs.DENSE)
                    .doubledBounds()
                    .check("against dense", heads.queryWidth(), out);
        }
    }

    /** A rule for heads of every dimension, and for keys of every kind in one of them. */
    private Stream<DynamicTest> weights(Consumer<WeightTrial> rule, float... thetas) {
        List<DynamicTest> tests = new ArrayList<>();
        for (float theta : thetas) {
            for (int dim : new int[] {16, 64, 80, 96, 128, 256}) {
                for (KeyShape shape : dim == 80 ? ORDINARY : List.of(KeyShape.WALK)) {
                    tests.add(
                            dynamicTest(
                                    shape + ", heads of " + dim + ", theta " + theta,
                                    () -> {
                                        try (WeightTrial trial =
                                                new WeightTrial(shape, dim, theta, backend())) {
                                            rule.accept(trial);
                                        }
                                    }));
                }
            }
        }
        return tests.stream();
    }

    @TestFactory
    @DisplayName("DLT-14 optional (delta): prefix sums of the changes are q . kh")
    Stream<DynamicTest> prefixSumsAreScores() {
        return weights(WeightTrial::checkScores, 0.4f);
    }

    @TestFactory
    @DisplayName(
            "DLT-15 optional (delta): scores are off by theta |q| of unchanged channels at most")
    Stream<DynamicTest> scoresStayWithinTheirBound() {
        return weights(WeightTrial::checkScoreErrors, 0.4f);
    }

    @TestFactory
    @DisplayName("DLT-16 optional (delta): weights are off by tanh(eps / 2) in total at most")
    Stream<DynamicTest> weightsStayWithinTheirBound() {
        return weights(WeightTrial::checkVariation, 0.05f, 0.4f, 2f);
    }

    @TestFactory
    @DisplayName("DLT-17 optional (delta): what is not given is fixed from the first 256 rows")
    Stream<DynamicTest> whatIsNotGivenIsFixed() {
        HeadShape heads = new HeadShape(1, 2, 1, 16);
        float[] thresholds = Numbers.rising(16, 0.1f, 0.02f);
        float[] steps = Numbers.rising(16, 0.02f, 0.001f);
        return Stream.of(
                        new Delta(thresholds, true, Events.F32, NO_STEPS, Store.F32),
                        new Delta(thresholds, true, Events.BF16, NO_STEPS, Store.BF16),
                        new Delta(thresholds, true, Events.INT8, NO_STEPS, Store.F32),
                        new Delta(thresholds, true, Events.INT8, steps, Store.F32),
                        new Delta(thresholds, false, Events.INT8, NO_STEPS, Store.BF16))
                .map(delta ->
                        dynamicTest(
                                (delta.relative() ? "relative, " : "absolute, ")
                                        + delta.events()
                                        + (delta.steps().length > 0 ? ", steps given" : ""),
                                () -> {
                                    for (int rows : new int[] {255, 256, 290}) {
                                        whole(
                                                Sequence.random(heads, rows, rows),
                                                new Runs(delta, delta, 2, 9, false));
                                    }
                                }));
    }

    @Test
    @DisplayName("DLT-18 optional (delta): a step of 0 transmits nothing behind row 0")
    void stepOfZeroTransmitsNothing() {
        float[] steps = Numbers.rising(16, 0, 0.01f);
        Delta delta = new Delta(new float[] {0}, false, Events.INT8, steps, Store.F32);
        whole(
                Sequence.random(new HeadShape(1, 2, 1, 16), 40, 18),
                new Runs(delta, delta, 0, 9, false));
    }

    /** A channel of keys and values that goes from one end of the floats to the other at a row. */
    private static Sequence reversed(int row) {
        Sequence sequence = Sequence.random(new HeadShape(1, 2, 1, 16), 40, 23);
        for (float[] rows : List.of(sequence.keys(), sequence.values())) {
            rows[(row - 1) * 16 + 5] = -3e38f;
            rows[row * 16 + 5] = 3e38f;
        }
        return sequence;
    }

    @TestFactory
    @DisplayName("DLT-23 optional (delta): a change that is no float is refused, but not by int8")
    Stream<DynamicTest> changeThatIsNoFloat() {
        Stream<DynamicTest> refused =
                Stream.of(Events.F32, Events.BF16)
                        .map(events -> dynamicTest(events + " refuses", () -> refused(events)));
        return Stream.concat(
                refused, Stream.of(dynamicTest("INT8 goes 127 steps", this::saturated)));
    }

    private void refused(Events events) {
        Delta delta = Delta.of(0.4f, events, Store.F32);
        Sequence sequence = reversed(23);
        for (int chunk : new int[] {40, 1}) {
            try (DeltaTrial trial =
                            new DeltaTrial(
                                    sequence, new Runs(delta, delta, 0, 9, false), backend());
                    KvCache cache = trial.newCache()) {
                DeltaLlmException told =
                        Assertions.assertThrows(
                                DeltaLlmException.class, () -> trial.feed(cache, chunk));
                Assertions.assertTrue(
                        String.valueOf(told.getMessage()).contains("position 23"),
                        () -> "'" + told.getMessage() + "' names position 23");
                Assertions.assertEquals(chunk == 1 ? 23 : 0, cache.length(), "length behind it");
            }
        }
    }

    private void saturated() {
        Delta delta =
                new Delta(
                        new float[] {0.4f},
                        false,
                        Events.INT8,
                        Numbers.rising(16, 0.02f, 0.001f),
                        Store.F32);
        for (int chunk : new int[] {40, 1}) {
            try (DeltaTrial trial =
                            new DeltaTrial(
                                    reversed(1), new Runs(delta, delta, 0, 9, false), backend());
                    KvCache cache = trial.newCache()) {
                trial.feed(cache, chunk);
                trial.checkStreams(cache, Kind.KEYS);
                trial.checkStreams(cache, Kind.VALUES);
            }
        }
    }

    @Test
    @DisplayName("DLT-19 optional (delta): every head of every layer has its own encoding")
    void everyHeadHasItsOwnEncoding() {
        HeadShape heads = new HeadShape(3, 4, 2, 16);
        Delta half = Delta.of(0.5f, Events.BF16, Store.BF16);
        Delta tenth = Delta.of(0.1f, Events.F32, Store.F32);
        Encoding exact = new Encoding.Exact(Store.F32);
        Varied varied =
                new Varied(
                        List.of(
                                new Runs(half, exact, 2, 5, false),
                                new Runs(tenth, int8(16), 0, 17, false),
                                new Runs(exact, exact, 1, 9, true),
                                new Runs(exact, half, 0, 1, false),
                                Runs.DENSE));
        Sequence sequence = Sequence.random(heads, 51, 19);
        try (DeltaTrial trial = new DeltaTrial(sequence, varied, backend());
                KvCache cache = trial.newCache()) {
            trial.feed(cache, 50, 50);
            trial.feed(cache, 1);
            trial.checkStreams(cache, Kind.KEYS);
            trial.checkStreams(cache, Kind.VALUES);
            int width = heads.queryWidth();
            for (int layer = 0; layer < heads.layers(); layer++) {
                trial.formula(layer)
                        .range(50 * width, 51 * width)
                        .check("layer " + layer, width, trial.tested().output(layer, 1));
            }
        }
    }
}
