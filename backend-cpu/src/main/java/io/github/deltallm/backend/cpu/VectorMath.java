package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Exponentials of a register, the same on every machine and in interpreted code; error below 3e-7.
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

    private VectorMath() {}

    /** {@code 2^x} for x up to 0; exactly 0 from -127 down. */
    static FloatVector exp2(FloatVector x) {
        FloatVector bounded = x.blend(-127f, x.compare(VectorOperators.LT, -127f));
        FloatVector shifted = bounded.add(ROUND);
        FloatVector f = bounded.sub(shifted.sub(ROUND));
        return polynomial(f).mul(powerOfTwo(shifted));
    }

    /**
     * {@code 2^x} of one value, bit for bit a lane of {@link #exp2(FloatVector)}. For code that has
     * only a few of them: where the compiler doesn't inline the vector form, its result is boxed.
     */
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

    /** {@code e^x}; infinite from 89 up, 0 from -88 down. */
    static FloatVector exp(FloatVector x) {
        FloatVector bounded = x.blend(-88f, x.compare(VectorOperators.LT, -88f));
        bounded = bounded.blend(89f, bounded.compare(VectorOperators.GT, 89f));
        FloatVector scaled = bounded.mul(LOG2_E);
        FloatVector rest = bounded.fma(FloatVector.broadcast(F, LOG2_E), scaled.neg());
        rest = bounded.fma(FloatVector.broadcast(F, LOG2_E_REST), rest);
        FloatVector shifted = scaled.add(ROUND);
        FloatVector f = scaled.sub(shifted.sub(ROUND)).add(rest);
        return polynomial(f).mul(powerOfTwo(shifted));
    }

    /** {@code 2^n}, n in the low bits of {@code n + ROUND}, from -127 (which gives 0) to 128. */
    private static FloatVector powerOfTwo(FloatVector shifted) {
        return shifted.reinterpretAsInts()
                .add(127)
                .lanewise(VectorOperators.LSHL, 23)
                .reinterpretAsFloats();
    }

    /** {@code 2^f} for f from -0.5 to 0.5. */
    private static FloatVector polynomial(FloatVector f) {
        FloatVector p = f.fma(of(C6), of(C5));
        p = p.fma(f, of(C4));
        p = p.fma(f, of(C3));
        p = p.fma(f, of(C2));
        p = p.fma(f, of(C1));
        return p.fma(f, of(1f));
    }

    private static FloatVector of(float value) {
        return FloatVector.broadcast(F, value);
    }
}
