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
import io.github.deltallm.api.spi.KvStream.Kind;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

import java.util.BitSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * DLT, delta encoding for every size of heads, groups, windows and sequences.
 *
 * <p>When a rule fails for some groups only, look at query heads that do not fill a register; when
 * for some lengths, at the ends of blocks and of ranges of keys.
 */
@Tag("DLT")
public abstract class DeltaMatrixRules extends ConformanceRules {
    private static final int[] DIMS = {16, 64, 80, 96, 128, 256};
    private static final float[] NO_STEPS = {};

    /** For subclasses. */
    protected DeltaMatrixRules() {}

    @BeforeEach
    final void requireDelta() {
        requireCapability("delta");
    }

    private static Delta int8(int dim, float theta, Store store) {
        float[] steps = Numbers.rising(dim, 0.02f, 0.0005f);
        return new Delta(new float[] {theta}, false, Events.INT8, steps, store);
    }

    private static Delta any(Numbers numbers, int dim) {
        float[] theta = {0.125f * numbers.below(9)};
        Store store = numbers.below(2) == 0 ? Store.F32 : Store.BF16;
        return switch (numbers.below(4)) {
            case 0 -> Delta.of(theta[0], Events.F32, store);
            case 1 -> int8(dim, theta[0], store);
            case 2 -> new Delta(Numbers.rising(dim, 0, 0.01f), false, Events.BF16, NO_STEPS, store);
            default -> Delta.of(theta[0], Events.BF16, store);
        };
    }

    @TestFactory
    @DisplayName("DLT-20 optional (delta): heads of every dimension in groups of 1 to 8, any keys")
    Stream<DynamicTest> everyHeadInEveryGroup() {
        return IntStream.of(DIMS)
                .boxed()
                .flatMap(dim ->
                        IntStream.rangeClosed(1, 8)
                                .mapToObj(group ->
                                        dynamicTest(
                                                "heads of " + dim + ", groups of " + group,
                                                () -> any(dim, group))));
    }

    /** Encodings, keys and lengths that follow from the sizes as if by chance. */
    private void any(int dim, int group) {
        Numbers numbers = new Numbers(1000L * dim + group);
        KeyShape[] shapes = KeyShape.values();
        KeyShape shape = shapes[numbers.below(shapes.length)];
        HeadShape heads = new HeadShape(1, group, 1, dim);
        Sequence sequence = shape.sequence(heads, 2 * numbers.below(60) + 39);
        Delta keys = any(numbers, dim);
        Delta values = any(numbers, dim);
        int sinks = numbers.below(3) * numbers.below(10);
        Runs runs = new Runs(keys, values, sinks, 1 + numbers.below(40), false);
        int chunk = 1 + numbers.below(sequence.length());
        check(shape + ", " + runs + ", chunks of " + chunk, sequence, runs, chunk);
    }

    /** Outputs and streams are the formula's, and the streams the reference's bit for bit. */
    private void check(String what, Sequence sequence, AttentionStrategy strategy, int... chunks) {
        try (DeltaTrial trial = new DeltaTrial(sequence, strategy, backend());
                DeltaTrial reference = new DeltaTrial(sequence, strategy, oracle());
                KvCache wanted = reference.newCache()) {
            reference.feed(wanted, sequence.length());
            Expected expected = trial.formula();
            for (int chunk : chunks) {
                try (KvCache cache = trial.newCache()) {
                    float[] out = trial.feed(cache, chunk);
                    expected.check(what, sequence.heads().queryWidth(), out);
                    for (Kind kind : Kind.values()) {
                        trial.checkStreams(cache, kind);
                        ClosedLoop.check(trial, cache, kind);
                        same(what, cache.export(0, 0, kind), wanted.export(0, 0, kind));
                    }
                }
            }
        }
    }

    private static void same(String what, KvStream stream, KvStream wanted) {
        KvStream.DeltaRows rows = stream.delta();
        KvStream.DeltaRows others = wanted.delta();
        Assertions.assertEquals(others.count(), rows.count(), what + ": encoded rows");
        Assertions.assertEquals(
                BitSet.valueOf(others.changed()), BitSet.valueOf(rows.changed()), what + ": masks");
        for (int i = 0; i < others.events().length; i++) {
            Assertions.assertEquals(
                    others.events()[i], rows.events()[i], 0f, what + ": event " + i);
        }
    }

    @TestFactory
    @DisplayName("DLT-21 optional (delta): sinks and windows of any size, none of them too large")
    Stream<DynamicTest> sinksAndWindowsOfAnySize() {
        return Stream.of(0, 5, 40, 131, Integer.MAX_VALUE)
                .flatMap(sinks ->
                        Stream.of(1, 40, 130, 131, Integer.MAX_VALUE - 1)
                                .map(window ->
                                        dynamicTest(
                                                sinks + " sinks, window " + window,
                                                () -> sinksAndWindow(sinks, window))));
    }

    private void sinksAndWindow(int sinks, int window) {
        Delta keys = Delta.of(0.4f, Events.BF16, Store.BF16);
        Encoding values = int8(16, 0.3f, Store.F32);
        Sequence sequence = Sequence.random(new HeadShape(1, 3, 1, 16), 131, 21);
        Runs runs = new Runs(keys, values, sinks, window, false);
        check("", sequence, runs, 131, 33, 1);
    }

    @TestFactory
    @DisplayName("DLT-22 optional (delta): long sequences, their ends decoded token by token")
    Stream<DynamicTest> longSequencesAreDecoded() {
        return IntStream.of(382, 385, 417, 770)
                .boxed()
                .flatMap(rows ->
                        Stream.of(1, 3, 6)
                                .map(group ->
                                        dynamicTest(
                                                rows + " rows, groups of " + group,
                                                () -> decoded(rows, group))));
    }

    private void decoded(int rows, int group) {
        HeadShape heads = new HeadShape(1, group, 1, 16);
        Sequence sequence = Sequence.random(heads, rows, 22);
        for (Events events : Events.values()) {
            Delta delta =
                    events == Events.INT8
                            ? int8(16, 0.4f, Store.BF16)
                            : Delta.of(0.4f, events, Store.BF16);
            Runs runs = new Runs(delta, delta, 3, 7, false);
            try (DeltaTrial trial = new DeltaTrial(sequence, runs, backend());
                    KvCache cache = trial.newCache()) {
                int decoded = Math.max(0, rows - 4);
                trial.feed(cache, 100, decoded);
                int width = heads.queryWidth();
                trial.formula()
                        .range(decoded * width, rows * width)
                        .check(events + " decoded", width, trial.feed(cache, 1));
                trial.checkStreams(cache, Kind.KEYS);
                trial.checkStreams(cache, Kind.VALUES);
            }
        }
    }
}
