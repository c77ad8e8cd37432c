package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.B;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.HALF;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.LE_INT;
import static io.github.deltallm.backend.cpu.Lanes.LE_SHORT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

import java.lang.foreign.MemorySegment;

/**
 * {@link MatVec} for the types with blocks of 32. A block's products are summed with integer
 * weights and enter the row's accumulator by one fused multiplication with the scale.
 */
final class BlockMatVec {
    private BlockMatVec() {}

    static void q4v0(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long p = at + b * 18L;
            long q = xAt + b * 128L;
            FloatVector t = FloatVector.zero(F);
            for (int i = 0; i < 16; i += N) {
                IntVector v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + 2 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                t =
                        ((FloatVector) v.and(15).sub(8).convertShape(I2F, F, 0))
                                .fma(FloatVector.fromMemorySegment(F, x, q + 4 * i, NATIVE), t);
                t =
                        ((FloatVector) v.lanewise(LSHR, 4).sub(8).convertShape(I2F, F, 0))
                                .fma(
                                        FloatVector.fromMemorySegment(F, x, q + 64 + 4 * i, NATIVE),
                                        t);
            }
            a = t.fma(FloatVector.broadcast(F, HALF[data.get(LE_SHORT, p) & 0xffff]), a);
        }
        a.intoArray(sums, to);
    }

    static void q4v1(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long p = at + b * 20L;
            long q = xAt + b * 128L;
            FloatVector t = FloatVector.zero(F);
            FloatVector xs = FloatVector.zero(F);
            for (int i = 0; i < 16; i += N) {
                FloatVector x0 = FloatVector.fromMemorySegment(F, x, q + 4 * i, NATIVE);
                FloatVector x1 = FloatVector.fromMemorySegment(F, x, q + 64 + 4 * i, NATIVE);
                IntVector v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + 4 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).fma(x0, t);
                t = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(x1, t);
                xs = xs.add(x0.add(x1));
            }
            int head = data.get(LE_INT, p);
            a = t.fma(FloatVector.broadcast(F, HALF[head & 0xffff]), a);
            a = xs.fma(FloatVector.broadcast(F, HALF[head >>> 16]), a);
        }
        a.intoArray(sums, to);
    }

    static void q8v0(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long p = at + b * 34L;
            long q = xAt + b * 128L;
            FloatVector t = FloatVector.zero(F);
            for (int i = 0; i < 32; i += N) {
                IntVector v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + 2 + i, LE)
                                        .convertShape(B2I, I, 0);
                t =
                        ((FloatVector) v.convertShape(I2F, F, 0))
                                .fma(FloatVector.fromMemorySegment(F, x, q + 4 * i, NATIVE), t);
            }
            a = t.fma(FloatVector.broadcast(F, HALF[data.get(LE_SHORT, p) & 0xffff]), a);
        }
        a.intoArray(sums, to);
    }
}
