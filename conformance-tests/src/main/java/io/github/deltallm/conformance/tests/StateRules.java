package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStream.DeltaRows;
import io.github.deltallm.api.spi.KvStream.Kind;
import io.github.deltallm.api.spi.KvStream.Rows;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * KVC, encoded sequences that are cut, saved and restored around their first 256 rows.
 *
 * <p>When a rule fails for what waits for these rows, look at steps and sigma: a truncation below
 * 256 forgets them, no other one does.
 */
@Tag("KVC")
public abstract class StateRules extends ConformanceRules {
    private static final HeadShape HEADS = new HeadShape(1, 2, 1, 16);
    private static final int WIDTH = HEADS.queryWidth();
    private static final int ROWS = 290;
    private static final float[] ONE = {0.3f};
    private static final float[] NONE = {};
    private static final Delta WAITING = new Delta(ONE, true, Events.INT8, NONE, Store.F32);

    /** For subclasses. */
    protected StateRules() {}

    @BeforeEach
    final void requireDelta() {
        requireCapability("delta");
    }

    private static Stream<DynamicTest> encodings(Consumer<Runs> rule) {
        float[] steps = Numbers.rising(16, 0.02f, 0.001f);
        return Stream.of(
                        WAITING,
                        new Delta(ONE, true, Events.BF16, NONE, Store.BF16),
                        new Delta(ONE, false, Events.INT8, NONE, Store.BF16),
                        new Delta(ONE, false, Events.INT8, steps, Store.F32),
                        Delta.of(0.4f, Events.F32, Store.F32))
                .map(delta ->
                        dynamicTest(
                                (delta.waits() ? "waiting, " : "")
                                        + delta.events()
                                        + " "
                                        + delta.store(),
                                () -> rule.accept(new Runs(delta, delta, 2, 9, false))));
    }

    private static void check(DeltaTrial trial, int from, float[] out) {
        String what = "continued from " + from;
        trial.formula().range(from * WIDTH, trial.length() * WIDTH).check(what, WIDTH, out);
    }

    private static void checkStreams(DeltaTrial trial, KvCache cache) {
        trial.checkStreams(cache, Kind.KEYS);
        trial.checkStreams(cache, Kind.VALUES);
    }

    @TestFactory
    @DisplayName(
            "KVC-19 optional (delta): a truncated stream goes on as if it had never been longer")
    Stream<DynamicTest> truncatedStreamGoesOn() {
        return encodings(runs -> {
            Sequence first = Sequence.random(HEADS, ROWS, 1);
            for (int wanted : new int[] {288, 256, 255, 100, 0}) {
                try (Bench bench = new Bench(backend(), Sequence.program(HEADS), ROWS);
                        KvCache cache = bench.newCache(runs, ROWS)) {
                    first.feed(bench, cache, 64);
                    int length = wanted == 0 ? 0 : Math.max(cache.truncationFloor(), wanted);
                    cache.truncate(length);
                    // Larger by far, so that steps and sigma of the first rows would be others.
                    Sequence next = Sequence.random(HEADS, ROWS - length, 2);
                    for (int i = 0; i < next.keys().length; i++) {
                        next.keys()[i] *= 3;
                    }
                    Sequence whole = first.first(length).then(next);
                    try (DeltaTrial trial = new DeltaTrial(whole, runs, backend())) {
                        float[] out = whole.feed(bench, cache, 7);
                        check(trial, length, out);
                        checkStreams(trial, cache);
                    }
                }
            }
        });
    }

    @TestFactory
    @DisplayName("KVC-24 optional (delta): truncated at the end of any block, it goes on the same")
    Stream<DynamicTest> truncatedAtAnyBlock() {
        HeadShape heads = new HeadShape(1, 3, 1, 16);
        float[] steps = Numbers.rising(16, 0.02f, 0.001f);
        Delta int8 = new Delta(ONE, false, Events.INT8, steps, Store.F32);
        Delta bf16 = Delta.of(0.4f, Events.BF16, Store.BF16);
        return IntStream.of(32, 64, 96, 128, 384, 416)
                .boxed()
                .flatMap(block ->
                        Stream.of(-1, 0, 1)
                                .map(off ->
                                        dynamicTest(
                                                "to " + block + " + " + off,
                                                () -> {
                                                    Runs runs = new Runs(int8, bf16, 2, 9, false);
                                                    truncatedTo(block + off, heads, runs);
                                                    runs = new Runs(bf16, int8, 40, 1, false);
                                                    truncatedTo(block + off, heads, runs);
                                                })));
    }

    /** From a little behind, and after a step that was decoded there. */
    private void truncatedTo(int length, HeadShape heads, Runs runs) {
        Sequence first = Sequence.random(heads, length + 20, 24);
        Sequence next = Sequence.random(heads, 40, 25);
        Sequence whole = first.first(length).then(next);
        int width = heads.queryWidth();
        try (Bench bench = new Bench(backend(), Sequence.program(heads), whole.length());
                KvCache cache = bench.newCache(runs, whole.length());
                DeltaTrial trial = new DeltaTrial(whole, runs, backend())) {
            first.feed(bench, cache, 50, length + 15);
            first.feed(bench, cache, 1);
            cache.truncate(length);
            trial.checkStreams(cache, Kind.KEYS);
            float[] out = whole.feed(bench, cache, 1, length + 3);
            out = Sequence.joined(out, whole.feed(bench, cache, 7));
            trial.formula()
                    .range(length * width, whole.length() * width)
                    .check("continued", width, out);
            trial.checkStreams(cache, Kind.KEYS);
            trial.checkStreams(cache, Kind.VALUES);
        }
    }

