package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;

/**
 * Exponentials, the same on every machine and in interpreted code; error below 3e-7. Each function
 * has the polynomial written out: {@link Lanes} says why.
 */
final class VectorMath {
    /** log2(e), which turns exponents of e into exponents of 2. */
    static final float LOG2_E = 1.442695f;

    private static final float LOG2_E_REST = 1.925963e-8f;

    /** Adding it leaves the nearest integer in the low bits of the sum. */
    private static final float ROUND = 0x1.8p23f;

    /** Cephes' exp2f: {@code 2^f = 1 + C1 f + C2 f^2 + ...} for f from -0.5 to 0.5. */
    private static final float C1 = 0.6931472f;

    private static final float C2 = 0.24022648f;
    private static final float C3 = 0.055503324f;
    private static final float C4 = 0.009618437f;
    private static final float C5 = 0.0013398874f;
    private static final float C6 = 1.5353362e-4f;

    private static final float GELU_OUTER = 0.7978846f;
    private static final float GELU_INNER = 0.044715f;

    private VectorMath() {}

    /**
     * Replaces registers by {@code 2^(x - base)}, exactly 0 from -127 down.
     *
     * @param x {@code count} registers, {@code stride} floats apart, from {@code from} on
     * @param base what is subtracted, a number a lane, not less than any x of that lane
     */
    static void exp2(float[] x, int from, int stride, int count, float[] base) {
        FloatVector b = FloatVector.fromArray(F, base, 0);
        for (int i = 0, at = from; i < count; i++, at += stride) {
            FloatVector v = FloatVector.fromArray(F, x, at).sub(b);
            v = v.blend(-127f, v.compare(LT, -127f));
            FloatVector shifted = v.add(ROUND);
            FloatVector f = v.sub(shifted.sub(ROUND));
            FloatVector p = f.fma(FloatVector.broadcast(F, C6), FloatVector.broadcast(F, C5));
            p = p.fma(f, FloatVector.broadcast(F, C4));
            p = p.fma(f, FloatVector.broadcast(F, C3));
            p = p.fma(f, FloatVector.broadcast(F, C2));
            p = p.fma(f, FloatVector.broadcast(F, C1));
            p = p.fma(f, FloatVector.broadcast(F, 1f));
            FloatVector power =
                    shifted.reinterpretAsInts().add(127).lanewise(LSHL, 23).reinterpretAsFloats();
            p.mul(power).intoArray(x, at);
        }
    }

    /** {@code 2^x} of one value up to 0, bit for bit as of a register. */
    static float exp2(float x) {
        float bounded = x < -127f ? -127f : x;
        float shifted = bounded + ROUND;
        float f = bounded - (shifted - ROUND);
        float p = Math.fma(f, C6, C5);
        p = Math.fma(p, f, C4);
        p = Math.fma(p, f, C3);
        p = Math.fma(p, f, C2);
        p = Math.fma(p, f, C1);
        p = Math.fma(p, f, 1f);
        return p * Float.intBitsToFloat((Float.floatToRawIntBits(shifted) + 127) << 23);
    }

    /**
     * Computes {@code x / (1 + e^-u) * up}, of which u is x, or {@code 2 outer (x + inner x^3)} for
     * the approximation of GELU by the hyperbolic tangent. {@code e^x} is infinite from 89 up, 0
     * from -88 down.
     *
     * @param count a multiple of {@link Lanes#N}
     */
    static void logistic(
            MemorySegment gate,
            long gateAt,
            boolean gelu,
            MemorySegment up,
            long upAt,
            MemorySegment out,
            long to,
            int count) {
        for (long i = 0; i < 4L * count; i += BYTES) {
            FloatVector x = FloatVector.fromMemorySegment(F, gate, gateAt + i, NATIVE);
            FloatVector u = x;
            if (gelu) {
                u = x.mul(x).mul(GELU_INNER).add(1).mul(x).mul(2 * GELU_OUTER);
            }
            u = u.neg();
            u = u.blend(-88f, u.compare(LT, -88f));
            u = u.blend(89f, u.compare(GT, 89f));
            FloatVector scaled = u.mul(LOG2_E);
            FloatVector rest = u.fma(FloatVector.broadcast(F, LOG2_E), scaled.neg());
            rest = u.fma(FloatVector.broadcast(F, LOG2_E_REST), rest);
            FloatVector shifted = scaled.add(ROUND);
            FloatVector f = scaled.sub(shifted.sub(ROUND)).add(rest);
            FloatVector p = f.fma(FloatVector.broadcast(F, C6), FloatVector.broadcast(F, C5));
            p = p.fma(f, FloatVector.broadcast(F, C4));
            p = p.fma(f, FloatVector.broadcast(F, C3));
            p = p.fma(f, FloatVector.broadcast(F, C2));
            p = p.fma(f, FloatVector.broadcast(F, C1));
            p = p.fma(f, FloatVector.broadcast(F, 1f));
            FloatVector power =
                    shifted.reinterpretAsInts().add(127).lanewise(LSHL, 23).reinterpretAsFloats();
            x.div(p.mul(power).add(1))
                    .mul(FloatVector.fromMemorySegment(F, up, upAt + i, NATIVE))
                    .intoMemorySegment(out, to + i, NATIVE);
        }
    }
}
