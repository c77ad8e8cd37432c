package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.Value;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * KRN, the operations on rows: norm, rotation, gate, sum.
 *
 * <p>When a rule fails from a certain width on, look at the tail behind the last whole vector; when
 * rotations fail at large positions only, look for angles that were computed in fp32.
 */
@Tag("KRN")
public abstract class RowRules extends ConformanceRules {
    private static final int[] WIDTHS = {1, 7, 32, 64, 96, 160, 576, 1000};
    private static final int[] ROWS = {1, 2, 3, 17, 33};
    private static final int MOST_ROWS = 33;

    /** For subclasses. */
    protected RowRules() {}

    @TestFactory
    @DisplayName("KRN-10 required: rmsNorm equals its formula")
    Stream<DynamicTest> rmsNormEqualsItsFormula() {
        return IntStream.of(WIDTHS)
                .mapToObj(width -> dynamicTest(width + " wide", () -> rmsNorm(width, 1)));
    }

    @TestFactory
    @DisplayName("KRN-11 required: rmsNorm with a weight as wide as a head norms every head")
    Stream<DynamicTest> rmsNormOfEveryHead() {
        return Stream.of(16, 64, 80)
                .map(width -> dynamicTest("heads of " + width, () -> rmsNorm(width, 3)));
    }

    private void rmsNorm(int width, int heads) {
        Numbers numbers = new Numbers(width);
        float[] weight = numbers.normal(width);
        float[] in = numbers.awkward(MOST_ROWS * width * heads);
        float epsilon = 1e-5f;
        Expected expected = new Expected(in.length);
        for (int at = 0; at < in.length; at += width) {
            double squares = 0;
            for (int i = 0; i < width; i++) {
                squares += (double) in[at + i] * in[at + i];
            }
            double root = Math.sqrt(squares / width + epsilon);
            for (int i = 0; i < width; i++) {
                double value = in[at + i] / root * weight[i];
                double flushed = Rounding.LEAST * (1 + Math.abs(weight[i]) / root);
                expected.set(at + i, value, Rounding.gamma(width + 8) * Math.abs(value) + flushed);
            }
        }
        Program.Recorder recorder = Program.record(LinearFormula.ANY_HEADS);
        Value input = recorder.input("in", width * heads);
        Value out = recorder.value("out", width * heads);
        recorder.rmsNorm(input, Weights.f32("weight", 1, width, weight), epsilon, out).output(out);
        check("rmsNorm", recorder.program(), expected, in);
    }

    @TestFactory
    @DisplayName("KRN-12 required: rope rotates its pairs by position times frequency")
    Stream<DynamicTest> ropeRotatesItsPairs() {
        return Stream.of(RotaryEmbedding.Pairing.values())
                .flatMap(pairing ->
                        Stream.of(2, 16, 64, 80, 96, 128)
                                .map(dim ->
                                        dynamicTest(
                                                pairing + ", heads of " + dim,
                                                () -> rope(pairing, dim, dim))));
    }

    @Test
    @DisplayName("KRN-13 required: rope leaves channels behind the rotated ones alone")
    void ropeLeavesTheRest() {
        rope(RotaryEmbedding.Pairing.HALVES, 64, 32);
        rope(RotaryEmbedding.Pairing.INTERLEAVED, 64, 32);
    }

    private void rope(RotaryEmbedding.Pairing pairing, int dim, int rotated) {
        RotaryEmbedding embedding =
                new RotaryEmbedding(pairing, RotaryEmbedding.plainFrequencies(10_000, rotated));
        int width = 3 * dim;
        Program.Recorder recorder = Program.record(new HeadShape(1, 3, 3, dim));
        Value data = recorder.input("data", width);
        recorder.rope(data, embedding).output(data);
        float[] in = new Numbers(dim).awkward(MOST_ROWS * width);
        try (Bench bench = new Bench(backend(), recorder.program(), MOST_ROWS);
                KvCache cache = bench.newCache(Runs.DENSE, 3000 + MOST_ROWS)) {
            int position = 0;
            while (position < 3000) {
                int rows = position == 0 ? 5 : MOST_ROWS;
                float[] actual = bench.run(cache, rows, in);
                rotated(in, rows, position, embedding, dim)
                        .check("rope at position " + position, width, actual);
                position += rows;
            }
        }
    }

