package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

import java.lang.foreign.MemorySegment;

/**
 * Transposes squares of {@link Lanes#N} x N floats, by exchanging ever larger squares across the
 * diagonal: distances 1 and 2 on the way into a scratch, 4 and 8 on the way out, four rows in
 * registers at a time.
 */
final class Transpose {
    /** Bytes of the scratch. */
    static final long SCRATCH = (long) N * BYTES;

    private static final VectorShuffle<Float> SWAP_1 = swap(1);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_8 = swap(8);
    private static final VectorMask<Float> ODD_1 = VectorMask.fromLong(F, 0xAAAA);
    private static final VectorMask<Float> ODD_2 = VectorMask.fromLong(F, 0xCCCC);
    private static final VectorMask<Float> ODD_4 = VectorMask.fromLong(F, 0xF0F0);
    private static final VectorMask<Float> ODD_8 = VectorMask.fromLong(F, 0xFF00);

    private Transpose() {}

    private static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(F, lane -> (lane ^ distance) & N - 1);
    }

    /** From N rows that are {@code stride} bytes apart to N rows {@code toStride} bytes apart. */
    static void tile(
            MemorySegment from,
            long at,
            long stride,
            MemorySegment to,
            long toAt,
            long toStride,
            MemorySegment scratch) {
        for (int i = 0; i < N; i += 4) {
            long row = at + i * stride;
            in(from, row, row + stride, row + 2 * stride, row + 3 * stride, scratch, i);
        }
        out(scratch, to, toAt, toStride);
    }

    /** As above, from N rows at the offsets {@code rows[row...]}, {@code shift} bytes into each. */
    static void gathered(
            MemorySegment from,
            long[] rows,
            int row,
            long shift,
            MemorySegment to,
            long toAt,
            long toStride,
            MemorySegment scratch) {
        for (int i = 0; i < N; i += 4) {
            in(
                    from,
                    rows[row + i] + shift,
                    rows[row + i + 1] + shift,
                    rows[row + i + 2] + shift,
                    rows[row + i + 3] + shift,
                    scratch,
                    i);
        }
        out(scratch, to, toAt, toStride);
    }

    /** As above, from an array, where strides count floats. */
    static void tile(
            float[] from,
            int at,
            int stride,
            MemorySegment to,
            long toAt,
            long toStride,
            MemorySegment scratch) {
        for (int i = 0; i < N; i += 4) {
            in(from, at + i * stride, stride, scratch, i);
        }
        out(scratch, to, toAt, toStride);
    }

    /** As above, to an array, where strides count floats. */
    static void tile(
            MemorySegment from,
            long at,
            long stride,
            float[] to,
            int toAt,
            int toStride,
            MemorySegment scratch) {
        for (int i = 0; i < N; i += 4) {
            long row = at + i * stride;
            in(from, row, row + stride, row + 2 * stride, row + 3 * stride, scratch, i);
        }
        for (int i = 0; i < 4; i++) {
            if (N == 4) {
                row(scratch, i).intoArray(to, toAt + i * toStride);
            } else if (N == 8) {
                out8(scratch, i, to, toAt + i * toStride, toStride);
            } else {
                out16(scratch, i, to, toAt + i * toStride, toStride);
            }
        }
    }

    /**
     * A block of keys, {@code [channel][position]}, to rows that are {@code stride} floats apart.
     */
    static void blockToRows(
            MemorySegment block, int dim, float[] to, int at, int stride, MemorySegment scratch) {
        for (int k = 0; k < RowFormat.BLOCK; k += N) {
            for (int c = 0; c < dim; c += N) {
                tile(
                        block,
                        4L * (c * RowFormat.BLOCK + k),
                        4L * RowFormat.BLOCK,
                        to,
                        at + k * stride + c,
                        stride,
                        scratch);
            }
        }
    }

    private static FloatVector row(MemorySegment scratch, int row) {
        return FloatVector.fromMemorySegment(F, scratch, (long) row * BYTES, NATIVE);
    }

    private static void in(
            MemorySegment from, long a, long b, long c, long d, MemorySegment scratch, int row) {
        FloatVector r0 = FloatVector.fromMemorySegment(F, from, a, NATIVE);
        FloatVector r1 = FloatVector.fromMemorySegment(F, from, b, NATIVE);
        FloatVector r2 = FloatVector.fromMemorySegment(F, from, c, NATIVE);
        FloatVector r3 = FloatVector.fromMemorySegment(F, from, d, NATIVE);
        FloatVector s0 = r0.blend(r1.rearrange(SWAP_1), ODD_1);
        FloatVector s1 = r0.rearrange(SWAP_1).blend(r1, ODD_1);
        FloatVector s2 = r2.blend(r3.rearrange(SWAP_1), ODD_1);
        FloatVector s3 = r2.rearrange(SWAP_1).blend(r3, ODD_1);
        long to = (long) row * BYTES;
        s0.blend(s2.rearrange(SWAP_2), ODD_2).intoMemorySegment(scratch, to, NATIVE);
        s1.blend(s3.rearrange(SWAP_2), ODD_2).intoMemorySegment(scratch, to + BYTES, NATIVE);
        s0.rearrange(SWAP_2).blend(s2, ODD_2).intoMemorySegment(scratch, to + 2L * BYTES, NATIVE);
        s1.rearrange(SWAP_2).blend(s3, ODD_2).intoMemorySegment(scratch, to + 3L * BYTES, NATIVE);
    }

    private static void in(float[] from, int at, int stride, MemorySegment scratch, int row) {
        FloatVector r0 = FloatVector.fromArray(F, from, at);
        FloatVector r1 = FloatVector.fromArray(F, from, at + stride);
        FloatVector r2 = FloatVector.fromArray(F, from, at + 2 * stride);
        FloatVector r3 = FloatVector.fromArray(F, from, at + 3 * stride);
        FloatVector s0 = r0.blend(r1.rearrange(SWAP_1), ODD_1);
        FloatVector s1 = r0.rearrange(SWAP_1).blend(r1, ODD_1);
        FloatVector s2 = r2.blend(r3.rearrange(SWAP_1), ODD_1);
        FloatVector s3 = r2.rearrange(SWAP_1).blend(r3, ODD_1);
        long to = (long) row * BYTES;
        s0.blend(s2.rearrange(SWAP_2), ODD_2).intoMemorySegment(scratch, to, NATIVE);
        s1.blend(s3.rearrange(SWAP_2), ODD_2).intoMemorySegment(scratch, to + BYTES, NATIVE);
        s0.rearrange(SWAP_2).blend(s2, ODD_2).intoMemorySegment(scratch, to + 2L * BYTES, NATIVE);
        s1.rearrange(SWAP_2).blend(s3, ODD_2).intoMemorySegment(scratch, to + 3L * BYTES, NATIVE);
    }

    private static void out(MemorySegment scratch, MemorySegment to, long toAt, long toStride) {
        for (int i = 0; i < 4; i++) {
            if (N == 4) {
                row(scratch, i).intoMemorySegment(to, toAt + i * toStride, NATIVE);
            } else if (N == 8) {
                out8(scratch, i, to, toAt + i * toStride, toStride);
            } else {
                out16(scratch, i, to, toAt + i * toStride, toStride);
            }
        }
    }

    private static void out8(
            MemorySegment scratch, int row, MemorySegment to, long at, long stride) {
        FloatVector r0 = row(scratch, row);
        FloatVector r1 = row(scratch, row + 4);
        r0.blend(r1.rearrange(SWAP_4), ODD_4).intoMemorySegment(to, at, NATIVE);
        r0.rearrange(SWAP_4).blend(r1, ODD_4).intoMemorySegment(to, at + 4 * stride, NATIVE);
    }

    private static void out8(MemorySegment scratch, int row, float[] to, int at, int stride) {
        FloatVector r0 = row(scratch, row);
        FloatVector r1 = row(scratch, row + 4);
        r0.blend(r1.rearrange(SWAP_4), ODD_4).intoArray(to, at);
        r0.rearrange(SWAP_4).blend(r1, ODD_4).intoArray(to, at + 4 * stride);
    }

    private static void out16(
            MemorySegment scratch, int row, MemorySegment to, long at, long stride) {
        FloatVector r0 = row(scratch, row);
        FloatVector r1 = row(scratch, row + 4);
        FloatVector r2 = row(scratch, row + 8);
        FloatVector r3 = row(scratch, row + 12);
        FloatVector s0 = r0.blend(r1.rearrange(SWAP_4), ODD_4);
        FloatVector s1 = r0.rearrange(SWAP_4).blend(r1, ODD_4);
        FloatVector s2 = r2.blend(r3.rearrange(SWAP_4), ODD_4);
        FloatVector s3 = r2.rearrange(SWAP_4).blend(r3, ODD_4);
        s0.blend(s2.rearrange(SWAP_8), ODD_8).intoMemorySegment(to, at, NATIVE);
        s1.blend(s3.rearrange(SWAP_8), ODD_8).intoMemorySegment(to, at + 4 * stride, NATIVE);
        s0.rearrange(SWAP_8).blend(s2, ODD_8).intoMemorySegment(to, at + 8 * stride, NATIVE);
        s1.rearrange(SWAP_8).blend(s3, ODD_8).intoMemorySegment(to, at + 12 * stride, NATIVE);
    }

    private static void out16(MemorySegment scratch, int row, float[] to, int at, int stride) {
        FloatVector r0 = row(scratch, row);
        FloatVector r1 = row(scratch, row + 4);
        FloatVector r2 = row(scratch, row + 8);
        FloatVector r3 = row(scratch, row + 12);
        FloatVector s0 = r0.blend(r1.rearrange(SWAP_4), ODD_4);
        FloatVector s1 = r0.rearrange(SWAP_4).blend(r1, ODD_4);
        FloatVector s2 = r2.blend(r3.rearrange(SWAP_4), ODD_4);
        FloatVector s3 = r2.rearrange(SWAP_4).blend(r3, ODD_4);
        s0.blend(s2.rearrange(SWAP_8), ODD_8).intoArray(to, at);
        s1.blend(s3.rearrange(SWAP_8), ODD_8).intoArray(to, at + 4 * stride);
        s0.rearrange(SWAP_8).blend(s2, ODD_8).intoArray(to, at + 8 * stride);
        s1.rearrange(SWAP_8).blend(s3, ODD_8).intoArray(to, at + 12 * stride);
    }
}
