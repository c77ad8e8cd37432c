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
 * {@link MatVec} for the types without blocks: one accumulator a row, one register of columns at a
 * time; what is left of an odd row is added to the first lane.
 */
final class PlainMatVec {
    private PlainMatVec() {}

    static void f32(
            MemorySegment data,
            long at,
            long rowBytes,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums) {
        long o0 = at;
        long o1 = at + rowBytes;
        long o2 = o1 + rowBytes;
        long o3 = o2 + rowBytes;
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        int c = 0;
        for (; c + N <= columns; c += N) {
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE);
            a0 = FloatVector.fromMemorySegment(F, data, o0 + 4L * c, LE).fma(v, a0);
            a1 = FloatVector.fromMemorySegment(F, data, o1 + 4L * c, LE).fma(v, a1);
            a2 = FloatVector.fromMemorySegment(F, data, o2 + 4L * c, LE).fma(v, a2);
            a3 = FloatVector.fromMemorySegment(F, data, o3 + 4L * c, LE).fma(v, a3);
        }
        a0.intoArray(sums, 0);
        a1.intoArray(sums, N);
        a2.intoArray(sums, 2 * N);
        a3.intoArray(sums, 3 * N);
        for (; c < columns; c++) {
            float v = x.get(Lanes.FLOAT, xAt + 4L * c);
            for (int row = 0; row < 4; row++) {
                float w = data.get(Lanes.LE_FLOAT, at + row * rowBytes + 4L * c);
                sums[row * N] = Math.fma(w, v, sums[row * N]);
            }
        }
    }

    static void bf16(
            MemorySegment data,
            long at,
            long rowBytes,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums) {
        long o0 = at;
        long o1 = at + rowBytes;
        long o2 = o1 + rowBytes;
        long o3 = o2 + rowBytes;
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        int c = 0;
        for (; c + N <= columns; c += N) {
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE);
            a0 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, o0 + 2L * c, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats()
                            .fma(v, a0);
            a1 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, o1 + 2L * c, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats()
                            .fma(v, a1);
            a2 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, o2 + 2L * c, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats()
                            .fma(v, a2);
            a3 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, o3 + 2L * c, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats()
                            .fma(v, a3);
        }
        a0.intoArray(sums, 0);
        a1.intoArray(sums, N);
        a2.intoArray(sums, 2 * N);
        a3.intoArray(sums, 3 * N);
        for (; c < columns; c++) {
            float v = x.get(Lanes.FLOAT, xAt + 4L * c);
            for (int row = 0; row < 4; row++) {
                float w =
                        Float.intBitsToFloat(
                                data.get(Lanes.LE_SHORT, at + row * rowBytes + 2L * c) << 16);
                sums[row * N] = Math.fma(w, v, sums[row * N]);
            }
        }
    }

    /**
     * The exponent's bias is corrected by 2^56 in x and 2^56 in the sum, so that neither over- nor
     * underflows, and not in every weight.
     */
    static void f16(
            MemorySegment data,
            long at,
            long rowBytes,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums) {
        long o0 = at;
        long o1 = at + rowBytes;
        long o2 = o1 + rowBytes;
        long o3 = o2 + rowBytes;
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        int c = 0;
        for (; c + N <= columns; c += N) {
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE).mul(0x1p56f);
            a0 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, o0 + 2L * c, LE)
                                            .convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .fma(v, a0);
            a1 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, o1 + 2L * c, LE)
                                            .convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .fma(v, a1);
            a2 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, o2 + 2L * c, LE)
                                            .convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .fma(v, a2);
            a3 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, data, o3 + 2L * c, LE)
                                            .convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .fma(v, a3);
        }
        a0.mul(0x1p56f).intoArray(sums, 0);
        a1.mul(0x1p56f).intoArray(sums, N);
        a2.mul(0x1p56f).intoArray(sums, 2 * N);
        a3.mul(0x1p56f).intoArray(sums, 3 * N);
        for (; c < columns; c++) {
            float v = x.get(Lanes.FLOAT, xAt + 4L * c);
            for (int row = 0; row < 4; row++) {
                float w = Lanes.half(data, at + row * rowBytes + 2L * c);
                sums[row * N] = Math.fma(w, v, sums[row * N]);
            }
        }
    }
}
