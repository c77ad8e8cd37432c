package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.DeltaLlmException;
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

import java.util.stream.Stream;

/**
 * DLT, delta-encoded keys and values, for backends with the capability {@code delta}.
 *
 * <p>When masks differ from the rule's, look at the comparison (strictly greater), at the rounding
 * of the encoder's input to the store, and at fused multiply-adds in {@code r + e}; when masks are
 * equal and outputs are not, look at the first key of the middle.
 */
@Tag("DLT")
public abstract class DeltaRules extends ConformanceRules {
    private static final HeadShape HEADS = DeltaTrial.HEADS;
    private static final int ROWS = 77;
    private static final float[] NO_STEPS = {};

    /** For subclasses. */
    protected DeltaRules() {}

    @BeforeEach
    final void requireDelta() {
        requireCapability("delta");
    }

    private static Delta delta(float theta, Events events, Store store) {
        float[] steps = NO_STEPS;
        if (events == Events.INT8) {
            steps = Numbers.rising(HEADS.headDim(), 0.02f, 0.001f);
        }
        return new Delta(new float[] {theta}, false, events, steps, store);
    }

    private static Stream<Delta> deltas() {
        float[] thresholds = Numbers.rising(HEADS.headDim(), 0, 0.01f);
        return Stream.of(
                delta(0, Events.F32, Store.F32),
                delta(0.4f, Events.F32, Store.F32),
                delta(100, Events.F32, Store.F32),
                new Delta(thresholds, false, Events.F32, NO_STEPS, Store.F32),
                delta(0.4f, Events.F32, Store.BF16),
                delta(0.4f, Events.BF16, Store.F32),
                delta(0.4f, Events.BF16, Store.BF16),
                delta(0.4f, Events.INT8, Store.BF16),
                delta(0, Events.INT8, Store.F32));
    }

    private DeltaTrial trial(Sequence sequence, Runs runs) {
        return new DeltaTrial(sequence, runs, backend());
    }

    private static Sequence sequence() {
        return Sequence.random(HEADS, ROWS, 3);
    }

    private static String name(Delta delta) {
        String thresholds =
                delta.thresholds().length == 1 ? "" + delta.threshold(0) : "one a channel";
        return "theta " + thresholds + ", events " + delta.events() + ", store " + delta.store();
    }

    @TestFactory
    @DisplayName("DLT-01 optional (delta): masks and events equal the rule bit for bit")
    Stream<DynamicTest> streamsEqualTheRule() {
        return deltas().map(delta ->
                dynamicTest(
                        name(delta),
                        () -> {
                            Runs runs = Runs.delta(delta, 3, 9);
                            try (DeltaTrial trial = trial(sequence(), runs);
                                    KvCache cache = trial.newCache()) {
                                trial.feed(cache, 16);
                                trial.checkStreams(cache, Kind.KEYS);
                            }
                        }));
    }

    @TestFactory
    @DisplayName("DLT-02 optional (delta): the stream does not depend on the chunks")
    Stream<DynamicTest> chunksDoNotMatter() {
        Runs runs = Runs.delta(delta(0.4f, Events.BF16, Store.BF16), 0, 9);
        return Stream.of(ROWS, 33, 5, 1)
                .map(chunk ->
                        dynamicTest(
                                "chunks of " + chunk,
                                () -> {
                                    try (DeltaTrial trial = trial(sequence(), runs);
                                            KvCache cache = trial.newCache()) {
                                        trial.feed(cache, chunk);
                                        trial.checkStreams(cache, Kind.KEYS);
                                    }
                                }));
    }

    @TestFactory
    @DisplayName("DLT-03 optional (delta): no channel is further off than its threshold or step")
    Stream<DynamicTest> theLoopIsClosed() {
        return deltas().map(delta -> dynamicTest(name(delta), () -> closedLoop(delta)));
    }

