package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * ATT, attention as strategies without an encoder declare it.
 *
 * <p>When a rule fails for groups above 1 only, look at which key head a query head takes; when the
 * first wrong row is as far in as the window, at the window's first key; when outputs depend on the
 * chunks, at keys that arrive in the same step as their queries.
 */
@Tag("ATT")
public abstract class AttentionRules extends ConformanceRules {
    private static final int ROWS = 53;
    private static final HeadShape SMALL = new HeadShape(1, 4, 2, 64);

    /** For subclasses. */
    protected AttentionRules() {}

    @TestFactory
    @DisplayName("ATT-01 required: dense attention equals its formula for every head dimension")
    Stream<DynamicTest> denseEqualsItsFormula() {
        return IntStream.of(16, 64, 80, 96, 128)
                .mapToObj(dim ->
                        dynamicTest(
                                "heads of " + dim,
                                () -> chunkings(new HeadShape(1, 4, 2, dim), Runs.DENSE)));
    }

    @TestFactory
    @DisplayName("ATT-02 required: query head h takes key head h / group")
    Stream<DynamicTest> groupsShareAKeyHead() {
        return IntStream.rangeClosed(1, 8)
                .mapToObj(group ->
                        dynamicTest(
                                "groups of " + group,
                                () -> chunkings(new HeadShape(1, 3 * group, 3, 16), Runs.DENSE)));
    }

    @TestFactory
    @DisplayName("ATT-03 required: a window ends where exactFrom says, the middle is dropped")
    Stream<DynamicTest> droppedMiddleIsNotSeen() {
        return Stream.of(
                        Runs.dropping(Store.F32, 0, 1),
                        Runs.dropping(Store.F32, 0, 7),
                        Runs.dropping(Store.F32, 4, 16),
                        Runs.dropping(Store.F32, 4, 52),
                        Runs.dropping(Store.F32, 60, 3))
                .map(runs -> dynamicTest(runs.toString(), () -> chunkings(SMALL, runs)));
    }

    @TestFactory
    @DisplayName("ATT-04 required: keys and values in bf16 are rounded to nearest even")
    Stream<DynamicTest> bf16RowsAreRounded() {
        return Stream.of(Runs.dense(Store.BF16), Runs.dropping(Store.BF16, 2, 9))
                .map(runs -> dynamicTest(runs.toString(), () -> chunkings(SMALL, runs)));
    }

    @TestFactory
    @DisplayName("ATT-11 required: sinks and windows of any size, none of them too large")
    Stream<DynamicTest> sinksAndWindowsOfAnySize() {
        return Stream.of(
                        Runs.dropping(Store.F32, 0, Integer.MAX_VALUE - 1),
                        Runs.dropping(Store.F32, ROWS + 1, 1),
                        Runs.dropping(Store.F32, Integer.MAX_VALUE, 1),
                        Runs.dropping(Store.F32, Integer.MAX_VALUE, Integer.MAX_VALUE - 1))
                .map(runs -> dynamicTest(runs.toString(), () -> chunkings(SMALL, runs)));
    }

    /** In one chunk, in several and token by token: each within its bound of the same formula. */
    private void chunkings(HeadShape heads, Runs runs) {
        Sequence sequence = Sequence.random(heads, ROWS, heads.hashCode());
        Expected expected = formula(sequence, runs);
        try (Bench bench = new Bench(backend(), Sequence.program(heads), ROWS)) {
            for (int chunk : new int[] {ROWS, 16, 1}) {
                try (KvCache cache = required(() -> bench.newCache(runs, ROWS))) {
                    expected.check(
                            heads + " in chunks of " + chunk,
                            heads.queryWidth(),
                            sequence.feed(bench, cache, chunk));
                }
            }
        }
    }

    /** What an exact strategy gives for a whole sequence. */
    static Expected formula(Sequence sequence, Runs runs) {
        boolean halved = runs.keys().store() == Store.BF16;
        float[] keys = halved ? bf16(sequence.keys()) : sequence.keys();
        float[] values = halved ? bf16(sequence.values()) : sequence.values();
        return AttentionFormula.exact(sequence.heads(), runs, keys, values)
                .of(sequence.queries(), 0);
    }

