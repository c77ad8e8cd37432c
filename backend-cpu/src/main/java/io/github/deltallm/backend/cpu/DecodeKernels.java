package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.B;
import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.H;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

import java.lang.foreign.MemorySegment;

/** Inner loops of {@link DecodeAttention}: four query heads share every load of a key or value. */
final class DecodeKernels {
    private static final VectorShuffle<Float> UP_1 = up(1);
    private static final VectorShuffle<Float> UP_2 = up(2);
    private static final VectorShuffle<Float> UP_4 = up(4);
    private static final VectorShuffle<Float> UP_8 = up(8);
    private static final VectorMask<Float> FROM_1 = VectorMask.fromLong(F, -1L << 1);
    private static final VectorMask<Float> FROM_2 = VectorMask.fromLong(F, -1L << 2);
    private static final VectorMask<Float> FROM_4 = VectorMask.fromLong(F, -1L << 4);
    private static final VectorMask<Float> FROM_8 = VectorMask.fromLong(F, -1L << 8);

    private DecodeKernels() {}

    /** Moves lanes up. */
    private static VectorShuffle<Float> up(int distance) {
        return VectorShuffle.fromOp(F, lane -> lane - distance & N - 1);
    }

    /**
     * Scores of a block of keys, {@code [channel][32]}: two registers of keys by four heads.
     *
     * @param from offset of the block
     * @param query {@code [channel][4]} from q0 on
     * @param out a row of scores for each head, {@code stride} floats apart
     */
    static void scores(
            MemorySegment block,
            long from,
            int dim,
            float[] query,
            int q0,
            float[] out,
            int to,
            int stride) {
        for (int key = 0; key < BLOCK; key += 2 * N) {
            FloatVector a0 = FloatVector.zero(F);
            FloatVector a1 = FloatVector.zero(F);
            FloatVector b0 = FloatVector.zero(F);
            FloatVector b1 = FloatVector.zero(F);
            FloatVector c0 = FloatVector.zero(F);
            FloatVector c1 = FloatVector.zero(F);
            FloatVector d0 = FloatVector.zero(F);
            FloatVector d1 = FloatVector.zero(F);
            for (int c = 0; c < dim; c++) {
                long at = from + 4L * (c * BLOCK + key);
                FloatVector x = FloatVector.fromMemorySegment(F, block, at, NATIVE);
                FloatVector y = FloatVector.fromMemorySegment(F, block, at + BYTES, NATIVE);
                FloatVector q = FloatVector.broadcast(F, query[q0 + 4 * c]);
                a0 = x.fma(q, a0);
                a1 = y.fma(q, a1);
                q = FloatVector.broadcast(F, query[q0 + 4 * c + 1]);
                b0 = x.fma(q, b0);
                b1 = y.fma(q, b1);
                q = FloatVector.broadcast(F, query[q0 + 4 * c + 2]);
                c0 = x.fma(q, c0);
                c1 = y.fma(q, c1);
                q = FloatVector.broadcast(F, query[q0 + 4 * c + 3]);
                d0 = x.fma(q, d0);
                d1 = y.fma(q, d1);
            }
            int at = to + key;
            a0.intoArray(out, at);
            a1.intoArray(out, at + N);
            b0.intoArray(out, at + stride);
            b1.intoArray(out, at + stride + N);
            c0.intoArray(out, at + 2 * stride);
            c1.intoArray(out, at + 2 * stride + N);
            d0.intoArray(out, at + 3 * stride);
            d1.intoArray(out, at + 3 * stride + N);
        }
    }

