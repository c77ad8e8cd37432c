package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;

/**
 * Matrix product kernels: 4 registers of columns of x by 4 weight rows, 2 by 8 and 1 by 8.
 *
 * <p>The first two hold 16 accumulators, twice what hides the latency of a multiply-add on two
 * ports; a step of k is 16 multiply-adds on at most 10 loads. Larger kernels gain nothing here, and
 * must not be: above some 70 vector operations the JVM's first compiler gives up on a method ("out
 * of virtual registers"), after which the second one never gets it and every vector is boxed. See
 * {@link Tiles} for the layout.
 */
final class TileKernels {
    private TileKernels() {}

    static void tile4x4(
            MemorySegment x,
            long xAt,
            int count,
            float[] w,
            int w0,
            int stride,
            float[] c,
            int from,
            int to) {
        FloatVector a0 = FloatVector.fromArray(F, c, from);
        FloatVector a1 = FloatVector.fromArray(F, c, from + N);
        FloatVector a2 = FloatVector.fromArray(F, c, from + 2 * N);
        FloatVector a3 = FloatVector.fromArray(F, c, from + 3 * N);
        FloatVector b0 = FloatVector.fromArray(F, c, from + 4 * N);
        FloatVector b1 = FloatVector.fromArray(F, c, from + 5 * N);
        FloatVector b2 = FloatVector.fromArray(F, c, from + 6 * N);
        FloatVector b3 = FloatVector.fromArray(F, c, from + 7 * N);
        FloatVector c0 = FloatVector.fromArray(F, c, from + 8 * N);
        FloatVector c1 = FloatVector.fromArray(F, c, from + 9 * N);
        FloatVector c2 = FloatVector.fromArray(F, c, from + 10 * N);
        FloatVector c3 = FloatVector.fromArray(F, c, from + 11 * N);
        FloatVector d0 = FloatVector.fromArray(F, c, from + 12 * N);
        FloatVector d1 = FloatVector.fromArray(F, c, from + 13 * N);
        FloatVector d2 = FloatVector.fromArray(F, c, from + 14 * N);
        FloatVector d3 = FloatVector.fromArray(F, c, from + 15 * N);
        int w1 = w0 + stride;
        int w2 = w1 + stride;
        int w3 = w2 + stride;
        for (int k = 0; k < count; k++) {
            long p = xAt + k * 4L * BYTES;
            FloatVector s0 = FloatVector.broadcast(F, w[w0 + k]);
            FloatVector s1 = FloatVector.broadcast(F, w[w1 + k]);
            FloatVector s2 = FloatVector.broadcast(F, w[w2 + k]);
            FloatVector s3 = FloatVector.broadcast(F, w[w3 + k]);
            FloatVector v = FloatVector.fromMemorySegment(F, x, p, NATIVE);
            a0 = v.fma(s0, a0);
            b0 = v.fma(s1, b0);
            c0 = v.fma(s2, c0);
            d0 = v.fma(s3, d0);
            v = FloatVector.fromMemorySegment(F, x, p + BYTES, NATIVE);
            a1 = v.fma(s0, a1);
            b1 = v.fma(s1, b1);
            c1 = v.fma(s2, c1);
            d1 = v.fma(s3, d1);
            v = FloatVector.fromMemorySegment(F, x, p + 2L * BYTES, NATIVE);
            a2 = v.fma(s0, a2);
            b2 = v.fma(s1, b2);
            c2 = v.fma(s2, c2);
            d2 = v.fma(s3, d2);
            v = FloatVector.fromMemorySegment(F, x, p + 3L * BYTES, NATIVE);
            a3 = v.fma(s0, a3);
            b3 = v.fma(s1, b3);
            c3 = v.fma(s2, c3);
            d3 = v.fma(s3, d3);
        }
        a0.intoArray(c, to);
        a1.intoArray(c, to + N);
        a2.intoArray(c, to + 2 * N);
        a3.intoArray(c, to + 3 * N);
        b0.intoArray(c, to + 4 * N);
        b1.intoArray(c, to + 5 * N);
        b2.intoArray(c, to + 6 * N);
        b3.intoArray(c, to + 7 * N);
        c0.intoArray(c, to + 8 * N);
        c1.intoArray(c, to + 9 * N);
        c2.intoArray(c, to + 10 * N);
        c3.intoArray(c, to + 11 * N);
        d0.intoArray(c, to + 12 * N);
        d1.intoArray(c, to + 13 * N);
        d2.intoArray(c, to + 14 * N);
        d3.intoArray(c, to + 15 * N);
    }