    private static Expected rotated(
            float[] in, int rows, int position, RotaryEmbedding embedding, int dim) {
        double[] frequencies = embedding.frequencies();
        boolean halves = embedding.pairing() == RotaryEmbedding.Pairing.HALVES;
        Expected expected = new Expected(rows * 3 * dim);
        for (int i = 0; i < rows * 3 * dim; i++) {
            expected.set(i, in[i], 0);
        }
        for (int head = 0; head < rows * 3; head++) {
            for (int pair = 0; pair < frequencies.length; pair++) {
                int first = head * dim + (halves ? pair : 2 * pair);
                int second = first + (halves ? frequencies.length : 1);
                double angle = (position + head / 3) * frequencies[pair];
                double x = in[first];
                double y = in[second];
                double bound = 4 * Rounding.U * (Math.abs(x) + Math.abs(y)) + 4 * Rounding.LEAST;
                expected.set(first, x * Math.cos(angle) - y * Math.sin(angle), bound);
                expected.set(second, x * Math.sin(angle) + y * Math.cos(angle), bound);
            }
        }
        return expected;
    }

    @TestFactory
    @DisplayName("KRN-14 required: gate equals its function times up")
    Stream<DynamicTest> gateEqualsItsFunction() {
        return Stream.of(Op.GateFunction.values())
                .map(function ->
                        dynamicTest(
                                function.name(),
                                () -> {
                                    for (int width : WIDTHS) {
                                        gate(function, width);
                                    }
                                }));
    }

    private void gate(Op.GateFunction function, int width) {
        Numbers numbers = new Numbers(width);
        float[] gate = numbers.scaled(MOST_ROWS * width, 6);
        float[] up = numbers.normal(MOST_ROWS * width);
        gate[0] = -120;
        gate[gate.length - 1] = 120;
        gate[gate.length / 2] = 0;
        Expected expected = new Expected(gate.length);
        for (int i = 0; i < gate.length; i++) {
            double x = gate[i];
            double activated = activated(function, x);
            // One ulp of an exponent's argument changes the exponential by |x| u.
            double relative = (Math.abs(x) + 16) * Rounding.U;
            double of = function == Op.GateFunction.GELU ? Math.abs(x) : Math.abs(activated);
            double bound = (relative * of + 1e-30) * Math.abs(up[i]) + Rounding.LEAST;
            expected.set(i, activated * up[i], bound);
        }
        Program.Recorder recorder = Program.record(LinearFormula.ANY_HEADS);
        Value left = recorder.input("gate", width);
        Value right = recorder.input("up", width);
        Value out = recorder.value("out", width);
        recorder.gate(left, right, function, out).output(out);
        check(function.name(), recorder.program(), expected, gate, up);
    }

    private static double activated(Op.GateFunction function, double x) {
        return switch (function) {
            case SILU -> x / (1 + Math.exp(-x));
            case SQUARED_RELU -> x > 0 ? x * x : 0;
            case GELU ->
                    x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
        };
    }

    @Test
    @DisplayName("KRN-15 required: gate and add may write over either input")
    void outputMayBeAnInput() {
        float[] left = new Numbers(1).normal(MOST_ROWS * 96);
        float[] right = new Numbers(2).normal(MOST_ROWS * 96);
        Expected sums = new Expected(left.length);
        for (int i = 0; i < left.length; i++) {
            sums.set(i, left[i] + right[i], 0);
        }
        for (int which = 0; which < 2; which++) {
            Program.Recorder recorder = Program.record(LinearFormula.ANY_HEADS);
            Value a = recorder.input("left", 96);
            Value b = recorder.input("right", 96);
            Value out = which == 0 ? a : b;
            recorder.add(a, b, out).output(out);
            check("add in place", recorder.program(), sums, left, right);
        }
    }

    @Test
    @DisplayName("KRN-16 required: add rounds once")
    void addRoundsOnce() {
        for (int width : WIDTHS) {
            Numbers numbers = new Numbers(width);
            float[] left = numbers.awkward(MOST_ROWS * width);
            float[] right = numbers.awkward(MOST_ROWS * width);
            Expected expected = new Expected(left.length);
            for (int i = 0; i < left.length; i++) {
                expected.set(i, left[i] + right[i], 2 * Rounding.LEAST);
            }
            Program.Recorder recorder = Program.record(LinearFormula.ANY_HEADS);
            Value a = recorder.input("left", width);
            Value b = recorder.input("right", width);
            Value out = recorder.value("out", width);
            recorder.add(a, b, out).output(out);
            check("add", recorder.program(), expected, left, right);
        }
    }

    private void check(String what, Program program, Expected expected, float[]... inputs) {
        int width = program.outputs().getFirst().width();
        try (Bench bench = required(() -> new Bench(backend(), program, MOST_ROWS))) {
            for (int rows : ROWS) {
                expected.first(rows * width)
                        .check(
                                what + " of " + rows + " rows, " + width + " wide",
                                width,
                                bench.once(rows, inputs));
            }
        }
    }
}
