package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Linear layers of repacked weights against plain loops in double precision. */
final class RepackedChecks {
    static final List<TensorType> TYPES =
            List.of(
                    TensorType.Q4_0,
                    TensorType.Q4_1,
                    TensorType.Q4_K,
                    TensorType.Q6_K,
                    TensorType.Q8_0);

    private static final int[] ROWS = {1, 2, 3, 4, 5, 9, 16, 17, 64, 70};
    private static final int MOST_ROWS = 70;

    private RepackedChecks() {}

    static void all() {
        for (TensorType type : TYPES) {
            for (Precision precision : Precision.values()) {
                sums(type, precision);
                unusualActivations(type, precision);
            }
            damagedScale(type);
        }
    }

    /** Odd numbers of outputs, with and without a bias, by one to three threads. */
    static void sums(TensorType type, Precision precision) {
        int[] widths = type.blockSize() == 256 ? new int[] {256, 768} : new int[] {32, 96, 576};
        for (int threads = 1; threads <= 3; threads++) {
            try (Backend backend = KernelChecks.open(threads, precision)) {
                for (int columns : widths) {
                    float[] in = KernelChecks.gaussian(MOST_ROWS * columns, columns);
                    for (int outputs : new int[] {1, 17, 64, 130, 200}) {
                        Tensor weight =
                                RandomTensor.of("weight", type, outputs, columns, outputs * 31L);
                        check(backend, precision, weight, outputs % 2 == 0, in);
                    }
                }
            }
        }
    }

    /** Zeros, the least floats, values whose sums reach the ends of 16 bits, large values. */
    static void unusualActivations(TensorType type, Precision precision) {
        int columns = 256;
        float[] in = KernelChecks.gaussian(MOST_ROWS * columns, 1);
        boolean rounds = precision == Precision.FAST;
        for (int c = 0; c < columns; c++) {
            in[c] = 0;
            in[columns + c] = c % 2 == 0 ? -0f : Float.MIN_VALUE;
            in[2 * columns + c] = 1e-37f * (c % 5 - 2);
            in[3 * columns + c] = 1;
            in[4 * columns + c] = -1;
            in[5 * columns + c] = 1e25f * (c % 7 - 3);
            in[6 * columns + c] = c == 40 ? 1000 : 0.001f;
            in[7 * columns + c] = c % 32 == 0 ? 127 : c % 32 - 15.5f;
            // Of fp32 with integer weights the sum would be infinite before it is scaled.
            in[8 * columns + c] = rounds && type == TensorType.Q8_0 ? 1.5e36f : 2e33f;
        }
        try (Backend backend = KernelChecks.open(2, precision)) {
            Tensor weight = RandomTensor.of("weight", type, 70, columns, 9);
            for (long at = 0; at < weight.data().byteSize(); at += type.blockBytes()) {
                // Some blocks hold the least weights only, some the greatest.
                boolean least = at / type.blockBytes() % 3 == 0;
                byte value = (byte) (least ? 0 : 0xff);
                if (at / type.blockBytes() % 3 != 1) {
                    long values =
                            at
                                    + switch (type) {
                                        case Q4_0, Q8_0 -> 2;
                                        case Q6_K -> 0;
                                        default -> 4;
                                    };
                    weight.data().asSlice(values, 16).fill(value);
                    if (type == TensorType.Q6_K) {
                        weight.data().asSlice(at + 128, 16).fill(value);
                    }
                    if (type == TensorType.Q8_0) {
                        weight.data().asSlice(values, 32).fill((byte) (least ? -128 : 127));
                    }
                }
            }
            check(backend, precision, weight, false, in);
            notFinite(backend, weight, Float.NaN);
            notFinite(backend, weight, Float.POSITIVE_INFINITY);
            notFinite(backend, weight, Float.NEGATIVE_INFINITY);
        }
    }

    private static void notFinite(Backend backend, Tensor weight, float value) {
        for (int rows : new int[] {1, 5}) {
            float[] in = KernelChecks.gaussian(rows * weight.columns(), 3);
            in[(rows - 1) * weight.columns() + 50] = value;
            float[] out = run(backend, weight, Optional.empty(), rows, in);
            for (int o = 0; o < weight.rows(); o++) {
                float last = out[(rows - 1) * weight.rows() + o];
                KernelChecks.require(
                        !Float.isFinite(last), value + " times " + weight + " gives " + last);
                KernelChecks.require(
                        rows == 1 || Float.isFinite(out[o]), "a row before " + value + " is lost");
            }
        }
    }

