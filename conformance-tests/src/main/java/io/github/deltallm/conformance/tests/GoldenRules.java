package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.RotaryEmbedding.Pairing;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * KRN, ATT and DLT against vectors that an independent implementation in numpy computed; how is in
 * {@code docs/conformance.md}.
 *
 * <p>When such a rule fails and the one about the same formula passes, then the kit or the
 * reference is wrong, not the backend.
 */
public abstract class GoldenRules extends ConformanceRules {
    /** For subclasses. */
    protected GoldenRules() {}

    @TestFactory
    @Tag("KRN")
    @DisplayName("KRN-30 required for common types: tensors are decoded as numpy decodes them")
    Stream<DynamicTest> tensorsAreDecoded() {
        GoldenFile file = GoldenFile.read("quantised");
        return Stream.of(TensorType.values())
                .filter(type -> file.has(type.name()))
                .map(type -> dynamicTest(type.name(), () -> decoded(type, file)));
    }

    private void decoded(TensorType type, GoldenFile file) {
        Tensor tensor = tensor(type, 2, 256, file.bytes(type.name()));
        float[] values = file.floats(type + ".values");
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        Expected expected = new Expected(values.length);
        for (int i = 0; i < values.length; i++) {
            // A backend may round the parts of a value, which are no larger than twice the largest.
            double bound = type.blockSize() == 1 ? 0 : 8 * Rounding.U * largest;
            expected.set(i, values[i], bound);
        }
        Supplier<Bench> attempt =
                () -> new Bench(backend(), LinearFormula.lookUp(tensor), values.length);
        boolean common = LinearRules.REQUIRED.contains(type);
        try (Bench bench = common ? required(attempt) : optional(attempt);
                KvCache cache = bench.newCache(Runs.DENSE, 2)) {
            Step step = new Step().add(cache, new int[] {0, 1}, 0, 2, Step.Logits.NONE);
            expected.check("decoded " + type, 256, bench.run(step));
        }
    }

    private static Tensor tensor(TensorType type, int rows, int columns, byte[] bytes) {
        MemorySegment data = Arena.ofAuto().allocate(bytes.length, 64);
        data.copyFrom(MemorySegment.ofArray(bytes));
        return new Tensor("golden." + type, type, rows, columns, data.asReadOnly());
    }

    @TestFactory
    @Tag("KRN")
    @DisplayName("KRN-31 required: rotations are numpy's, at position 4,000 as at 0")
    Stream<DynamicTest> rotationsAreNumpys() {
        GoldenFile file = GoldenFile.read("rope");
        return GoldenDelta.DIMS.stream()
                .flatMap(dim ->
                        Stream.of("interleaved", "halves", "part")
                                .map(kind ->
                                        dynamicTest(
                                                kind + ", heads of " + dim,
                                                () -> rotated(file, dim, kind))));
    }