    private void closedLoop(Delta delta) {
        int dim = HEADS.headDim();
        try (DeltaTrial trial = trial(sequence(), Runs.delta(delta, 0, 9));
                KvCache cache = trial.newCache()) {
            trial.feed(cache, 16);
            float[] keys = trial.exact(trial.declared(), 1, Kind.KEYS);
            float[] kh = HeldRows.of(cache, 1, Kind.KEYS, dim).encoded();
            Expected expected = new Expected(kh.length);
            for (int i = 0; i < kh.length; i++) {
                int c = i % dim;
                double key = keys[i];
                double change = i < dim ? 0 : Math.abs(key - kh[i - dim]);
                double format =
                        switch (delta.events()) {
                            case F32 -> 0;
                            case BF16 -> 0x1p-8 * change;
                            case INT8 -> step(delta, c) / 2;
                        };
                double rounding = 2 * Rounding.U * (Math.abs(key) + change);
                expected.set(i, key, Math.max(delta.threshold(c), format) + rounding);
            }
            expected.check(name(delta), dim, kh);
        }
    }

    private static double step(Delta delta, int channel) {
        return delta.steps()[channel] * (1 + 4 * Rounding.U);
    }

    @TestFactory
    @DisplayName("DLT-04 optional (delta): outputs equal attention over the encoded keys")
    Stream<DynamicTest> outputsFollowTheStream() {
        return deltas().flatMap(
                        delta -> Stream.of(Runs.delta(delta, 0, 9), Runs.delta(delta, 4, 1)))
                .map(runs ->
                        dynamicTest(
                                name((Delta) runs.keys()) + ", sinks " + runs.sinks(),
                                () -> outputs(sequence(), runs)));
    }

    @TestFactory
    @DisplayName("DLT-05 optional (delta): values are mixed as encoded")
    Stream<DynamicTest> valuesAreMixedAsEncoded() {
        return Stream.of(delta(0.4f, Events.F32, Store.F32), delta(0.3f, Events.INT8, Store.BF16))
                .map(delta ->
                        dynamicTest(
                                name(delta),
                                () -> {
                                    outputs(sequence(), new Runs(delta, delta, 2, 9, false));
                                    Encoding exact = new Encoding.Exact(delta.store());
                                    outputs(sequence(), new Runs(exact, delta, 0, 5, false));
                                }));
    }

    private void outputs(Sequence sequence, Runs runs) {
        try (DeltaTrial trial = trial(sequence, runs)) {
            Expected expected = trial.formula();
            for (int chunk : new int[] {ROWS, 16, 1}) {
                try (KvCache cache = trial.newCache()) {
                    expected.check(
                            "chunks of " + chunk, HEADS.queryWidth(), trial.feed(cache, chunk));
                    if (runs.values() instanceof Delta) {
                        trial.checkStreams(cache, Kind.VALUES);
                    }
                }
            }
        }
    }

    @TestFactory
    @DisplayName("DLT-06 optional (delta): threshold 0, or a window over everything, equals dense")
    Stream<DynamicTest> deltaCanBeDense() {
        Encoding far = delta(100, Events.F32, Store.F32);
        return Stream.of(
                        Runs.delta(delta(0, Events.F32, Store.F32), 0, 9),
                        new Runs(far, far, 0, ROWS, false))
                .map(runs ->
                        dynamicTest(
                                "window " + runs.window(),
                                () -> {
                                    Sequence sequence = sequence();
                                    try (DeltaTrial trial = trial(sequence, runs);
                                            KvCache cache = trial.newCache()) {
                                        AttentionRules.formula(sequence, runs)
                                                .doubledBounds()
                                                .check(
                                                        "delta against dense",
                                                        HEADS.queryWidth(),
                                                        trial.feed(cache, 16));
                                    }
                                }));
    }

