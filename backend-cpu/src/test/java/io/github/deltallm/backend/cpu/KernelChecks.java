package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * The kernels against plain loops in double precision. No test framework, so that a forked JVM with
 * other vectors can run them by {@link #main}.
 */
final class KernelChecks {
    static final List<TensorType> TYPES = List.of(TensorType.values());

    private static final HeadShape NO_HEADS = new HeadShape(1, 1, 1, 16);

    private KernelChecks() {}

    /** Runs all checks. */
    public static void main(String[] args) {
        for (TensorType type : TYPES) {
            decoder(type);
            linear(type);
        }
        exponentials();
        logistic();
        rmsNorm();
        rope();
        gates();
        RepackedChecks.all();
        TernaryChecks.all();
        AttentionChecks.all();
        System.out.println("all kernels are right with " + Lanes.N + " lanes");
    }

    /** With fp32 activations. */
    static Backend open(int threads) {
        return open(threads, Precision.F32);
    }

    static Backend open(int threads, Precision precision) {
        return new CpuBackendProvider()
                .open(new BackendOptions(threads, precision, Optional.empty()));
    }

    /**
     * The values that the {@code gguf} package of Python decodes the same bytes to; those of I2_S,
     * which it does not know, by the format's definition.
     */
    static void decoder(TensorType type) {
        ByteBuffer golden = golden(type);
        int count = golden.getInt();
        byte[] bytes = new byte[Math.toIntExact(type.tensorBytes(1, count))];
        golden.get(bytes);
        MemorySegment data = Arena.ofAuto().allocate(bytes.length, 64);
        MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
        float[] values = RandomTensor.decoded(new Tensor("golden", type, 1, count, data));
        for (int i = 0; i < count; i++) {
            float expected = golden.getFloat();
            // A fused multiplication and addition rounds once where NumPy rounds twice.
            double tolerance = 4 * Math.ulp(expected) + 0x1p-24 * 4;
            require(
                    Math.abs(values[i] - expected) <= tolerance,
                    type + " value " + i + " is " + values[i] + ", not " + expected);
        }
    }

    private static ByteBuffer golden(TensorType type) {
        String name = "golden/" + type + ".bin";
        try (InputStream in = KernelChecks.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new AssertionError("there is no " + name);
            }
            return ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Odd numbers of outputs and of rows, with and without a bias. */
    static void linear(TensorType type) {
        int block = type.blockSize();
        int[] widths =
                block == 1
                        ? new int[] {1, 13, 64, 207}
                        : new int[] {block, block == 32 ? 288 : 3 * block};
        try (Backend backend = open(2)) {
            for (int columns : widths) {
                for (int outputs : new int[] {1, 5, 37, 130}) {
                    linear(backend, type, outputs, columns, outputs % 2 == 0);
                }
            }
        }
    }

    private static void linear(
            Backend backend, TensorType type, int outputs, int columns, boolean biased) {
        Tensor weight = RandomTensor.of("weight", type, outputs, columns, 31L * outputs + columns);
        Tensor bias = RandomTensor.of("bias", TensorType.F32, 1, outputs, 5);
        Program.Recorder recorder = Program.record(NO_HEADS);
        Value x = recorder.input("x", columns);
        Value y = recorder.value("y", outputs);
        recorder.linear(
                x, weight, biased ? Optional.of(bias) : Optional.empty(), Op.Activations.FLOAT, y);
        Program program = recorder.output(y).program();
        float[] w = RandomTensor.decoded(weight);
        float[] b = RandomTensor.decoded(bias);
        try (Executable executable = backend.compile(program, 150)) {
            for (int rows : new int[] {1, 2, 3, 4, 7, 8, 9, 20, 70, 150}) {
                float[] in = gaussian(rows * columns, rows);
                float[] out = run(executable, x, y, rows, in);
                for (int r = 0; r < rows; r++) {
                    for (int o = 0; o < outputs; o++) {
                        checkSum(
                                type + " " + outputs + " x " + columns + ", row " + r + ", " + o,
                                w,
                                o * columns,
                                in,
                                r * columns,
                                columns,
                                biased ? b[o] : 0,
                                out[r * outputs + o]);
                    }
                }
            }
        }
    }

    /**
     * A sum of n products in fp32, in any order, is off by at most {@code n * 2^-24 * sum |w x|};
     * where a scale and a minimum are summed apart, by four times that with the largest |w|.
     */
    private static void checkSum(
            String what,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            int count,
            double bias,
            float actual) {
        double sum = bias;
        double largest = 0;
        double magnitude = 0;
        for (int i = 0; i < count; i++) {
            sum += (double) w[wAt + i] * x[xAt + i];
            largest = Math.max(largest, Math.abs(w[wAt + i]));
            magnitude += Math.abs(x[xAt + i]);
        }
        double tolerance = (count + 8) * 0x1p-24 * (4 * largest * magnitude + Math.abs(bias));
        require(
                Math.abs(sum - actual) <= tolerance,
                what + " is " + actual + ", not " + sum + " (tolerance " + tolerance + ")");
    }

    static float[] run(Executable executable, Value x, Value y, int rows, float[] in) {
        executable.write(x, rows, in);
        TestStrategy dense = TestStrategy.dense(Encoding.Store.F32);
        try (KvCache cache = executable.newCache(dense, rows)) {
            executable.run(
                    new Step().add(cache, new int[rows], 0, rows, Step.Logits.NONE),
                    (row, logits) -> {});
        }
        return executable.read(y, rows);
    }

    /** Registers of which each lane is another number, with and without a stride. */
    static void exponentials() {
        float[] base = new float[Lanes.N];
        for (int lane = 0; lane < Lanes.N; lane++) {
            base[lane] = lane % 3;
        }
        float[] x = new float[3 * Lanes.N];
        for (float most = -140; most <= 0; most += 0.013f) {
            for (int i = 0; i < x.length; i++) {
                x[i] = most - i * 0.25f + base[i % Lanes.N];
            }
            float[] out = x.clone();
            VectorMath.exp2(out, 0, 2 * Lanes.N, 2, base);
            for (int i = 0; i < x.length; i++) {
                float exponent = x[i] - base[i % Lanes.N];
                if (i / Lanes.N == 1) {
                    require(out[i] == x[i], "a register between is changed");
                } else {
                    requireExponential(
                            "2^" + exponent, Math.pow(2, exponent), out[i], exponent < -126);
                }
            }
        }
        x[0] = Float.NEGATIVE_INFINITY;
        x[1] = Float.NaN;
        VectorMath.exp2(x, 0, Lanes.N, 1, base);
        require(x[0] == 0, "2^-infinity is " + x[0]);
        require(Float.isNaN(x[1]), "2^NaN is " + x[1]);
    }

    /** Over all that the exponential function has floats for, and beyond. */
    static void logistic() {
        MemorySegment x = Arena.ofAuto().allocate(Lanes.BYTES, 64);
        MemorySegment up = Arena.ofAuto().allocate(Lanes.BYTES, 64);
        MemorySegment out = Arena.ofAuto().allocate(Lanes.BYTES, 64);
        for (float value = -100; value <= 100; value += 0.013f) {
            for (int lane = 0; lane < Lanes.N; lane++) {
                x.setAtIndex(ValueLayout.JAVA_FLOAT, lane, value - 0.001f * lane);
                up.setAtIndex(ValueLayout.JAVA_FLOAT, lane, 1 + lane);
            }
            for (boolean gelu : new boolean[] {false, true}) {
                VectorMath.logistic(x, 0, gelu, up, 0, out, 0, Lanes.N);
                for (int lane = 0; lane < Lanes.N; lane++) {
                    double in = x.getAtIndex(ValueLayout.JAVA_FLOAT, lane);
                    double u = in;
                    if (gelu) {
                        u = 2 * Math.sqrt(2 / Math.PI) * (in + 0.044715 * in * in * in);
                    }
                    double expected = in / (1 + Math.exp(-u)) * (1 + lane);
                    float actual = out.getAtIndex(ValueLayout.JAVA_FLOAT, lane);
                    // An error of u is one of e^-u, as long as that is the larger summand.
                    double relative = 1e-6 + (gelu ? 6e-7 * Math.abs(Math.min(u, 0)) : 0);
                    double error = Math.abs(actual - expected);
                    boolean right = error <= relative * Math.abs(expected) + 1e-35;
                    require(right, "logistic of " + in + " is " + actual + ", not " + expected);
                }
            }
        }
    }

    private static void requireExponential(
            String what, double expected, float actual, boolean underflows) {
        double error = Math.abs(actual - expected);
        boolean right = underflows ? error < 0x1p-125 : error <= 4e-7 * expected;
        require(right, what + " is " + actual + ", not " + expected);
    }

    /** Whole rows and heads, odd ones too. */
    static void rmsNorm() {
        try (Backend backend = open(2)) {
            for (int count : new int[] {1, 13, 24, 64, 207}) {
                for (int runs : new int[] {1, 3}) {
                    rmsNorm(backend, count, runs);
                }
            }
        }
    }

    private static void rmsNorm(Backend backend, int count, int runs) {
        Tensor weight = RandomTensor.of("weight", TensorType.F32, 1, count, 3);
        Program.Recorder recorder = Program.record(NO_HEADS);
        Value x = recorder.input("x", count * runs);
        Value y = recorder.value("y", count * runs);
        Program program = recorder.rmsNorm(x, weight, 1e-5f, y).output(y).program();
        float[] w = RandomTensor.decoded(weight);
        try (Executable executable = backend.compile(program, 7)) {
            float[] in = gaussian(7 * count * runs, count);
            float[] out = run(executable, x, y, 7, in);
            for (int run = 0; run < 7 * runs; run++) {
                double squares = 0;
                for (int i = 0; i < count; i++) {
                    squares += (double) in[run * count + i] * in[run * count + i];
                }
                double scale = 1 / Math.sqrt(squares / count + 1e-5);
                for (int i = 0; i < count; i++) {
                    double expected = in[run * count + i] * scale * w[i];
                    requireClose("norm", expected, out[run * count + i], 1e-6);
                }
            }
        }
    }

    /** Both pairings; heads of odd widths, rotated wholly and partly. */
    static void rope() {
        try (Backend backend = open(2)) {
            for (RotaryEmbedding.Pairing pairing : RotaryEmbedding.Pairing.values()) {
                for (int dim : new int[] {16, 24, 40, 64}) {
                    rope(backend, pairing, dim, dim);
                    rope(backend, pairing, dim, 8);
                }
            }
        }
    }

    private static void rope(
            Backend backend, RotaryEmbedding.Pairing pairing, int dim, int rotated) {
        double[] frequencies = RotaryEmbedding.plainFrequencies(10_000, rotated);
        HeadShape shape = new HeadShape(1, 3, 1, dim);
        Program.Recorder recorder = Program.record(shape);
        Value x = recorder.input("x", 3 * dim);
        Program program =
                recorder.rope(x, new RotaryEmbedding(pairing, frequencies)).output(x).program();
        try (Executable executable = backend.compile(program, 9)) {
            float[] in = gaussian(9 * 3 * dim, dim);
            float[] out = run(executable, x, x, 9, in);
            boolean halves = pairing == RotaryEmbedding.Pairing.HALVES;
            for (int head = 0; head < 27; head++) {
                for (int c = rotated; c < dim; c++) {
                    int at = head * dim + c;
                    require(in[at] == out[at], "channel " + c + " must not be rotated");
                }
                for (int i = 0; i < rotated / 2; i++) {
                    int first = head * dim + (halves ? i : 2 * i);
                    int second = halves ? first + rotated / 2 : first + 1;
                    double angle = head / 3 * frequencies[i];
                    double cos = Math.cos(angle);
                    double sin = Math.sin(angle);
                    double one = in[first] * cos - in[second] * sin;
                    double two = in[second] * cos + in[first] * sin;
                    requireClose("rotated", one, out[first], 1e-6);
                    requireClose("rotated", two, out[second], 1e-6);
                }
            }
        }
    }

    /** Gates and sums, in place and not, behind a linear layer and alone. */
    static void gates() {
        try (Backend backend = open(3)) {
            for (Op.GateFunction function : Op.GateFunction.values()) {
                Program.Recorder recorder = Program.record(NO_HEADS);
                Value gate = recorder.input("gate", 53);
                Value up = recorder.input("up", 53);
                Value out = recorder.value("out", 53);
                recorder.gate(gate, up, function, gate).add(up, gate, out);
                Program program = recorder.output(out).program();
                try (Executable executable = backend.compile(program, 5)) {
                    float[] g = gaussian(5 * 53, 1);
                    float[] u = gaussian(5 * 53, 2);
                    executable.write(up, 5, u);
                    float[] result = run(executable, gate, out, 5, g);
                    for (int i = 0; i < result.length; i++) {
                        double expected = u[i] + function(function, g[i]) * u[i];
                        requireClose(function + "(" + g[i] + ")", expected, result[i], 2e-6);
                    }
                }
            }
        }
    }

    private static double function(Op.GateFunction function, double x) {
        return switch (function) {
            case SILU -> x / (1 + Math.exp(-x));
            case SQUARED_RELU -> x > 0 ? x * x : 0;
            case GELU ->
                    x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
        };
    }

    static float[] gaussian(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void requireClose(String what, double expected, double actual, double relative) {
        double tolerance = relative * Math.max(1, Math.abs(expected));
        require(
                Math.abs(expected - actual) <= tolerance,
                what + " is " + actual + ", not " + expected);
    }

    static void require(boolean condition, String message) {
        if (!condition) {
            throw new AssertionError(message);
        }
    }
}