    @TestFactory
    @DisplayName("KVC-25 optional (delta): truncated as deep as it can be, it goes on the same")
    Stream<DynamicTest> truncatedToTheFloor() {
        HeadShape heads = new HeadShape(1, 3, 1, 16);
        float[] steps = Numbers.rising(16, 0.02f, 0.001f);
        Delta int8 = new Delta(ONE, false, Events.INT8, steps, Store.F32);
        Delta bf16 = Delta.of(0.4f, Events.BF16, Store.BF16);
        Encoding.Pruned pruned = new Encoding.Pruned(0.4f, Store.F32);
        return Stream.of(
                        new Runs(bf16, int8, 4, 8, false),
                        new Runs(bf16, bf16, 2, 20, false),
                        new Runs(bf16, bf16, 0, 20, false),
                        new Runs(pruned, pruned, 0, 20, false))
                .flatMap(runs ->
                        Stream.of(32, 33, 64, 70, 90)
                                .map(wanted ->
                                        dynamicTest(
                                                runs + " to " + wanted,
                                                () -> truncatedDeep(wanted, heads, runs))));
    }

    private void truncatedDeep(int wanted, HeadShape heads, Runs runs) {
        Sequence first = Sequence.random(heads, 130, 26);
        Sequence next = Sequence.random(heads, 40, 27);
        int width = heads.queryWidth();
        try (Bench bench = new Bench(backend(), Sequence.program(heads), 200);
                KvCache cache = bench.newCache(runs, 200)) {
            first.feed(bench, cache, 65, 124);
            first.feed(bench, cache, 1);
            int length = Math.max(wanted, cache.truncationFloor());
            cache.truncate(length);
            Sequence whole = first.first(length).then(next);
            try (DeltaTrial trial = new DeltaTrial(whole, runs, backend())) {
                float[] out = whole.feed(bench, cache, 1, length + 4);
                out = Sequence.joined(out, whole.feed(bench, cache, 7));
                trial.formula()
                        .range(length * width, whole.length() * width)
                        .check("continued", width, out);
            }
        }
    }

    @TestFactory
    @DisplayName("KVC-20 optional (delta): a state saved at any length goes on on every backend")
    Stream<DynamicTest> savedStateGoesOn() {
        return encodings(runs -> {
            for (int length : new int[] {1, 255, 256, 280}) {
                saved(runs, runs, length, backend(), backend());
                saved(runs, runs, length, backend(), oracle());
                saved(runs, runs, length, oracle(), backend());
            }
        });
    }

    @TestFactory
    @DisplayName("KVC-21 optional (delta): a dense sequence goes on encoded, from the first row on")
    Stream<DynamicTest> denseSequenceGoesOnEncoded() {
        return encodings(runs -> {
            for (int length : new int[] {100, 255, 280}) {
                saved(Runs.DENSE, runs, length, backend(), backend());
                saved(Runs.DENSE, runs, length, backend(), oracle());
                saved(Runs.DENSE, runs, length, oracle(), backend());
            }
        });
    }

    private static void saved(Runs before, Runs after, int length, Backend from, Backend to) {
        Sequence sequence = Sequence.random(HEADS, ROWS, 20);
        try (DeltaTrial origin = new DeltaTrial(sequence, before, from);
                DeltaTrial target = new DeltaTrial(sequence, after, to);
                KvCache cache = origin.newCache()) {
            origin.feed(cache, 64, length);
            try (KvCache restored =
                    target.tested().executable().restore(after, ROWS, ROWS, cache::export)) {
                checkStreams(target, restored);
                check(target, length, target.feed(restored, 16));
                checkStreams(target, restored);
            }
        }
    }

    /** What is done to the stream of the keys. */
    private record Damage(String name, UnaryOperator<KvStream> change) {
        static Damage delta(String name, UnaryOperator<DeltaRows> change) {
            return new Damage(
                    name, s -> new KvStream(s.length(), s.exact(), change.apply(s.delta())));
        }
    }

