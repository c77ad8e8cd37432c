package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;

import static jdk.incubator.vector.VectorOperators.ABS;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * The rule of delta encoding for a register of channels over consecutive rows: a channel changes
 * where it differs from the reference by more than its limit; see {@link SparseRule}. All kernels
 * write the transmitted change, or a negative zero, and add to each row's count of changes.
 */
final class EncodeKernels {
    /** Adding it leaves the nearest integer in the low bits of the sum. */
    private static final float ROUND = 0x1.8p23f;

    private EncodeKernels() {}

    /** Changes as they are. */
    static void f32(
            float[] in,
            int at,
            int stride,
            int rows,
            float[] limits,
            float[] reference,
            int c,
            float[] out,
            int to,
            int outStride,
            int[] counts,
            int count) {
        FloatVector r = FloatVector.fromArray(F, reference, c);
        FloatVector limit = FloatVector.fromArray(F, limits, c);
        FloatVector nothing = FloatVector.broadcast(F, -0f);
        for (int row = 0; row < rows; row++) {
            FloatVector change = FloatVector.fromArray(F, in, at + row * stride + c).sub(r);
            VectorMask<Float> changed = change.lanewise(ABS).compare(GT, limit);
            r = r.blend(r.add(change), changed);
            nothing.blend(change, changed).intoArray(out, to + row * outStride + c);
            counts[count + row] += changed.trueCount();
        }
        r.intoArray(reference, c);
    }

    /** Changes rounded to bf16, to nearest even. */
    static void bf16(
            float[] in,
            int at,
            int stride,
            int rows,
            float[] limits,
            float[] reference,
            int c,
            float[] out,
            int to,
            int outStride,
            int[] counts,
            int count) {
        FloatVector r = FloatVector.fromArray(F, reference, c);
        FloatVector limit = FloatVector.fromArray(F, limits, c);
        FloatVector nothing = FloatVector.broadcast(F, -0f);
        for (int row = 0; row < rows; row++) {
            FloatVector change = FloatVector.fromArray(F, in, at + row * stride + c).sub(r);
            VectorMask<Float> changed = change.lanewise(ABS).compare(GT, limit);
            IntVector bits = change.reinterpretAsInts();
            IntVector odd = bits.lanewise(LSHR, 16).and(1);
            FloatVector event = bits.add(odd).add(0x7FFF).and(0xFFFF0000).reinterpretAsFloats();
            r = r.blend(r.add(event), changed);
            nothing.blend(event, changed).intoArray(out, to + row * outStride + c);
            counts[count + row] += changed.trueCount();
        }
        r.intoArray(reference, c);
    }

    /** Changes as whole numbers of steps from -127 to 127, ties to even. */
    static void int8(
            float[] in,
            int at,
            int stride,
            int rows,
            float[] limits,
            float[] steps,
            float[] reference,
            int c,
            float[] out,
            int to,
            int outStride,
            int[] counts,
            int count) {
        FloatVector r = FloatVector.fromArray(F, reference, c);
        FloatVector limit = FloatVector.fromArray(F, limits, c);
        FloatVector step = FloatVector.fromArray(F, steps, c);
        FloatVector nothing = FloatVector.broadcast(F, -0f);
        for (int row = 0; row < rows; row++) {
            FloatVector change = FloatVector.fromArray(F, in, at + row * stride + c).sub(r);
            VectorMask<Float> changed = change.lanewise(ABS).compare(GT, limit);
            FloatVector quotient = change.div(step);
            quotient = quotient.blend(127f, quotient.compare(GT, 127f));
            quotient = quotient.blend(-127f, quotient.compare(LT, -127f));
            FloatVector event = quotient.add(ROUND).sub(ROUND).mul(step).add(0f);
            r = r.blend(r.add(event), changed);
            nothing.blend(event, changed).intoArray(out, to + row * outStride + c);
            counts[count + row] += changed.trueCount();
        }
        r.intoArray(reference, c);
    }

    /** No changes but the values themselves, where they exceed the limit. */
    static void pruned(
            float[] in,
            int at,
            int stride,
            int rows,
            float[] limits,
            int c,
            float[] out,
            int to,
            int outStride,
            int[] counts,
            int count) {
        FloatVector limit = FloatVector.fromArray(F, limits, c);
        FloatVector nothing = FloatVector.broadcast(F, -0f);
        for (int row = 0; row < rows; row++) {
            FloatVector value = FloatVector.fromArray(F, in, at + row * stride + c);
            VectorMask<Float> kept = value.lanewise(ABS).compare(GT, limit);
            nothing.blend(value, kept).intoArray(out, to + row * outStride + c);
            counts[count + row] += kept.trueCount();
        }
    }

    /** Whether all values of rows are finite. */
    static boolean finite(float[] in, int at, int stride, int rows, int width) {
        VectorMask<Float> finite = F.maskAll(true);
        for (int row = 0; row < rows; row++) {
            for (int c = 0; c < width; c += N) {
                FloatVector x = FloatVector.fromArray(F, in, at + row * stride + c);
                // Infinities and NaN minus themselves are NaN, which is not less than 1.
                finite = finite.and(x.sub(x).compare(LT, 1f));
            }
        }
        return finite.allTrue();
    }
}