    private static float[] bf16(float[] values) {
        float[] rounded = values.clone();
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = Rounding.bf16(rounded[i]);
        }
        return rounded;
    }

    @Test
    @DisplayName("ATT-05 required: sequences of one step attend apart, each by its own strategy")
    void sequencesOfOneStepAttendApart() {
        Sequence one = Sequence.random(SMALL, 21, 1);
        Sequence other = Sequence.random(SMALL, 32, 2);
        Runs window = Runs.dropping(Store.F32, 1, 5);
        try (Bench bench = new Bench(backend(), Sequence.program(SMALL), ROWS);
                KvCache first = bench.newCache(Runs.DENSE, ROWS);
                KvCache second = bench.newCache(window, ROWS)) {
            float[] out = Sequence.feedBoth(bench, first, one, second, other);
            int width = SMALL.queryWidth();
            formula(one, Runs.DENSE)
                    .check("the dense sequence", width, Numbers.rows(out, width, 0, 21));
            formula(other, window)
                    .check("the windowed sequence", width, Numbers.rows(out, width, 21, 53));
        }
    }

    @Test
    @DisplayName("ATT-06 required: no query sees a later key, however large")
    void noQuerySeesALaterKey() {
        Sequence sequence = Sequence.random(SMALL, ROWS, 6);
        Expected expected = formula(sequence, Runs.DENSE).first(40 * SMALL.queryWidth());
        sequence.keys()[40 * SMALL.kvWidth()] = Float.NaN;
        sequence.values()[41 * SMALL.kvWidth() + 1] = Float.MAX_VALUE;
        try (Bench bench = new Bench(backend(), Sequence.program(SMALL), ROWS);
                KvCache cache = bench.newCache(Runs.DENSE, ROWS)) {
            float[] out = sequence.feed(bench, cache, ROWS);
            int width = SMALL.queryWidth();
            expected.check("queries before a NaN key", width, Numbers.rows(out, width, 0, 40));
            Assertions.assertTrue(Float.isNaN(out[40 * width]), "the NaN key's own query is NaN");
        }
    }

    @Test
    @DisplayName("ATT-07 required: a NaN stays in its sequence")
    void nanStaysInItsSequence() {
        Sequence sound = Sequence.random(SMALL, 20, 1);
        Sequence broken = Sequence.random(SMALL, 20, 2);
        broken.keys()[0] = Float.NaN;
        broken.values()[1] = Float.NaN;
        try (Bench bench = new Bench(backend(), Sequence.program(SMALL), ROWS);
                KvCache first = bench.newCache(Runs.DENSE, ROWS);
                KvCache second = bench.newCache(Runs.DENSE, ROWS)) {
            float[] out = Sequence.feedBoth(bench, first, broken, second, sound);
            int width = SMALL.queryWidth();
            formula(sound, Runs.DENSE)
                    .check("the sound sequence", width, Numbers.rows(out, width, 20, 40));
        }
    }

    @Test
    @DisplayName("ATT-08 required: scores of every size make a softmax, large ones a maximum")
    void largeScoresDoNotOverflow() {
        Sequence sequence = Sequence.random(SMALL, ROWS, 8);
        for (int i = 0; i < sequence.queries().length; i++) {
            sequence.queries()[i] *= 300;
        }
        try (Bench bench = new Bench(backend(), Sequence.program(SMALL), ROWS);
                KvCache cache = bench.newCache(Runs.DENSE, ROWS)) {
            formula(sequence, Runs.DENSE)
                    .check(
                            "scores of thousands",
                            SMALL.queryWidth(),
                            sequence.feed(bench, cache, 16));
        }
    }

    @TestFactory
    @DisplayName("ATT-09 optional: rows of int8 and int4 are at most half a step off")
    Stream<DynamicTest> scaledRowsStayWithinHalfAStep() {
        return Stream.of(Store.INT8, Store.INT4)
                .map(store -> dynamicTest(store.name(), () -> scaledRows(store)));
    }

    private void scaledRows(Store store) {
        int most = store == Store.INT8 ? 127 : 7;
        Sequence sequence = Sequence.random(SMALL, ROWS, 9);
        Runs runs = Runs.dense(store);
        try (Bench bench = new Bench(backend(), Sequence.program(SMALL), ROWS);
                KvCache cache = optional(() -> bench.newCache(runs, ROWS))) {
            float[] out = sequence.feed(bench, cache, 16);
            float[] keys = held(cache, KvStream.Kind.KEYS, sequence.keys(), most);
            float[] values = held(cache, KvStream.Kind.VALUES, sequence.values(), most);
            AttentionFormula.exact(SMALL, runs, keys, values)
                    .of(sequence.queries(), 0)
                    .check(store + " rows", SMALL.queryWidth(), out);
        }
    }

    /** The rows that a dense cache holds, each checked against what was appended. */
    private static float[] held(KvCache cache, KvStream.Kind kind, float[] appended, int most) {
        int dim = SMALL.headDim();
        float[] all = new float[appended.length];
        for (int head = 0; head < SMALL.kvHeads(); head++) {
            float[] exact = HeldRows.of(cache, head, kind, dim).exact();
            Expected expected = new Expected(exact.length);
            for (int row = 0; row < exact.length / dim; row++) {
                int at = row * SMALL.kvWidth() + head * dim;
                double largest = 0;
                for (int c = 0; c < dim; c++) {
                    largest = Math.max(largest, Math.abs(appended[at + c]));
                }
                for (int c = 0; c < dim; c++) {
                    // A scale may be kept as f16 and be 2^-11 off.
                    double bound = largest * (0.5 / most + 0x1p-10);
                    expected.set(row * dim + c, appended[at + c], bound);
                }
                System.arraycopy(exact, row * dim, all, at, dim);
            }
            expected.check("held " + kind + " of head " + head, dim, exact);
        }
        return all;
    }

    @Test
    @DisplayName("ATT-10 optional: pruned keys lose their small channels in the middle")
    void prunedKeysLoseSmallChannels() {
        Sequence sequence = Sequence.random(SMALL, ROWS, 10);
        Encoding pruned = new Encoding.Pruned(0.4f, Store.F32);
        Runs runs = new Runs(pruned, new Encoding.Exact(Store.F32), 2, 9, false);
        float[] kept = sequence.keys().clone();
        for (int i = 0; i < kept.length; i++) {
            kept[i] = Math.abs(kept[i]) > 0.4f ? kept[i] : 0;
        }
        AttentionFormula formula =
                new AttentionFormula(
                        SMALL,
                        Declared.of(runs, ROWS),
                        sequence.keys(),
                        kept,
                        sequence.values(),
                        sequence.values());
        try (Bench bench = new Bench(backend(), Sequence.program(SMALL), ROWS);
                KvCache cache = optional(() -> bench.newCache(runs, ROWS))) {
            formula.of(sequence.queries(), 0)
                    .check("pruned keys", SMALL.queryWidth(), sequence.feed(bench, cache, 16));
        }
    }
}
