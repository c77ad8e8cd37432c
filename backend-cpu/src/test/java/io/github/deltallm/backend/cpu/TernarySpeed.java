package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Times the projections of BitNet b1.58 2B4T, with random weights, and with {@code head} its output
 * matrix too: no test, but the command behind the figures of docs/performance.md.
 *
 * <p>Arguments: tensor type, activations, layers, {@code head} or {@code -}, threads, then numbers
 * of rows a step, for example {@code I2_S INT8_ROW 30 head 2 512 1}.
 */
final class TernarySpeed {
    private static final int WIDTH = 2560;
    private static final int KV_WIDTH = 640;
    private static final int FEED_FORWARD = 6912;
    private static final int VOCABULARY = 128_256;
    private static final double WEIGHTS_A_LAYER =
            2.0 * WIDTH * WIDTH + 2.0 * WIDTH * KV_WIDTH + 3.0 * WIDTH * FEED_FORWARD;

    private final TensorType type;
    private final Op.Activations activations;
    private final Arena arena = Arena.ofAuto();
    private final SplittableRandom random = new SplittableRandom(1);
    private final Program.Recorder recorder = Program.record(new HeadShape(1, 20, 5, 128));
    private final Value x = recorder.input("x", WIDTH);

    private TernarySpeed(TensorType type, Op.Activations activations) {
        this.type = type;
        this.activations = activations;
    }

    public static void main(String[] args) {
        int layers = Integer.parseInt(args[2]);
        TernarySpeed speed =
                new TernarySpeed(TensorType.valueOf(args[0]), Op.Activations.valueOf(args[1]));
        Program program = speed.program(layers, args[3].equals("head"));
        try (Backend backend = KernelChecks.open(Integer.parseInt(args[4]))) {
            long start = System.nanoTime();
            try (Executable executable = backend.compile(program, 512)) {
                System.out.printf(
                        "%s, %s %s, compiled in %.2f s%n",
                        backend.description(), args[0], args[1], seconds(start));
                for (int i = 5; i < args.length; i++) {
                    speed.time(executable, Integer.parseInt(args[i]), layers);
                }
            }
        }
    }

    private void time(Executable executable, int rows, int layers) {
        float[] in = KernelChecks.gaussian(rows * WIDTH, 1);
        double[] times = new double[rows < 32 ? 25 : 7];
        try (KvCache cache = executable.newCache(TestStrategy.dense(Encoding.Store.F32), rows)) {
            Step step = new Step().add(cache, new int[rows], 0, rows, Step.Logits.LAST);
            for (int i = 0; i < times.length; i++) {
                executable.write(x, rows, in);
                cache.truncate(0);
                long start = System.nanoTime();
                executable.run(step, (row, logits) -> {});
                times[i] = seconds(start);
            }
        }
        Arrays.sort(times);
        double median = times[times.length / 2];
        System.out.printf(
                "%d rows: median %.1f ms, least %.1f ms, %.1f rows/s, %.0f GOP/s%n",
                rows,
                1e3 * median,
                1e3 * times[0],
                rows / median,
                2e-9 * WEIGHTS_A_LAYER * layers * rows / median);
    }

    private static double seconds(long start) {
        return 1e-9 * (System.nanoTime() - start);
    }

    private Program program(int layers, boolean head) {
        Value query = recorder.value("query", WIDTH);
        Value key = recorder.value("key", KV_WIDTH);
        Value value = recorder.value("value", KV_WIDTH);
        Value out = recorder.value("out", WIDTH);
        Value gate = recorder.value("gate", FEED_FORWARD);
        Value up = recorder.value("up", FEED_FORWARD);
        Tensor norm = RandomTensor.of("norm", TensorType.F32, 1, WIDTH, 1);
        for (int layer = 0; layer < layers; layer++) {
            linear(x, query);
            linear(x, key);
            linear(x, value);
            linear(query, out);
            linear(out, gate);
            linear(out, up);
            recorder.gate(gate, up, Op.GateFunction.SQUARED_RELU, gate);
            linear(gate, out);
            recorder.rmsNorm(out, norm, 1e-5f, x);
        }
        return head
                ? recorder.logits(x, tensor(TensorType.F16, VOCABULARY, WIDTH)).program()
                : recorder.output(x).program();
    }

    private void linear(Value in, Value out) {
        Tensor weight = tensor(type, out.width(), in.width());
        recorder.linear(in, weight, Optional.empty(), activations, out);
    }

    private Tensor tensor(TensorType of, int rows, int columns) {
        MemorySegment data = arena.allocate(of.tensorBytes(rows, columns), 64);
        for (long at = 0; at < data.byteSize(); at += Long.BYTES) {
            long bits = random.nextLong();
            if (of == TensorType.F16) {
                bits = (bits & 0x83FF83FF83FF83FFL) | 0x2000200020002000L;
            } else if (of != TensorType.TQ1_0) {
                bits &= ~((bits & bits >>> 1 & 0x5555555555555555L) << 1);
            }
            data.set(ValueLayout.JAVA_LONG_UNALIGNED, at, bits);
        }
        if (of == TensorType.I2_S) {
            data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, data.byteSize() - 32, 0.02f);
        } else if (of.ternary()) {
            for (long at = of.blockBytes(); at <= data.byteSize(); at += of.blockBytes()) {
                short scale = Float.floatToFloat16(0.02f);
                data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at - 2, scale);
            }
        }
        return new Tensor("random", of, rows, columns, data);
    }
}