    @Test
    @DisplayName("DLT-07 optional (delta): int8 steps are fixed from the first 256 rows")
    void stepsAreFixedFromTheFirstRows() {
        Delta delta = Delta.of(0.3f, Events.INT8, Store.F32);
        Sequence sequence = Sequence.random(HEADS, 300, 7);
        Runs runs = Runs.delta(delta, 0, 9);
        try (DeltaTrial trial = trial(sequence, runs)) {
            int width = HEADS.queryWidth();
            Expected exact = AttentionRules.formula(sequence, Runs.DENSE);
            Expected encoded = trial.formula();
            for (int chunk : new int[] {300, 64, 1}) {
                try (KvCache cache = trial.newCache()) {
                    float[] out = trial.feed(cache, chunk);
                    trial.checkStreams(cache, Kind.KEYS);
                    exact.first(255 * width)
                            .check("until then", width, Numbers.rows(out, width, 0, 255));
                    encoded.range(256 * width, 300 * width)
                            .check("from then on", width, Numbers.rows(out, width, 256, 300));
                }
            }
        }
    }

    @Test
    @DisplayName("DLT-08 optional (delta): a change equal to the threshold, or denormal, is none")
    void tiesAndDenormalChangesAreNone() {
        Sequence sequence = sequence();
        float[] keys = sequence.keys();
        Numbers numbers = new Numbers(8);
        for (int i = 0; i < keys.length; i++) {
            keys[i] = i % 2 == 0 ? 0.25f * numbers.below(9) : 0x1p-128f * numbers.below(16);
        }
        for (float theta : new float[] {0.5f, 0}) {
            Runs runs = Runs.delta(delta(theta, Events.F32, Store.F32), 0, 9);
            try (DeltaTrial trial = trial(sequence, runs);
                    KvCache cache = trial.newCache()) {
                trial.feed(cache, 16);
                trial.checkStreams(cache, Kind.KEYS);
            }
        }
    }

    @TestFactory
    @DisplayName("DLT-09 optional (delta): infinities and NaN are refused by layer, head, position")
    Stream<DynamicTest> infinitiesAndNanAreRefused() {
        Delta waiting = new Delta(new float[] {1}, true, Events.INT8, NO_STEPS, Store.F32);
        return Stream.of(
                        delta(0.4f, Events.F32, Store.F32),
                        delta(0.4f, Events.BF16, Store.BF16),
                        delta(0.4f, Events.INT8, Store.F32),
                        waiting)
                .flatMap(delta ->
                        Stream.of(Kind.values())
                                .map(kind ->
                                        dynamicTest(
                                                kind + ", " + name(delta),
                                                () -> refused(delta, kind))));
    }

    private void refused(Delta delta, Kind kind) {
        float tooLarge = delta.store() == Store.BF16 ? Float.MAX_VALUE : Float.NaN;
        float[] refused = {
            Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, tooLarge, -tooLarge
        };
        Runs runs = new Runs(delta, delta, 0, 9, false);
        for (float bad : refused) {
            for (int chunk : new int[] {20, 1}) {
                try (DeltaTrial trial = trial(sequence(), runs);
                        KvCache cache = trial.newCache()) {
                    sequence().first(20).feed(trial.tested(), cache, 20);
                    Sequence broken = sequence();
                    float[] rows = kind == Kind.KEYS ? broken.keys() : broken.values();
                    rows[23 * HEADS.kvWidth() + HEADS.headDim() + 63] = bad;
                    DeltaLlmException told =
                            Assertions.assertThrows(
                                    DeltaLlmException.class,
                                    () -> broken.feed(trial.tested(), cache, chunk));
                    for (String named : new String[] {"layer 0", "head 1", "position 23"}) {
                        Assertions.assertTrue(
                                String.valueOf(told.getMessage()).contains(named),
                                () -> "'" + told.getMessage() + "' names " + named);
                    }
                    int length = chunk == 1 ? 23 : 20;
                    Assertions.assertEquals(length, cache.length(), "length after the refusal");
                    trial.feed(cache, 16);
                    trial.checkStreams(cache, kind);
                }
            }
        }
    }
}
