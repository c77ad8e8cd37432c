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
 * weights and enter the row's accumulator by one fused multiplication with the scale; a minimum (or
 * the offset 8 of Q4_0) multiplies the sum of the block's x, which the four rows share.
 */
final class BlockMatVec {
    private BlockMatVec() {}

    static void q4v0(
            MemorySegment data,
            long at,
            long rowBytes,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums) {
        long o1 = rowBytes;
        long o2 = 2 * rowBytes;
        long o3 = 3 * rowBytes;
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long p = at + b * 18L;
            long q = xAt + b * 128L;
            for (int i = 0; i < 16; i += N) {
                FloatVector x0 = FloatVector.fromMemorySegment(F, x, q + 4 * i, NATIVE);
                FloatVector x1 = FloatVector.fromMemorySegment(F, x, q + 64 + 4 * i, NATIVE);
                FloatVector xs = x0.add(x1).mul(-8);
                float d = HALF[data.get(LE_SHORT, p) & 0xffff];
                IntVector v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + 2 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                FloatVector t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).fma(x0, xs);
                t = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(x1, t);
                a0 = t.fma(FloatVector.broadcast(F, d), a0);
                d = HALF[data.get(LE_SHORT, p + o1) & 0xffff];
                v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + o1 + 2 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).fma(x0, xs);
                t = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(x1, t);
                a1 = t.fma(FloatVector.broadcast(F, d), a1);
                d = HALF[data.get(LE_SHORT, p + o2) & 0xffff];
                v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + o2 + 2 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).fma(x0, xs);
                t = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(x1, t);
                a2 = t.fma(FloatVector.broadcast(F, d), a2);
                d = HALF[data.get(LE_SHORT, p + o3) & 0xffff];
                v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + o3 + 2 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).fma(x0, xs);
                t = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(x1, t);
                a3 = t.fma(FloatVector.broadcast(F, d), a3);
            }
        }
        a0.intoArray(sums, 0);
        a1.intoArray(sums, N);
        a2.intoArray(sums, 2 * N);
        a3.intoArray(sums, 3 * N);
    }

    static void q4v1(
            MemorySegment data,
            long at,
            long rowBytes,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums) {
        long o1 = rowBytes;
        long o2 = 2 * rowBytes;
        long o3 = 3 * rowBytes;
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long p = at + b * 20L;
            long q = xAt + b * 128L;
            for (int i = 0; i < 16; i += N) {
                FloatVector x0 = FloatVector.fromMemorySegment(F, x, q + 4 * i, NATIVE);
                FloatVector x1 = FloatVector.fromMemorySegment(F, x, q + 64 + 4 * i, NATIVE);
                FloatVector xs = x0.add(x1);
                int head = data.get(LE_INT, p);
                IntVector v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + 4 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                FloatVector t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).mul(x0);
                t = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(x1, t);
                a0 = t.fma(FloatVector.broadcast(F, HALF[head & 0xffff]), a0);
                a0 = xs.fma(FloatVector.broadcast(F, HALF[head >>> 16]), a0);
                head = data.get(LE_INT, p + o1);
                v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + o1 + 4 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).mul(x0);
                t = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(x1, t);
                a1 = t.fma(FloatVector.broadcast(F, HALF[head & 0xffff]), a1);
                a1 = xs.fma(FloatVector.broadcast(F, HALF[head >>> 16]), a1);
                head = data.get(LE_INT, p + o2);
                v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + o2 + 4 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).mul(x0);
                t = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(x1, t);
                a2 = t.fma(FloatVector.broadcast(F, HALF[head & 0xffff]), a2);
                a2 = xs.fma(FloatVector.broadcast(F, HALF[head >>> 16]), a2);
                head = data.get(LE_INT, p + o3);
                v =
                        (IntVector)
                                ByteVector.fromMemorySegment(B, data, p + o3 + 4 + i, LE)
                                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).mul(x0);
                t = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(x1, t);
                a3 = t.fma(FloatVector.broadcast(F, HALF[head & 0xffff]), a3);
                a3 = xs.fma(FloatVector.broadcast(F, HALF[head >>> 16]), a3);
            }
        }
        a0.intoArray(sums, 0);
        a1.intoArray(sums, N);
        a2.intoArray(sums, 2 * N);
        a3.intoArray(sums, 3 * N);
    }

    static void q8v0(
            MemorySegment data,
            long at,
            long rowBytes,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums) {
        long o1 = rowBytes;
        long o2 = 2 * rowBytes;
        long o3 = 3 * rowBytes;
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long p = at + b * 34L;
            long q = xAt + b * 128L;
            for (int i = 0; i < 16; i += N) {
                FloatVector x0 = FloatVector.fromMemorySegment(F, x, q + 4 * i, NATIVE);
                FloatVector x1 = FloatVector.fromMemorySegment(F, x, q + 64 + 4 * i, NATIVE);
                float d = HALF[data.get(LE_SHORT, p) & 0xffff];
                FloatVector t;
                t =
                        ((FloatVector)
                                        ((IntVector)
                                                        ByteVector.fromMemorySegment(
                                                                        B, data, p + 2 + i, LE)
                                                                .convertShape(B2I, I, 0))
                                                .convertShape(I2F, F, 0))
                                .mul(x0);
                t =
                        ((FloatVector)
                                        ((IntVector)
                                                        ByteVector.fromMemorySegment(
                                                                        B, data, p + 18 + i, LE)
                                                                .convertShape(B2I, I, 0))
                                                .convertShape(I2F, F, 0))
                                .fma(x1, t);
                a0 = t.fma(FloatVector.broadcast(F, d), a0);
                d = HALF[data.get(LE_SHORT, p + o1) & 0xffff];
                t =
                        ((FloatVector)
                                        ((IntVector)
                                                        ByteVector.fromMemorySegment(
                                                                        B, data, p + o1 + 2 + i, LE)
                                                                .convertShape(B2I, I, 0))
                                                .convertShape(I2F, F, 0))
                                .mul(x0);
                t =
                        ((FloatVector)
                                        ((IntVector)
                                                        ByteVector.fromMemorySegment(
                                                                        B,
                                                                        data,
                                                                        p + o1 + 18 + i,
                                                                        LE)
                                                                .convertShape(B2I, I, 0))
                                                .convertShape(I2F, F, 0))
                                .fma(x1, t);
                a1 = t.fma(FloatVector.broadcast(F, d), a1);
                d = HALF[data.get(LE_SHORT, p + o2) & 0xffff];
                t =
                        ((FloatVector)
                                        ((IntVector)
                                                        ByteVector.fromMemorySegment(
                                                                        B, data, p + o2 + 2 + i, LE)
                                                                .convertShape(B2I, I, 0))
                                                .convertShape(I2F, F, 0))
                                .mul(x0);
                t =
                        ((FloatVector)
                                        ((IntVector)
                                                        ByteVector.fromMemorySegment(
                                                                        B,
                                                                        data,
                                                                        p + o2 + 18 + i,
                                                                        LE)
                                                                .convertShape(B2I, I, 0))
                                                .convertShape(I2F, F, 0))
                                .fma(x1, t);
                a2 = t.fma(FloatVector.broadcast(F, d), a2);
                d = HALF[data.get(LE_SHORT, p + o3) & 0xffff];
                t =
                        ((FloatVector)
                                        ((IntVector)
                                                        ByteVector.fromMemorySegment(
                                                                        B, data, p + o3 + 2 + i, LE)
                                                                .convertShape(B2I, I, 0))
                                                .convertShape(I2F, F, 0))
                                .mul(x0);
                t =
                        ((FloatVector)
                                        ((IntVector)
                                                        ByteVector.fromMemorySegment(
                                                                        B,
                                                                        data,
                                                                        p + o3 + 18 + i,
                                                                        LE)
                                                                .convertShape(B2I, I, 0))
                                                .convertShape(I2F, F, 0))
                                .fma(x1, t);
                a3 = t.fma(FloatVector.broadcast(F, d), a3);
            }
        }
        a0.intoArray(sums, 0);
        a1.intoArray(sums, N);
        a2.intoArray(sums, 2 * N);
        a3.intoArray(sums, 3 * N);
    }
}
