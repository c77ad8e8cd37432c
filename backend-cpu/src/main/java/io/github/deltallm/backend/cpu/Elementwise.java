package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import io.github.deltallm.api.spi.Op.GateFunction;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import java.lang.foreign.MemorySegment;

/** Operations on whole registers of a row; counts are multiples of 16, padding included. */
final class Elementwise {
    private Elementwise() {}

    static void add(
            MemorySegment left,
            long leftAt,
            MemorySegment right,
            long rightAt,
            MemorySegment out,
            long at,
            int count) {
        for (long i = 0; i < 4L * count; i += 4L * N) {
            FloatVector.fromMemorySegment(F, left, leftAt + i, NATIVE)
                    .add(FloatVector.fromMemorySegment(F, right, rightAt + i, NATIVE))
                    .intoMemorySegment(out, at + i, NATIVE);
        }
    }

    static void gate(
            GateFunction function,
            MemorySegment gate,
            long gateAt,
            MemorySegment up,
            long upAt,
            MemorySegment out,
            long at,
            int count) {
        switch (function) {
            case SILU -> VectorMath.logistic(gate, gateAt, false, up, upAt, out, at, count);
            case SQUARED_RELU -> squaredRelu(gate, gateAt, up, upAt, out, at, count);
            case GELU -> VectorMath.logistic(gate, gateAt, true, up, upAt, out, at, count);
        }
    }

    private static void squaredRelu(
            MemorySegment gate,
            long gateAt,
            MemorySegment up,
            long upAt,
            MemorySegment out,
            long at,
            int count) {
        for (long i = 0; i < 4L * count; i += 4L * N) {
            FloatVector x = FloatVector.fromMemorySegment(F, gate, gateAt + i, NATIVE);
            FloatVector y = x.blend(0, x.compare(VectorOperators.LT, 0));
            y.mul(y)
                    .mul(FloatVector.fromMemorySegment(F, up, upAt + i, NATIVE))
                    .intoMemorySegment(out, at + i, NATIVE);
        }
    }

    /**
     * {@code out = in / sqrt(mean(in^2) + epsilon) * weight} of one run, which may have any length.
     *
     * @param lanes scratch of at least 2 N floats
     */
    static void rmsNorm(
            MemorySegment in,
            long inAt,
            MemorySegment weight,
            float epsilon,
            MemorySegment out,
            long at,
            int count,
            float[] lanes) {
        double squares = squares(in, inAt, count, lanes);
        float scale = (float) (1 / Math.sqrt(squares / count + epsilon));
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector.fromMemorySegment(F, in, inAt + 4L * i, NATIVE)
                    .mul(scale)
                    .mul(FloatVector.fromMemorySegment(F, weight, 4L * i, NATIVE))
                    .intoMemorySegment(out, at + 4L * i, NATIVE);
        }
        for (; i < count; i++) {
            float value = in.get(FLOAT, inAt + 4L * i) * scale * weight.get(FLOAT, 4L * i);
            out.set(FLOAT, at + 4L * i, value);
        }
    }

    /** Squares are summed lane by lane in fp32, the lanes in double. */
    private static double squares(MemorySegment in, long at, int count, float[] lanes) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        int i = 0;
        for (; i + 2 * N <= count; i += 2 * N) {
            FloatVector x = FloatVector.fromMemorySegment(F, in, at + 4L * i, NATIVE);
            FloatVector y = FloatVector.fromMemorySegment(F, in, at + 4L * (i + N), NATIVE);
            a = x.fma(x, a);
            b = y.fma(y, b);
        }
        a.intoArray(lanes, 0);
        b.intoArray(lanes, N);
        double sum = 0;
        for (int lane = 0; lane < 2 * N; lane++) {
            sum += lanes[lane];
        }
        for (; i < count; i++) {
            double x = in.get(FLOAT, at + 4L * i);
            sum += x * x;
        }
        return sum;
    }
}