    private static Stream<Damage> damages() {
        return Stream.of(
                Damage.delta("negative count", d -> rows(d, -1, d.changed(), d.events())),
                Damage.delta("more rows than positions", d -> counted(d, 1)),
                Damage.delta("fewer rows than changes", d -> counted(d, -1)),
                Damage.delta("an event too few", d -> events(d, d.events().length - 1, 0)),
                Damage.delta("an event too many", d -> events(d, d.events().length + 1, 0)),
                Damage.delta("too few words of masks", d -> words(d, -1)),
                Damage.delta("NaN event", d -> events(d, d.events().length, Float.NaN)),
                Damage.delta("infinite event", d -> event(d, Float.POSITIVE_INFINITY)),
                Damage.delta("event of half a step", d -> event(d, 0.5f * d.steps()[15])),
                Damage.delta("event of 128 steps", d -> event(d, 128 * d.steps()[15])),
                Damage.delta("no steps", d -> steps(d, NONE)),
                Damage.delta("too few steps", d -> steps(d, Arrays.copyOf(d.steps(), 15))),
                Damage.delta("NaN step", d -> steps(d, filled(Float.NaN))),
                Damage.delta("negative steps", d -> steps(d, filled(-1))),
                Damage.delta("infinite steps", d -> steps(d, filled(Float.POSITIVE_INFINITY))),
                Damage.delta("NaN sigma", d -> sigma(d, Float.NaN)),
                Damage.delta("negative sigma", d -> sigma(d, -1)),
                new Damage("NaN among exact rows", s -> exact(s, Float.NaN)),
                new Damage("infinity among exact rows", s -> exact(s, Float.POSITIVE_INFINITY)),
                new Damage(
                        "exact rows twice",
                        s -> new KvStream(s.length(), twice(s.exact()), s.delta())),
                new Damage("no exact rows", s -> new KvStream(s.length(), List.of(), s.delta())),
                new Damage(
                        "another length", s -> new KvStream(s.length() - 1, s.exact(), s.delta())));
    }

    @TestFactory
    @DisplayName("KVC-22 optional (delta): a damaged state ends in one clear error")
    Stream<DynamicTest> damagedStateIsRefused() {
        AttentionStrategy strategy = new Runs(WAITING, WAITING, 2, 9, false);
        return damages()
                .map(damage ->
                        dynamicTest(
                                damage.name(),
                                () -> {
                                    Sequence sequence = Sequence.random(HEADS, ROWS, 22);
                                    try (DeltaTrial trial =
                                                    new DeltaTrial(sequence, strategy, backend());
                                            KvCache cache = trial.newCache()) {
                                        trial.feed(cache, ROWS);
                                        KvStream.Source damaged =
                                                (layer, head, kind) -> {
                                                    KvStream sound =
                                                            cache.export(layer, head, kind);
                                                    return kind == Kind.KEYS
                                                            ? damage.change.apply(sound)
                                                            : sound;
                                                };
                                        InvalidOptionException refused =
                                                Assertions.assertThrows(
                                                        InvalidOptionException.class,
                                                        () ->
                                                                trial.tested()
                                                                        .executable()
                                                                        .restore(
                                                                                strategy, ROWS,
                                                                                ROWS, damaged)
                                                                        .close());
                                        Assertions.assertFalse(
                                                String.valueOf(refused.getMessage()).isBlank(),
                                                "the error says why");
                                    }
                                }));
    }

    private static DeltaRows rows(DeltaRows d, int count, long[] changed, float[] events) {
        return new DeltaRows(count, changed, events, d.steps(), d.sigma());
    }

    private static DeltaRows words(DeltaRows d, int more) {
        int words = d.changed().length + more;
        long[] changed = Arrays.copyOf(d.changed(), words);
        int events = Arrays.stream(changed).mapToInt(Long::bitCount).sum();
        return rows(d, d.count(), changed, Arrays.copyOf(d.events(), events));
    }

    private static DeltaRows counted(DeltaRows d, int more) {
        return rows(d, d.count() + more, d.changed(), d.events());
    }

    /** So many events, the last of them something else. */
    private static DeltaRows events(DeltaRows d, int count, float last) {
        float[] events = Arrays.copyOf(d.events(), count);
        events[count - 1] = last;
        return rows(d, d.count(), d.changed(), events);
    }

    /** Another event for the last change of channel 15. */
    private static DeltaRows event(DeltaRows d, float event) {
        BitSet changed = BitSet.valueOf(d.changed());
        int bit = 16 * d.count() - 1;
        while (!changed.get(bit)) {
            bit -= 16;
        }
        float[] events = d.events().clone();
        events[changed.get(0, bit).cardinality()] = event;
        return rows(d, d.count(), d.changed(), events);
    }

    private static DeltaRows steps(DeltaRows d, float[] steps) {
        return new DeltaRows(d.count(), d.changed(), d.events(), steps, d.sigma());
    }

    private static DeltaRows sigma(DeltaRows d, float sigma) {
        return new DeltaRows(d.count(), d.changed(), d.events(), d.steps(), sigma);
    }

    private static float[] filled(float step) {
        float[] steps = new float[16];
        Arrays.fill(steps, step);
        return steps;
    }

    private static KvStream exact(KvStream stream, float value) {
        float[] last = stream.exact().getLast().values().clone();
        last[last.length - 1] = value;
        List<Rows> rows = new ArrayList<>(stream.exact());
        rows.set(rows.size() - 1, new Rows(stream.exact().getLast().from(), last));
        return new KvStream(stream.length(), rows, stream.delta());
    }

    private static List<Rows> twice(List<Rows> rows) {
        List<Rows> twice = new ArrayList<>(rows);
        twice.addAll(rows);
        return twice;
    }
}
