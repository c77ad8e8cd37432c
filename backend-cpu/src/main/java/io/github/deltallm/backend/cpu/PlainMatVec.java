package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.H;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.MemorySegment;

/**
 * {@link MatVec} for the types without blocks. A row has two accumulators; what is left of an odd
 * one is added to the first lane.
 *
 * <p>Loads are written out: the compiler stops inlining methods at some size of the kernel, and a
 * register that a method returns is boxed then.
 */
final class PlainMatVec {
    private static final float HALF_BIAS = 0x1p56f;

    private PlainMatVec() {}

    static void f32(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        int c = 0;
        for (; c + 2 * N <= columns; c += 2 * N) {
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE);
            a = FloatVector.fromMemorySegment(F, data, at + 4L * c, LE).fma(v, a);
            v = FloatVector.fromMemorySegment(F, x, xAt + 4L * (c + N), NATIVE);
            b = FloatVector.fromMemorySegment(F, data, at + 4L * (c + N), LE).fma(v, b);
        }
        for (; c + N <= columns; c += N) {
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE);
            a = FloatVector.fromMemorySegment(F, data, at + 4L * c, LE).fma(v, a);
        }
        a.add(b).intoArray(sums, to);
        for (; c < columns; c++) {
            float w = data.get(Lanes.LE_FLOAT, at + 4L * c);
            sums[to] = Math.fma(w, x.get(Lanes.FLOAT, xAt + 4L * c), sums[to]);
        }
    }

    static void bf16(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        int c = 0;
        for (; c + 2 * N <= columns; c += 2 * N) {
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE);
            a =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, at + 2L * c, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats()
                            .fma(v, a);
            v = FloatVector.fromMemorySegment(F, x, xAt + 4L * (c + N), NATIVE);
            b =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, at + 2L * (c + N), LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats()
                            .fma(v, b);
        }
        for (; c + N <= columns; c += N) {
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE);
            a =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, at + 2L * c, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats()
                            .fma(v, a);
        }
        a.add(b).intoArray(sums, to);
        for (; c < columns; c++) {
            float w = Float.intBitsToFloat(data.get(Lanes.LE_SHORT, at + 2L * c) << 16);
            sums[to] = Math.fma(w, x.get(Lanes.FLOAT, xAt + 4L * c), sums[to]);
        }
    }

    /**
     * Halves are taken for floats with the exponent's bias of halves, too small by a factor of
     * 2^112. That is corrected by 2^56 in x and 2^56 in the sum, so that neither over- nor
     * underflows, and not in every weight.
     */
    static void f16(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        int c = 0;
        for (; c + 2 * N <= columns; c += 2 * N) {
            FloatVector v =
                    FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE).mul(HALF_BIAS);
            a =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, at + 2L * c, LE)
                                            .convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .fma(v, a);
            v = FloatVector.fromMemorySegment(F, x, xAt + 4L * (c + N), NATIVE).mul(HALF_BIAS);
            b =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, at + 2L * (c + N), LE)
                                            .convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .fma(v, b);
        }
        for (; c + N <= columns; c += N) {
            FloatVector v =
                    FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE).mul(HALF_BIAS);
            a =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, at + 2L * c, LE)
                                            .convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .fma(v, a);
        }
        a.add(b).mul(HALF_BIAS).intoArray(sums, to);
        for (; c < columns; c++) {
            float w = Lanes.half(data, at + 2L * c);
            sums[to] = Math.fma(w, x.get(Lanes.FLOAT, xAt + 4L * c), sums[to]);
        }
    }
}
