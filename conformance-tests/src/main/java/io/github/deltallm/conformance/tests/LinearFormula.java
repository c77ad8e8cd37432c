package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Step.Logits;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import java.util.Arrays;
import java.util.Optional;

/** A linear layer in fp64 over decoded weights. */
final class LinearFormula {
    static final HeadShape ANY_HEADS = new HeadShape(1, 1, 1, 2);

    private final Weights weights;

    /** {@code [rows, columns]} */
    private final float[] decoded;

    private LinearFormula(Weights weights, float[] decoded) {
        this.weights = weights;
        this.decoded = decoded;
    }

    /** Weights as the oracle decodes them, which it does when it looks rows up. */
    static LinearFormula of(Weights weights, Backend oracle) {
        return new LinearFormula(weights, decode(weights.tensor(), oracle));
    }

    /** All values of a tensor. */
    static float[] decode(Tensor tensor, Backend oracle) {
        try (Bench bench = new Bench(oracle, lookUp(tensor), tensor.rows())) {
            int[] all = new int[tensor.rows()];
            Arrays.setAll(all, i -> i);
            return bench.run(
                    new Step()
                            .add(
                                    bench.newCache(Runs.DENSE, all.length),
                                    all,
                                    0,
                                    all.length,
                                    Logits.NONE));
        }
    }

    /** A program that looks rows of a table up. */
    static Program lookUp(Tensor table) {
        Program.Recorder recorder = Program.record(ANY_HEADS);
        Value out = recorder.value("out", table.columns());
        return recorder.embed(table, out).output(out).program();
    }

    /** A program of one linear layer. */
    static Program program(Tensor weight, Optional<Tensor> bias, Op.Activations activations) {
        Program.Recorder recorder = Program.record(ANY_HEADS);
        Value in = recorder.input("in", weight.columns());
        Value out = recorder.value("out", weight.rows());
        return recorder.linear(in, weight, bias, activations, out).output(out).program();
    }

    /**
     * {@code weight . in + bias} for every row of the input.
     *
     * <p>The bound is {@code gamma(columns + 4) * sum |w| |x|}; with {@link Precision#FAST} each
     * activation may be half a step of {@code max|x| / 127} off, and its scale be rounded to f16.
     */
    Expected of(float[] in, float[] bias, Precision precision) {
        int columns = weights.tensor().columns();
        int outputs = weights.tensor().rows();
        int rows = in.length / columns;
        boolean exactParts = weights.tensor().type().blockSize() == 1;
        Expected expected = new Expected(rows * outputs);
        for (int row = 0; row < rows; row++) {
            double largest = largest(in, row * columns, columns);
            double step = precision == Precision.FAST ? largest * (1.0 / 254 + 0x1p-11) : 0;
            for (int o = 0; o < outputs; o++) {
                double sum = 0;
                double magnitudes = 0;
                double rounded = 0;
                for (int i = 0; i < columns; i++) {
                    double w = decoded[o * columns + i];
                    double x = in[row * columns + i];
                    sum += w * x;
                    magnitudes += (exactParts ? Math.abs(w) : weights.magnitude()) * Math.abs(x);
                    rounded += Math.abs(w) * step;
                }
                expected.set(
                        row * outputs + o,
                        sum + bias[o],
                        Rounding.gamma(columns + 4) * (magnitudes + Math.abs(bias[o]))
                                + rounded * 1.01
                                + flushed(columns, weights.magnitude(), largest));
            }
        }
        return expected;
    }

    /** What a device loses that flushes denormal weights, activations and products. */
    private static double flushed(int columns, double weight, double activation) {
        return columns * Rounding.LEAST * (weight + activation + 1);
    }

    private static double largest(float[] values, int from, int count) {
        double largest = 0;
        for (int i = from; i < from + count; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }

    /** Widths that a tensor of this type may have: odd ones where blocks allow it. */
    static int[] widths(TensorType type) {
        return switch (type.blockSize()) {
            case 1 -> new int[] {1, 7, 32, 64, 96, 160, 576, 1000};
            case 32 -> new int[] {32, 64, 96, 160, 576};
            case 128 -> new int[] {128, 384, 640};
            default -> new int[] {256, 512, 768};
        };
    }
}