    /** A scale that is not finite is refused, where the model is loaded. */
    static void damagedScale(TensorType type) {
        int[] offsets =
                switch (type) {
                    case Q4_0, Q8_0 -> new int[] {0};
                    case Q6_K -> new int[] {208};
                    default -> new int[] {0, 2};
                };
        for (int offset : offsets) {
            Tensor weight = RandomTensor.of("weight", type, 5, 512, 9);
            long at = weight.rowBytes() * 3 + type.blockBytes() + offset;
            weight.data().set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) 0x7c00);
            try (Backend backend = KernelChecks.open(1, Precision.FAST)) {
                run(backend, weight, Optional.empty(), 1, new float[512]);
                throw new AssertionError(type + ": an infinite scale was taken");
            } catch (ModelFormatException e) {
                KernelChecks.require(
                        e.getMessage().contains("has the scale Infinity in row 3"), e.getMessage());
            }
        }
    }

    private static float[] run(
            Backend backend, Tensor weight, Optional<Tensor> bias, int rows, float[] in) {
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 16));
        Value x = recorder.input("x", weight.columns());
        Value y = recorder.value("y", weight.rows());
        recorder.linear(x, weight, bias, Op.Activations.FLOAT, y);
        Program program = recorder.output(y).program();
        try (Executable executable = backend.compile(program, rows)) {
            return KernelChecks.run(executable, x, y, rows, in);
        }
    }

    private static void check(
            Backend backend, Precision precision, Tensor weight, boolean biased, float[] in) {
        int outputs = weight.rows();
        int columns = weight.columns();
        Tensor bias = RandomTensor.of("bias", TensorType.F32, 1, outputs, 5);
        Optional<Tensor> used = biased ? Optional.of(bias) : Optional.empty();
        float[] w = RandomTensor.decoded(weight);
        float[] b = RandomTensor.decoded(bias);
        float[] factors = roundedFactors(weight);
        boolean rounds = RepackedWeight.rounds(weight, precision);
        // More rows of Q8_0 are not rounded.
        int roundedRows = weight.type() == TensorType.Q8_0 ? 16 : MOST_ROWS;
        float[] most = run(backend, weight, used, roundedRows, in);
        for (int rows : ROWS) {
            float[] out = run(backend, weight, used, rows, in);
            KernelChecks.require(
                    !rounds
                            || rows > roundedRows
                            || Arrays.mismatch(out, most)
                                    == (rows == roundedRows ? -1 : out.length),
                    weight + ": results of rows depend on how many there are: " + rows);
            for (int r = 0; r < rows; r++) {
                double[] x = asTheyAre(in, r * columns, columns);
                double[] rounding = rounding(x);
                for (int o = 0; o < outputs; o++) {
                    double start = biased ? b[o] : 0;
                    double slack = rounds ? dot(factors, o * columns, rounding) : 0;
                    checkSum(weight, w, o, x, start, slack, out[r * outputs + o]);
                }
            }
        }
    }

    private static double[] asTheyAre(float[] in, int from, int count) {
        double[] values = new double[count];
        for (int c = 0; c < count; c++) {
            values[c] = in[from + c];
        }
        return values;
    }

    /**
     * What a rounded activation is multiplied by, at most: a weight of 4 bits n as 8 - n, one of 8
     * bits as n - 8; those of 6 bits meet no rounded activations.
     */
    private static float[] roundedFactors(Tensor weight) {
        float[] factors = new float[weight.rows() * weight.columns()];
        if (weight.type() == TensorType.Q6_K) {
            return factors;
        }
        if (weight.type() == TensorType.Q8_0) {
            float[] ones = RandomTensor.decoded(filled(weight, 1));
            for (int i = 0; i < factors.length; i++) {
                factors[i] = 136 * Math.abs(ones[i]);
            }
            return factors;
        }
        float[] least = RandomTensor.decoded(filled(weight, 0));
        float[] greatest = RandomTensor.decoded(filled(weight, 0xff));
        for (int i = 0; i < factors.length; i++) {
            factors[i] = 8 * Math.abs(greatest[i] - least[i]) / 15;
        }
        return factors;
    }

    /** The tensor with the same scales and all weights alike. */
    private static Tensor filled(Tensor weight, int value) {
        MemorySegment data = Arena.ofAuto().allocate(weight.data().byteSize(), 64);
        data.copyFrom(weight.data());
        boolean bytes = weight.type() == TensorType.Q8_0;
        int weights = weight.type().blockSize() / (bytes ? 1 : 2);
        int blockBytes = weight.type().blockBytes();
        for (long end = blockBytes; end <= data.byteSize(); end += blockBytes) {
            data.asSlice(end - weights, weights).fill((byte) value);
        }
        return new Tensor(weight.name(), weight.type(), weight.rows(), weight.columns(), data);
    }

    /** How far each activation may be from the rounded one: half a step of its block. */
    private static double[] rounding(double[] x) {
        double[] rounding = new double[x.length];
        for (int block = 0; block < x.length; block += 32) {
            double largest = 0;
            for (int c = block; c < block + 32; c += 4) {
                double four = 0;
                for (int i = c; i < c + 4; i++) {
                    four += Math.abs(x[i]);
                }
                largest = Math.max(largest, four);
            }
            double step = Math.max(largest / RoundedRows.STEPS, RoundedRows.LEAST_STEP);
            Arrays.fill(rounding, block, block + 32, 0.5001 * step);
        }
        return rounding;
    }

    private static double dot(float[] factors, int from, double[] x) {
        double sum = 0;
        for (int c = 0; c < x.length; c++) {
            sum += factors[from + c] * x[c];
        }
        return sum;
    }

    /**
     * A sum of n products in fp32, in any order, is off by at most {@code n * 2^-24 * sum |w x|};
     * weights are multiplied as up to four times as much as they stand for.
     *
     * @param slack what rounded activations add
     */
    private static void checkSum(
            Tensor weight, float[] w, int o, double[] x, double bias, double slack, float actual) {
        double sum = bias;
        double magnitude = Math.abs(bias);
        double largest = 0;
        for (int c = 0; c < x.length; c++) {
            double factor = w[o * x.length + c];
            sum += factor * x[c];
            largest = Math.max(largest, Math.abs(factor));
            magnitude += Math.abs(x[c]);
        }
        // The offset of a type with a minimum is up to ten times its largest weight.
        double tolerance =
                (x.length + 8) * 0x1p-24 * (10 * largest + 1) * magnitude
                        + Float.MIN_NORMAL
                        + slack;
        KernelChecks.require(
                Math.abs(sum - actual) <= tolerance,
                weight
                        + " output "
                        + o
                        + " is "
                        + actual
                        + ", not "
                        + sum
                        + " (tolerance "
                        + tolerance
                        + ")");
    }
}
