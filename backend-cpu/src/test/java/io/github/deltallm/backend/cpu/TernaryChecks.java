package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import java.util.List;
import java.util.Optional;

/** Linear layers with INT8_ROW activations against the words of the contract, bit for bit. */
final class TernaryChecks {
    private static final List<TensorType> TYPES =
            List.of(TensorType.I2_S, TensorType.TQ1_0, TensorType.TQ2_0);
    private static final int[] ROWS = {1, 2, 3, 9, 33, 70};
    private static final int MOST_ROWS = 70;

    private TernaryChecks() {}

    static void all() {
        for (TensorType type : TYPES) {
            equalScales(type);
            unusualRows(type);
            if (type != TensorType.I2_S) {
                differentScales(type);
            }
        }
    }

    /** Odd numbers of outputs, with and without a bias, by one to three threads. */
    static void equalScales(TensorType type) {
        int[] widths = type == TensorType.I2_S ? new int[] {128, 384, 2304} : new int[] {256, 2304};
        for (int threads = 1; threads <= 3; threads++) {
            try (Backend backend = KernelChecks.open(threads)) {
                for (int columns : widths) {
                    float[] in = KernelChecks.gaussian(MOST_ROWS * columns, columns);
                    for (int outputs : new int[] {1, 37, 64, 200}) {
                        TernaryTensor weight =
                                TernaryTensor.random(type, outputs, columns, outputs + columns);
                        check(backend, weight, outputs % 2 == 0, in);
                    }
                }
            }
        }
    }

    /** All zeros, nearly zeros, zeros of both signs, a NaN, an infinity, halves, an outlier. */
    static void unusualRows(TensorType type) {
        int columns = 512;
        float[] in = KernelChecks.gaussian(MOST_ROWS * columns, 1);
        for (int c = 0; c < columns; c++) {
            in[c] = 0;
            in[columns + c] = c % 2 == 0 ? 0 : Float.MIN_VALUE;
            in[2 * columns + c] = c % 2 == 0 ? -0f : 0;
            in[5 * columns + c] = c == 7 ? 127 : c % 255 - 127 + 0.5f;
        }
        in[3 * columns + 17] = Float.NaN;
        in[4 * columns + 300] = Float.NEGATIVE_INFINITY;
        in[6 * columns + 511] = 1e30f;
        try (Backend backend = KernelChecks.open(2)) {
            check(backend, TernaryTensor.random(type, 70, columns, 4), true, in);
            check(backend, TernaryTensor.random(type, 70, columns, 5), false, in);
        }
    }

    /** Some rows with equal scales, some with different ones, some with a scale of 0. */
    static void differentScales(TensorType type) {
        float[][] scales = new float[100][3];
        for (int row = 0; row < scales.length; row++) {
            for (int block = 0; block < 3; block++) {
                boolean equal = row % 3 == 0 || (row % 3 == 1 && block < 2);
                scales[row][block] =
                        equal ? 0.25f : row % 3 == 1 ? 0 : 0.01f * (row + block) - 0.4f;
            }
        }
        float[] in = KernelChecks.gaussian(MOST_ROWS * 768, 3);
        try (Backend backend = KernelChecks.open(2)) {
            check(backend, TernaryTensor.random(type, 100, 768, scales, 6), true, in);
        }
    }

    private static void check(Backend backend, TernaryTensor weight, boolean biased, float[] in) {
        int outputs = weight.tensor().rows();
        int columns = weight.tensor().columns();
        Tensor bias = RandomTensor.of("bias", TensorType.F32, 1, outputs, 5);
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 16));
        Value x = recorder.input("x", columns);
        Value y = recorder.value("y", outputs);
        Value sum = recorder.value("sum", outputs);
        recorder.linear(
                x,
                weight.tensor(),
                biased ? Optional.of(bias) : Optional.empty(),
                Op.Activations.INT8_ROW,
                y);
        // What follows column by column uses each thread's own outputs.
        Program program = recorder.add(y, y, sum).output(y).output(sum).program();
        float[] b = biased ? RandomTensor.decoded(bias) : new float[outputs];
        try (Executable executable = backend.compile(program, MOST_ROWS)) {
            for (int rows : ROWS) {
                float[] out = KernelChecks.run(executable, x, y, rows, in);
                float[] twice = executable.read(sum, rows);
                for (int row = 0; row < rows; row++) {
                    float[] expected = product(weight, in, row * columns, b);
                    for (int o = 0; o < outputs; o++) {
                        String what =
                                weight.tensor() + ", row " + row + " of " + rows + ", output " + o;
                        requireSame(what, expected[o], out[row * outputs + o]);
                        requireSame(what, 2 * expected[o], twice[row * outputs + o]);
                    }
                }
            }
        }
    }

    private static void requireSame(String what, float expected, float actual) {
        KernelChecks.require(
                Float.floatToIntBits(expected) == Float.floatToIntBits(actual),
                what + " is " + actual + ", not " + expected);
    }

    private static float[] product(TernaryTensor weight, float[] in, int at, float[] bias) {
        int columns = weight.tensor().columns();
        float largest = 0;
        for (int c = 0; c < columns; c++) {
            largest = Math.max(largest, Math.abs(in[at + c]));
        }
        float s = 127 / largest;
        long[] q = new long[columns];
        for (int c = 0; c < columns; c++) {
            q[c] = Math.clamp((long) Math.rint(in[at + c] * s), -128, 127);
        }
        float[] out = new float[bias.length];
        for (int o = 0; o < out.length; o++) {
            float product;
            if (Float.isInfinite(s)) {
                product = 0;
            } else if (Float.isNaN(s) || s == 0) {
                product = Float.NaN;
            } else {
                product = product(weight, o, q, s);
            }
            out[o] = product + bias[o];
        }
        return out;
    }

    private static float product(TernaryTensor weight, int row, long[] q, float s) {
        int size = weight.tensor().type().blockSize();
        float common = 0;
        boolean equal = true;
        long sum = 0;
        double total = 0;
        for (int block = 0; block < q.length / size; block++) {
            float scale = weight.scale(row, block);
            if (scale == 0) {
                continue;
            }
            equal &= common == 0 || scale == common;
            common = scale;
            long blockSum = 0;
            for (int c = block * size; c < (block + 1) * size; c++) {
                blockSum += weight.trits()[row][c] * q[c];
            }
            sum += blockSum;
            total += (double) scale * blockSum;
        }
        return equal ? sum * (common / s) : (float) (total / s);
    }
}