    static void tile2x8(
            MemorySegment x,
            long xAt,
            int count,
            float[] w,
            int w0,
            int stride,
            float[] c,
            int from,
            int to) {
        FloatVector a0 = FloatVector.fromArray(F, c, from);
        FloatVector a1 = FloatVector.fromArray(F, c, from + N);
        FloatVector b0 = FloatVector.fromArray(F, c, from + 2 * N);
        FloatVector b1 = FloatVector.fromArray(F, c, from + 3 * N);
        FloatVector c0 = FloatVector.fromArray(F, c, from + 4 * N);
        FloatVector c1 = FloatVector.fromArray(F, c, from + 5 * N);
        FloatVector d0 = FloatVector.fromArray(F, c, from + 6 * N);
        FloatVector d1 = FloatVector.fromArray(F, c, from + 7 * N);
        FloatVector e0 = FloatVector.fromArray(F, c, from + 8 * N);
        FloatVector e1 = FloatVector.fromArray(F, c, from + 9 * N);
        FloatVector f0 = FloatVector.fromArray(F, c, from + 10 * N);
        FloatVector f1 = FloatVector.fromArray(F, c, from + 11 * N);
        FloatVector g0 = FloatVector.fromArray(F, c, from + 12 * N);
        FloatVector g1 = FloatVector.fromArray(F, c, from + 13 * N);
        FloatVector h0 = FloatVector.fromArray(F, c, from + 14 * N);
        FloatVector h1 = FloatVector.fromArray(F, c, from + 15 * N);
        int w1 = w0 + stride;
        int w2 = w1 + stride;
        int w3 = w2 + stride;
        int w4 = w3 + stride;
        int w5 = w4 + stride;
        int w6 = w5 + stride;
        int w7 = w6 + stride;
        for (int k = 0; k < count; k++) {
            long p = xAt + k * 2L * BYTES;
            FloatVector v0 = FloatVector.fromMemorySegment(F, x, p, NATIVE);
            FloatVector v1 = FloatVector.fromMemorySegment(F, x, p + BYTES, NATIVE);
            FloatVector s = FloatVector.broadcast(F, w[w0 + k]);
            a0 = v0.fma(s, a0);
            a1 = v1.fma(s, a1);
            s = FloatVector.broadcast(F, w[w1 + k]);
            b0 = v0.fma(s, b0);
            b1 = v1.fma(s, b1);
            s = FloatVector.broadcast(F, w[w2 + k]);
            c0 = v0.fma(s, c0);
            c1 = v1.fma(s, c1);
            s = FloatVector.broadcast(F, w[w3 + k]);
            d0 = v0.fma(s, d0);
            d1 = v1.fma(s, d1);
            s = FloatVector.broadcast(F, w[w4 + k]);
            e0 = v0.fma(s, e0);
            e1 = v1.fma(s, e1);
            s = FloatVector.broadcast(F, w[w5 + k]);
            f0 = v0.fma(s, f0);
            f1 = v1.fma(s, f1);
            s = FloatVector.broadcast(F, w[w6 + k]);
            g0 = v0.fma(s, g0);
            g1 = v1.fma(s, g1);
            s = FloatVector.broadcast(F, w[w7 + k]);
            h0 = v0.fma(s, h0);
            h1 = v1.fma(s, h1);
        }
        a0.intoArray(c, to);
        a1.intoArray(c, to + N);
        b0.intoArray(c, to + 2 * N);
        b1.intoArray(c, to + 3 * N);
        c0.intoArray(c, to + 4 * N);
        c1.intoArray(c, to + 5 * N);
        d0.intoArray(c, to + 6 * N);
        d1.intoArray(c, to + 7 * N);
        e0.intoArray(c, to + 8 * N);
        e1.intoArray(c, to + 9 * N);
        f0.intoArray(c, to + 10 * N);
        f1.intoArray(c, to + 11 * N);
        g0.intoArray(c, to + 12 * N);
        g1.intoArray(c, to + 13 * N);
        h0.intoArray(c, to + 14 * N);
        h1.intoArray(c, to + 15 * N);
    }

    static void tile1x8(
            MemorySegment x,
            long xAt,
            int count,
            float[] w,
            int w0,
            int stride,
            float[] c,
            int from,
            int to) {
        FloatVector a0 = FloatVector.fromArray(F, c, from);
        FloatVector b0 = FloatVector.fromArray(F, c, from + N);
        FloatVector c0 = FloatVector.fromArray(F, c, from + 2 * N);
        FloatVector d0 = FloatVector.fromArray(F, c, from + 3 * N);
        FloatVector e0 = FloatVector.fromArray(F, c, from + 4 * N);
        FloatVector f0 = FloatVector.fromArray(F, c, from + 5 * N);
        FloatVector g0 = FloatVector.fromArray(F, c, from + 6 * N);
        FloatVector h0 = FloatVector.fromArray(F, c, from + 7 * N);
        int w1 = w0 + stride;
        int w2 = w1 + stride;
        int w3 = w2 + stride;
        int w4 = w3 + stride;
        int w5 = w4 + stride;
        int w6 = w5 + stride;
        int w7 = w6 + stride;
        for (int k = 0; k < count; k++) {
            long p = xAt + k * (long) BYTES;
            FloatVector v0 = FloatVector.fromMemorySegment(F, x, p, NATIVE);
            FloatVector s = FloatVector.broadcast(F, w[w0 + k]);
            a0 = v0.fma(s, a0);
            s = FloatVector.broadcast(F, w[w1 + k]);
            b0 = v0.fma(s, b0);
            s = FloatVector.broadcast(F, w[w2 + k]);
            c0 = v0.fma(s, c0);
            s = FloatVector.broadcast(F, w[w3 + k]);
            d0 = v0.fma(s, d0);
            s = FloatVector.broadcast(F, w[w4 + k]);
            e0 = v0.fma(s, e0);
            s = FloatVector.broadcast(F, w[w5 + k]);
            f0 = v0.fma(s, f0);
            s = FloatVector.broadcast(F, w[w6 + k]);
            g0 = v0.fma(s, g0);
            s = FloatVector.broadcast(F, w[w7 + k]);
            h0 = v0.fma(s, h0);
        }
        a0.intoArray(c, to);
        b0.intoArray(c, to + N);
        c0.intoArray(c, to + 2 * N);
        d0.intoArray(c, to + 3 * N);
        e0.intoArray(c, to + 4 * N);
        f0.intoArray(c, to + 5 * N);
        g0.intoArray(c, to + 6 * N);
        h0.intoArray(c, to + 7 * N);
    }
}