    /** As above, for keys as bf16. */
    static void bf16Scores(
            MemorySegment block,
            long from,
            int dim,
            float[] query,
            int q0,
            float[] out,
            int to,
            int stride) {
        for (int key = 0; key < BLOCK; key += 2 * N) {
            FloatVector a0 = FloatVector.zero(F);
            FloatVector a1 = FloatVector.zero(F);
            FloatVector b0 = FloatVector.zero(F);
            FloatVector b1 = FloatVector.zero(F);
            FloatVector c0 = FloatVector.zero(F);
            FloatVector c1 = FloatVector.zero(F);
            FloatVector d0 = FloatVector.zero(F);
            FloatVector d1 = FloatVector.zero(F);
            for (int c = 0; c < dim; c++) {
                long at = from + 2L * (c * BLOCK + key);
                FloatVector x =
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, block, at, LE)
                                                .convertShape(ZERO_EXTEND_S2I, I, 0))
                                .lanewise(LSHL, 16)
                                .reinterpretAsFloats();
                FloatVector y =
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, block, at + 2L * N, LE)
                                                .convertShape(ZERO_EXTEND_S2I, I, 0))
                                .lanewise(LSHL, 16)
                                .reinterpretAsFloats();
                FloatVector q = FloatVector.broadcast(F, query[q0 + 4 * c]);
                a0 = x.fma(q, a0);
                a1 = y.fma(q, a1);
                q = FloatVector.broadcast(F, query[q0 + 4 * c + 1]);
                b0 = x.fma(q, b0);
                b1 = y.fma(q, b1);
                q = FloatVector.broadcast(F, query[q0 + 4 * c + 2]);
                c0 = x.fma(q, c0);
                c1 = y.fma(q, c1);
                q = FloatVector.broadcast(F, query[q0 + 4 * c + 3]);
                d0 = x.fma(q, d0);
                d1 = y.fma(q, d1);
            }
            int at = to + key;
            a0.intoArray(out, at);
            a1.intoArray(out, at + N);
            b0.intoArray(out, at + stride);
            b1.intoArray(out, at + stride + N);
            c0.intoArray(out, at + 2 * stride);
            c1.intoArray(out, at + 2 * stride + N);
            d0.intoArray(out, at + 3 * stride);
            d1.intoArray(out, at + 3 * stride + N);
        }
    }

    /**
     * As above, for keys as bytes, which each key's scale is multiplied by at the end; see {@link
     * Lanes#HAVE_BYTES}.
     */
    static void int8Scores(
            MemorySegment block,
            long from,
            long scales,
            int dim,
            float[] query,
            int q0,
            float[] out,
            int to,
            int stride) {
        for (int key = 0; key < BLOCK; key += 2 * N) {
            FloatVector a0 = FloatVector.zero(F);
            FloatVector a1 = FloatVector.zero(F);
            FloatVector b0 = FloatVector.zero(F);
            FloatVector b1 = FloatVector.zero(F);
            FloatVector c0 = FloatVector.zero(F);
            FloatVector c1 = FloatVector.zero(F);
            FloatVector d0 = FloatVector.zero(F);
            FloatVector d1 = FloatVector.zero(F);
            for (int c = 0; c < dim; c++) {
                long at = from + c * BLOCK + key;
                FloatVector x =
                        (FloatVector)
                                ((IntVector)
                                                ByteVector.fromMemorySegment(B, block, at, LE)
                                                        .convertShape(B2I, I, 0))
                                        .convert(I2F, 0);
                FloatVector y =
                        (FloatVector)
                                ((IntVector)
                                                ByteVector.fromMemorySegment(B, block, at + N, LE)
                                                        .convertShape(B2I, I, 0))
                                        .convert(I2F, 0);
                FloatVector q = FloatVector.broadcast(F, query[q0 + 4 * c]);
                a0 = x.fma(q, a0);
                a1 = y.fma(q, a1);
                q = FloatVector.broadcast(F, query[q0 + 4 * c + 1]);
                b0 = x.fma(q, b0);
                b1 = y.fma(q, b1);
                q = FloatVector.broadcast(F, query[q0 + 4 * c + 2]);
                c0 = x.fma(q, c0);
                c1 = y.fma(q, c1);
                q = FloatVector.broadcast(F, query[q0 + 4 * c + 3]);
                d0 = x.fma(q, d0);
                d1 = y.fma(q, d1);
            }
            int at = to + key;
            FloatVector s0 = FloatVector.fromMemorySegment(F, block, scales + 4L * key, NATIVE);
            FloatVector s1 =
                    FloatVector.fromMemorySegment(F, block, scales + 4L * key + BYTES, NATIVE);
            a0.mul(s0).intoArray(out, at);
            a1.mul(s1).intoArray(out, at + N);
            b0.mul(s0).intoArray(out, at + stride);
            b1.mul(s1).intoArray(out, at + stride + N);
            c0.mul(s0).intoArray(out, at + 2 * stride);
            c1.mul(s1).intoArray(out, at + 2 * stride + N);
            d0.mul(s0).intoArray(out, at + 3 * stride);
            d1.mul(s1).intoArray(out, at + 3 * stride + N);
        }
    }

    /**
     * Adds weighted values to four heads' sums: 4 registers of channels by four heads.
     *
     * @param weights a row of weights for each head, {@code stride} floats apart
     * @param sums a row for each head, {@code sumStride} floats apart
     */
    static void mix4(
            MemorySegment block,
            long from,
            long rowBytes,
            int keys,
            float[] weights,
            int w0,
            int stride,
            float[] sums,
            int at,
            int sumStride) {
        int s1 = at + sumStride;
        int s2 = s1 + sumStride;
        int s3 = s2 + sumStride;
        FloatVector a0 = FloatVector.fromArray(F, sums, at);
        FloatVector a1 = FloatVector.fromArray(F, sums, at + N);
        FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * N);
        FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * N);
        FloatVector b0 = FloatVector.fromArray(F, sums, s1);
        FloatVector b1 = FloatVector.fromArray(F, sums, s1 + N);
        FloatVector b2 = FloatVector.fromArray(F, sums, s1 + 2 * N);
        FloatVector b3 = FloatVector.fromArray(F, sums, s1 + 3 * N);
        FloatVector c0 = FloatVector.fromArray(F, sums, s2);
        FloatVector c1 = FloatVector.fromArray(F, sums, s2 + N);
        FloatVector c2 = FloatVector.fromArray(F, sums, s2 + 2 * N);
        FloatVector c3 = FloatVector.fromArray(F, sums, s2 + 3 * N);
        FloatVector d0 = FloatVector.fromArray(F, sums, s3);
        FloatVector d1 = FloatVector.fromArray(F, sums, s3 + N);
        FloatVector d2 = FloatVector.fromArray(F, sums, s3 + 2 * N);
        FloatVector d3 = FloatVector.fromArray(F, sums, s3 + 3 * N);
        for (int key = 0; key < keys; key++) {
            long p = from + key * rowBytes;
            FloatVector v0 = FloatVector.fromMemorySegment(F, block, p, NATIVE);
            FloatVector v1 = FloatVector.fromMemorySegment(F, block, p + BYTES, NATIVE);
            FloatVector v2 = FloatVector.fromMemorySegment(F, block, p + 2L * BYTES, NATIVE);
            FloatVector v3 = FloatVector.fromMemorySegment(F, block, p + 3L * BYTES, NATIVE);
            FloatVector w = FloatVector.broadcast(F, weights[w0 + key]);
            a0 = v0.fma(w, a0);
            a1 = v1.fma(w, a1);
            a2 = v2.fma(w, a2);
            a3 = v3.fma(w, a3);
            w = FloatVector.broadcast(F, weights[w0 + stride + key]);
            b0 = v0.fma(w, b0);
            b1 = v1.fma(w, b1);
            b2 = v2.fma(w, b2);
            b3 = v3.fma(w, b3);
            w = FloatVector.broadcast(F, weights[w0 + 2 * stride + key]);
            c0 = v0.fma(w, c0);
            c1 = v1.fma(w, c1);
            c2 = v2.fma(w, c2);
            c3 = v3.fma(w, c3);
            w = FloatVector.broadcast(F, weights[w0 + 3 * stride + key]);
            d0 = v0.fma(w, d0);
            d1 = v1.fma(w, d1);
            d2 = v2.fma(w, d2);
            d3 = v3.fma(w, d3);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + N);
        a2.intoArray(sums, at + 2 * N);
        a3.intoArray(sums, at + 3 * N);
        b0.intoArray(sums, s1);
        b1.intoArray(sums, s1 + N);
        b2.intoArray(sums, s1 + 2 * N);
        b3.intoArray(sums, s1 + 3 * N);
        c0.intoArray(sums, s2);
        c1.intoArray(sums, s2 + N);
        c2.intoArray(sums, s2 + 2 * N);
        c3.intoArray(sums, s2 + 3 * N);
        d0.intoArray(sums, s3);
        d1.intoArray(sums, s3 + N);
        d2.intoArray(sums, s3 + 2 * N);
        d3.intoArray(sums, s3 + 3 * N);
    }

    /** As above, for values as bf16. */
    static void bf16Mix4(
            MemorySegment block,
            long from,
            long rowBytes,
            int keys,
            float[] weights,
            int w0,
            int stride,
            float[] sums,
            int at,
            int sumStride) {
        int s1 = at + sumStride;
        int s2 = s1 + sumStride;
        int s3 = s2 + sumStride;
        FloatVector a0 = FloatVector.fromArray(F, sums, at);
        FloatVector a1 = FloatVector.fromArray(F, sums, at + N);
        FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * N);
        FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * N);
        FloatVector b0 = FloatVector.fromArray(F, sums, s1);
        FloatVector b1 = FloatVector.fromArray(F, sums, s1 + N);
        FloatVector b2 = FloatVector.fromArray(F, sums, s1 + 2 * N);
        FloatVector b3 = FloatVector.fromArray(F, sums, s1 + 3 * N);
        FloatVector c0 = FloatVector.fromArray(F, sums, s2);
        FloatVector c1 = FloatVector.fromArray(F, sums, s2 + N);
        FloatVector c2 = FloatVector.fromArray(F, sums, s2 + 2 * N);
        FloatVector c3 = FloatVector.fromArray(F, sums, s2 + 3 * N);
        FloatVector d0 = FloatVector.fromArray(F, sums, s3);
        FloatVector d1 = FloatVector.fromArray(F, sums, s3 + N);
        FloatVector d2 = FloatVector.fromArray(F, sums, s3 + 2 * N);
        FloatVector d3 = FloatVector.fromArray(F, sums, s3 + 3 * N);
        for (int key = 0; key < keys; key++) {
            long p = from + key * rowBytes;
            FloatVector v0 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, block, p, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats();
            FloatVector v1 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, block, p + 2L * N, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats();
            FloatVector v2 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, block, p + 4L * N, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats();
            FloatVector v3 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, block, p + 6L * N, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats();
            FloatVector w = FloatVector.broadcast(F, weights[w0 + key]);
            a0 = v0.fma(w, a0);
            a1 = v1.fma(w, a1);
            a2 = v2.fma(w, a2);
            a3 = v3.fma(w, a3);
            w = FloatVector.broadcast(F, weights[w0 + stride + key]);
            b0 = v0.fma(w, b0);
            b1 = v1.fma(w, b1);
            b2 = v2.fma(w, b2);
            b3 = v3.fma(w, b3);
            w = FloatVector.broadcast(F, weights[w0 + 2 * stride + key]);
            c0 = v0.fma(w, c0);
            c1 = v1.fma(w, c1);
            c2 = v2.fma(w, c2);
            c3 = v3.fma(w, c3);
            w = FloatVector.broadcast(F, weights[w0 + 3 * stride + key]);
            d0 = v0.fma(w, d0);
            d1 = v1.fma(w, d1);
            d2 = v2.fma(w, d2);
            d3 = v3.fma(w, d3);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + N);
        a2.intoArray(sums, at + 2 * N);
        a3.intoArray(sums, at + 3 * N);
        b0.intoArray(sums, s1);
        b1.intoArray(sums, s1 + N);
        b2.intoArray(sums, s1 + 2 * N);
        b3.intoArray(sums, s1 + 3 * N);
        c0.intoArray(sums, s2);
        c1.intoArray(sums, s2 + N);
        c2.intoArray(sums, s2 + 2 * N);
        c3.intoArray(sums, s2 + 3 * N);
        d0.intoArray(sums, s3);
        d1.intoArray(sums, s3 + N);
        d2.intoArray(sums, s3 + 2 * N);
        d3.intoArray(sums, s3 + 3 * N);
    }

    /** As above, for values as bytes. */
    static void int8Mix4(
            MemorySegment block,
            long from,
            long rowBytes,
            int keys,
            float[] weights,
            int w0,
            int stride,
            float[] sums,
            int at,
            int sumStride) {
        int s1 = at + sumStride;
        int s2 = s1 + sumStride;
        int s3 = s2 + sumStride;
        FloatVector a0 = FloatVector.fromArray(F, sums, at);
        FloatVector a1 = FloatVector.fromArray(F, sums, at + N);
        FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * N);
        FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * N);
        FloatVector b0 = FloatVector.fromArray(F, sums, s1);
        FloatVector b1 = FloatVector.fromArray(F, sums, s1 + N);
        FloatVector b2 = FloatVector.fromArray(F, sums, s1 + 2 * N);
        FloatVector b3 = FloatVector.fromArray(F, sums, s1 + 3 * N);
        FloatVector c0 = FloatVector.fromArray(F, sums, s2);
        FloatVector c1 = FloatVector.fromArray(F, sums, s2 + N);
        FloatVector c2 = FloatVector.fromArray(F, sums, s2 + 2 * N);
        FloatVector c3 = FloatVector.fromArray(F, sums, s2 + 3 * N);
        FloatVector d0 = FloatVector.fromArray(F, sums, s3);
        FloatVector d1 = FloatVector.fromArray(F, sums, s3 + N);
        FloatVector d2 = FloatVector.fromArray(F, sums, s3 + 2 * N);
        FloatVector d3 = FloatVector.fromArray(F, sums, s3 + 3 * N);
        for (int key = 0; key < keys; key++) {
            long p = from + key * rowBytes;
            FloatVector v0 =
                    (FloatVector)
                            ((IntVector)
                                            ByteVector.fromMemorySegment(B, block, p, LE)
                                                    .convertShape(B2I, I, 0))
                                    .convert(I2F, 0);
            FloatVector v1 =
                    (FloatVector)
                            ((IntVector)
                                            ByteVector.fromMemorySegment(B, block, p + N, LE)
                                                    .convertShape(B2I, I, 0))
                                    .convert(I2F, 0);
            FloatVector v2 =
                    (FloatVector)
                            ((IntVector)
                                            ByteVector.fromMemorySegment(B, block, p + 2L * N, LE)
                                                    .convertShape(B2I, I, 0))
                                    .convert(I2F, 0);
            FloatVector v3 =
                    (FloatVector)
                            ((IntVector)
                                            ByteVector.fromMemorySegment(B, block, p + 3L * N, LE)
                                                    .convertShape(B2I, I, 0))
                                    .convert(I2F, 0);
            FloatVector w = FloatVector.broadcast(F, weights[w0 + key]);
            a0 = v0.fma(w, a0);
            a1 = v1.fma(w, a1);
            a2 = v2.fma(w, a2);
            a3 = v3.fma(w, a3);
            w = FloatVector.broadcast(F, weights[w0 + stride + key]);
            b0 = v0.fma(w, b0);
            b1 = v1.fma(w, b1);
            b2 = v2.fma(w, b2);
            b3 = v3.fma(w, b3);
            w = FloatVector.broadcast(F, weights[w0 + 2 * stride + key]);
            c0 = v0.fma(w, c0);
            c1 = v1.fma(w, c1);
            c2 = v2.fma(w, c2);
            c3 = v3.fma(w, c3);
            w = FloatVector.broadcast(F, weights[w0 + 3 * stride + key]);
            d0 = v0.fma(w, d0);
            d1 = v1.fma(w, d1);
            d2 = v2.fma(w, d2);
            d3 = v3.fma(w, d3);
        }
        a0.intoArray(sums, at);
        a1.intoArray(sums, at + N);
        a2.intoArray(sums, at + 2 * N);
        a3.intoArray(sums, at + 3 * N);
        b0.intoArray(sums, s1);
        b1.intoArray(sums, s1 + N);
        b2.intoArray(sums, s1 + 2 * N);
        b3.intoArray(sums, s1 + 3 * N);
        c0.intoArray(sums, s2);
        c1.intoArray(sums, s2 + N);
        c2.intoArray(sums, s2 + 2 * N);
        c3.intoArray(sums, s2 + 3 * N);
        d0.intoArray(sums, s3);
        d1.intoArray(sums, s3 + N);
        d2.intoArray(sums, s3 + 2 * N);
        d3.intoArray(sums, s3 + 3 * N);
    }

    /**
     * Adds weighted values to four heads' sums: 1 register of channels by four heads.
     *
     * @param weights a row of weights for each head, {@code stride} floats apart
     * @param sums a row for each head, {@code sumStride} floats apart
     */
    static void mix1(
            MemorySegment block,
            long from,
            long rowBytes,
            int keys,
            float[] weights,
            int w0,
            int stride,
            float[] sums,
            int at,
            int sumStride) {
        int s1 = at + sumStride;
        int s2 = s1 + sumStride;
        int s3 = s2 + sumStride;
        FloatVector a0 = FloatVector.fromArray(F, sums, at);
        FloatVector b0 = FloatVector.fromArray(F, sums, s1);
        FloatVector c0 = FloatVector.fromArray(F, sums, s2);
        FloatVector d0 = FloatVector.fromArray(F, sums, s3);
        for (int key = 0; key < keys; key++) {
            long p = from + key * rowBytes;
            FloatVector v0 = FloatVector.fromMemorySegment(F, block, p, NATIVE);
            FloatVector w = FloatVector.broadcast(F, weights[w0 + key]);
            a0 = v0.fma(w, a0);
            w = FloatVector.broadcast(F, weights[w0 + stride + key]);
            b0 = v0.fma(w, b0);
            w = FloatVector.broadcast(F, weights[w0 + 2 * stride + key]);
            c0 = v0.fma(w, c0);
            w = FloatVector.broadcast(F, weights[w0 + 3 * stride + key]);
            d0 = v0.fma(w, d0);
        }
        a0.intoArray(sums, at);
        b0.intoArray(sums, s1);
        c0.intoArray(sums, s2);
        d0.intoArray(sums, s3);
    }

    /** As above, for values as bf16. */
    static void bf16Mix1(
            MemorySegment block,
            long from,
            long rowBytes,
            int keys,
            float[] weights,
            int w0,
            int stride,
            float[] sums,
            int at,
            int sumStride) {
        int s1 = at + sumStride;
        int s2 = s1 + sumStride;
        int s3 = s2 + sumStride;
        FloatVector a0 = FloatVector.fromArray(F, sums, at);
        FloatVector b0 = FloatVector.fromArray(F, sums, s1);
        FloatVector c0 = FloatVector.fromArray(F, sums, s2);
        FloatVector d0 = FloatVector.fromArray(F, sums, s3);
        for (int key = 0; key < keys; key++) {
            long p = from + key * rowBytes;
            FloatVector v0 =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, block, p, LE)
                                            .convertShape(ZERO_EXTEND_S2I, I, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats();
            FloatVector w = FloatVector.broadcast(F, weights[w0 + key]);
            a0 = v0.fma(w, a0);
            w = FloatVector.broadcast(F, weights[w0 + stride + key]);
            b0 = v0.fma(w, b0);
            w = FloatVector.broadcast(F, weights[w0 + 2 * stride + key]);
            c0 = v0.fma(w, c0);
            w = FloatVector.broadcast(F, weights[w0 + 3 * stride + key]);
            d0 = v0.fma(w, d0);
        }
        a0.intoArray(sums, at);
        b0.intoArray(sums, s1);
        c0.intoArray(sums, s2);
        d0.intoArray(sums, s3);
    }

    /** As above, for values as bytes. */
    static void int8Mix1(
            MemorySegment block,
            long from,
            long rowBytes,
            int keys,
            float[] weights,
            int w0,
            int stride,
            float[] sums,
            int at,
            int sumStride) {
        int s1 = at + sumStride;
        int s2 = s1 + sumStride;
        int s3 = s2 + sumStride;
        FloatVector a0 = FloatVector.fromArray(F, sums, at);
        FloatVector b0 = FloatVector.fromArray(F, sums, s1);
        FloatVector c0 = FloatVector.fromArray(F, sums, s2);
        FloatVector d0 = FloatVector.fromArray(F, sums, s3);
        for (int key = 0; key < keys; key++) {
            long p = from + key * rowBytes;
            FloatVector v0 =
                    (FloatVector)
                            ((IntVector)
                                            ByteVector.fromMemorySegment(B, block, p, LE)
                                                    .convertShape(B2I, I, 0))
                                    .convert(I2F, 0);
            FloatVector w = FloatVector.broadcast(F, weights[w0 + key]);
            a0 = v0.fma(w, a0);
            w = FloatVector.broadcast(F, weights[w0 + stride + key]);
            b0 = v0.fma(w, b0);
            w = FloatVector.broadcast(F, weights[w0 + 2 * stride + key]);
            c0 = v0.fma(w, c0);
            w = FloatVector.broadcast(F, weights[w0 + 3 * stride + key]);
            d0 = v0.fma(w, d0);
        }
        a0.intoArray(sums, at);
        b0.intoArray(sums, s1);
        c0.intoArray(sums, s2);
        d0.intoArray(sums, s3);
    }

    /**
     * Turns {@code count} numbers, a multiple of N, into their running sums, the first of which
     * begins from {@code carry}: register by register first, so that they need not wait for each
     * other, then what was before each of them is added.
     */
    static void prefixSums(float[] data, int at, int count, float carry) {
        for (int i = at; i < at + count; i += N) {
            FloatVector sum = FloatVector.fromArray(F, data, i);
            sum = sum.add(sum.rearrange(UP_1), FROM_1);
            sum = sum.add(sum.rearrange(UP_2), FROM_2);
            if (N >= 8) {
                sum = sum.add(sum.rearrange(UP_4), FROM_4);
            }
            if (N >= 16) {
                sum = sum.add(sum.rearrange(UP_8), FROM_8);
            }
            sum.intoArray(data, i);
        }
        float before = carry;
        for (int i = at; i < at + count; i += N) {
            float last = data[i + N - 1];
            FloatVector.fromArray(F, data, i).add(before).intoArray(data, i);
            before = last + before;
        }
    }
}