    private void rotated(GoldenFile file, int dim, String kind) {
        Pairing pairing = kind.equals("interleaved") ? Pairing.INTERLEAVED : Pairing.HALVES;
        double base = kind.equals("halves") ? 500_000 : 10_000;
        int rotated = kind.equals("part") ? dim / 2 : dim;
        RotaryEmbedding embedding =
                new RotaryEmbedding(pairing, RotaryEmbedding.plainFrequencies(base, rotated));
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, dim));
        Value data = recorder.input("data", dim);
        recorder.rope(data, embedding).output(data);
        float[] in = file.floats(dim + ".in");
        float[] wanted = file.floats(dim + "." + kind);
        int[] positions = file.ints("positions");
        int chunk = 256;
        try (Bench bench = new Bench(backend(), recorder.program(), chunk);
                KvCache cache = bench.newCache(Runs.DENSE, positions[positions.length - 1] + 1)) {
            for (int i = 0; i < positions.length; i++) {
                while (cache.length() < positions[i]) {
                    int rows = Math.min(chunk, positions[i] - cache.length());
                    bench.run(cache, rows, new float[rows * dim]);
                }
                Expected expected = new Expected(dim);
                for (int c = 0; c < dim; c++) {
                    // Both channels of a pair are below 2 in magnitude.
                    expected.set(c, wanted[i * dim + c], 5 * Rounding.U * 4);
                }
                expected.check("position " + positions[i], dim, bench.run(cache, 1, in));
            }
        }
    }

    @TestFactory
    @Tag("KRN")
    @DisplayName("KRN-32 optional: INT8_ROW products over ternary weights are numpy's")
    Stream<DynamicTest> ternaryProductsAreNumpys() {
        GoldenFile file = GoldenFile.read("ternary");
        return Stream.of(TensorType.values())
                .filter(TensorType::ternary)
                .map(type -> dynamicTest(type.name(), () -> ternary(type, file)));
    }

    private void ternary(TensorType type, GoldenFile file) {
        int[] shape = file.ints("shape");
        Tensor weight = tensor(type, shape[0], shape[1], file.bytes(type.name()));
        Program program = LinearFormula.program(weight, Optional.empty(), Op.Activations.INT8_ROW);
        float[] wanted = file.floats("out");
        Expected expected = new Expected(wanted.length);
        for (int i = 0; i < wanted.length; i++) {
            expected.set(i, wanted[i], 4 * Rounding.U * Math.abs(wanted[i]));
        }
        try (Bench bench = optional(() -> new Bench(backend(), program, shape[2]))) {
            for (int rows : new int[] {shape[2], 1}) {
                expected.first(rows * shape[0])
                        .check(type + " of " + rows, shape[0], bench.once(rows, file.floats("in")));
            }
        }
    }

    @TestFactory
    @Tag("ATT")
    @DisplayName("ATT-12 required: dense outputs are numpy's, for every head dimension")
    Stream<DynamicTest> denseOutputsAreNumpys() {
        return GoldenDelta.DIMS.stream()
                .map(dim ->
                        dynamicTest(
                                "heads of " + dim,
                                () -> outputs(GoldenDelta.of(dim), "dense", Runs.DENSE)));
    }

    private void outputs(GoldenDelta golden, String of, Runs runs) {
        try (DeltaTrial trial = new DeltaTrial(golden.sequence(), runs, backend())) {
            Expected expected = golden.outputs(of, trial.formula());
            int width = golden.sequence().heads().queryWidth();
            for (int chunk : new int[] {trial.length(), 5, 1}) {
                try (KvCache cache = trial.newCache()) {
                    float[] out = trial.feed(cache, chunk);
                    int from = out.length - golden.last() * width;
                    expected.check(
                            of + " in chunks of " + chunk,
                            width,
                            Arrays.copyOfRange(out, from, out.length));
                }
            }
        }
    }

    /** A test for every head dimension and encoding. */
    private Stream<DynamicTest> deltas(DeltaRule rule) {
        requireCapability("delta");
        return GoldenDelta.DIMS.stream()
                .flatMap(dim ->
                        Stream.of(GoldenDelta.Case.values())
                                .map(of ->
                                        dynamicTest(
                                                of.key() + ", heads of " + dim,
                                                () -> rule.check(GoldenDelta.of(dim), of))));
    }

    /** What is checked of a case. */
    private interface DeltaRule {
        void check(GoldenDelta golden, GoldenDelta.Case of);
    }

    @TestFactory
    @Tag("DLT")
    @DisplayName("DLT-30 optional (delta): masks and events are numpy's, bit for bit")
    Stream<DynamicTest> streamsAreNumpys() {
        return deltas((golden, of) -> {
            try (DeltaTrial trial = new DeltaTrial(golden.sequence(), golden.runs(of), backend())) {
                for (int chunk : new int[] {trial.length(), 5, 1}) {
                    try (KvCache cache = trial.newCache()) {
                        trial.feed(cache, chunk);
                        golden.checkStreams(of, cache);
                    }
                }
            }
        });
    }

    @TestFactory
    @Tag("DLT")
    @DisplayName("DLT-31 optional (delta): weights are the softmax of numpy's scores")
    Stream<DynamicTest> scoresAreNumpys() {
        return deltas((golden, of) -> {
            for (int from = 0; from < golden.sequence().length(); from += 16) {
                weights(golden, of, from);
            }
        });
    }

    private void weights(GoldenDelta golden, GoldenDelta.Case of, int from) {
        Runs runs = golden.runs(of);
        Store store = runs.keys().store();
        Runs exactValues =
                new Runs(
                        runs.keys(), new Encoding.Exact(store), runs.sinks(), runs.window(), false);
        try (DeltaTrial trial =
                        new DeltaTrial(golden.showingWeights(from), exactValues, backend());
                KvCache cache = trial.newCache()) {
            int width = trial.heads().queryWidth();
            float[] out = trial.feed(cache, trial.length());
            golden.weights(of, from, trial.formula())
                    .check(
                            "weights of the keys from " + from,
                            width,
                            Arrays.copyOfRange(out, out.length - width, out.length));
        }
    }

    @TestFactory
    @Tag("DLT")
    @DisplayName("DLT-32 optional (delta): outputs are numpy's")
    Stream<DynamicTest> outputsAreNumpys() {
        return deltas((golden, of) -> outputs(golden, of.key(), golden.runs(of)));
    }
}
