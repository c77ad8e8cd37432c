package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;

/**
 * Matrix product kernels: 4 registers of columns of x by 6 weight rows, 2 by 12, 2 by 6 and 1 by
 * 12.
 *
 * <p>The first two hold 24 accumulators; with x and a broadcast weight they fill 29 of the 32
 * registers of AVX-512. A step of k is 24 multiply-adds on 10 or 14 loads. Accumulators come from
 * and go to a Java array: the code of an access to a segment is so much larger that the first tier
 * of the JVM gives up on a method with some 50 of them ("out of virtual registers"), after which
 * the second never gets it and every vector is boxed. See {@link Tiles} for the layout.
 */
final class TileKernels {
    private TileKernels() {}

    static void tile4x6(
            MemorySegment x,
            long xAt,
            int count,
            float[] w,
            int w0,
            int stride,
            int step,
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
        FloatVector e0 = FloatVector.fromArray(F, c, from + 16 * N);
        FloatVector e1 = FloatVector.fromArray(F, c, from + 17 * N);
        FloatVector e2 = FloatVector.fromArray(F, c, from + 18 * N);
        FloatVector e3 = FloatVector.fromArray(F, c, from + 19 * N);
        FloatVector f0 = FloatVector.fromArray(F, c, from + 20 * N);
        FloatVector f1 = FloatVector.fromArray(F, c, from + 21 * N);
        FloatVector f2 = FloatVector.fromArray(F, c, from + 22 * N);
        FloatVector f3 = FloatVector.fromArray(F, c, from + 23 * N);
        int w1 = w0 + stride;
        int w2 = w1 + stride;
        int w3 = w2 + stride;
        int w4 = w3 + stride;
        int w5 = w4 + stride;
        for (int k = 0, j = 0; k < count; k++, j += step) {
            long p = xAt + k * 4L * BYTES;
            FloatVector v0 = FloatVector.fromMemorySegment(F, x, p, NATIVE);
            FloatVector v1 = FloatVector.fromMemorySegment(F, x, p + BYTES, NATIVE);
            FloatVector v2 = FloatVector.fromMemorySegment(F, x, p + 2L * BYTES, NATIVE);
            FloatVector v3 = FloatVector.fromMemorySegment(F, x, p + 3L * BYTES, NATIVE);
            FloatVector s = FloatVector.broadcast(F, w[w0 + j]);
            a0 = v0.fma(s, a0);
            a1 = v1.fma(s, a1);
            a2 = v2.fma(s, a2);
            a3 = v3.fma(s, a3);
            s = FloatVector.broadcast(F, w[w1 + j]);
            b0 = v0.fma(s, b0);
            b1 = v1.fma(s, b1);
            b2 = v2.fma(s, b2);
            b3 = v3.fma(s, b3);
            s = FloatVector.broadcast(F, w[w2 + j]);
            c0 = v0.fma(s, c0);
            c1 = v1.fma(s, c1);
            c2 = v2.fma(s, c2);
            c3 = v3.fma(s, c3);
            s = FloatVector.broadcast(F, w[w3 + j]);
            d0 = v0.fma(s, d0);
            d1 = v1.fma(s, d1);
            d2 = v2.fma(s, d2);
            d3 = v3.fma(s, d3);
            s = FloatVector.broadcast(F, w[w4 + j]);
            e0 = v0.fma(s, e0);
            e1 = v1.fma(s, e1);
            e2 = v2.fma(s, e2);
            e3 = v3.fma(s, e3);
            s = FloatVector.broadcast(F, w[w5 + j]);
            f0 = v0.fma(s, f0);
            f1 = v1.fma(s, f1);
            f2 = v2.fma(s, f2);
            f3 = v3.fma(s, f3);
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
        e0.intoArray(c, to + 16 * N);
        e1.intoArray(c, to + 17 * N);
        e2.intoArray(c, to + 18 * N);
        e3.intoArray(c, to + 19 * N);
        f0.intoArray(c, to + 20 * N);
        f1.intoArray(c, to + 21 * N);
        f2.intoArray(c, to + 22 * N);
        f3.intoArray(c, to + 23 * N);
    }

    static void tile2x12(
            MemorySegment x,
            long xAt,
            int count,
            float[] w,
            int w0,
            int stride,
            int step,
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
        FloatVector i0 = FloatVector.fromArray(F, c, from + 16 * N);
        FloatVector i1 = FloatVector.fromArray(F, c, from + 17 * N);
        FloatVector j0 = FloatVector.fromArray(F, c, from + 18 * N);
        FloatVector j1 = FloatVector.fromArray(F, c, from + 19 * N);
        FloatVector k0 = FloatVector.fromArray(F, c, from + 20 * N);
        FloatVector k1 = FloatVector.fromArray(F, c, from + 21 * N);
        FloatVector l0 = FloatVector.fromArray(F, c, from + 22 * N);
        FloatVector l1 = FloatVector.fromArray(F, c, from + 23 * N);
        int w1 = w0 + stride;
        int w2 = w1 + stride;
        int w3 = w2 + stride;
        int w4 = w3 + stride;
        int w5 = w4 + stride;
        int w6 = w5 + stride;
        int w7 = w6 + stride;
        int w8 = w7 + stride;
        int w9 = w8 + stride;
        int w10 = w9 + stride;
        int w11 = w10 + stride;
        for (int k = 0, j = 0; k < count; k++, j += step) {
            long p = xAt + k * 2L * BYTES;
            FloatVector v0 = FloatVector.fromMemorySegment(F, x, p, NATIVE);
            FloatVector v1 = FloatVector.fromMemorySegment(F, x, p + BYTES, NATIVE);
            FloatVector s = FloatVector.broadcast(F, w[w0 + j]);
            a0 = v0.fma(s, a0);
            a1 = v1.fma(s, a1);
            s = FloatVector.broadcast(F, w[w1 + j]);
            b0 = v0.fma(s, b0);
            b1 = v1.fma(s, b1);
            s = FloatVector.broadcast(F, w[w2 + j]);
            c0 = v0.fma(s, c0);
            c1 = v1.fma(s, c1);
            s = FloatVector.broadcast(F, w[w3 + j]);
            d0 = v0.fma(s, d0);
            d1 = v1.fma(s, d1);
            s = FloatVector.broadcast(F, w[w4 + j]);
            e0 = v0.fma(s, e0);
            e1 = v1.fma(s, e1);
            s = FloatVector.broadcast(F, w[w5 + j]);
            f0 = v0.fma(s, f0);
            f1 = v1.fma(s, f1);
            s = FloatVector.broadcast(F, w[w6 + j]);
            g0 = v0.fma(s, g0);
            g1 = v1.fma(s, g1);
            s = FloatVector.broadcast(F, w[w7 + j]);
            h0 = v0.fma(s, h0);
            h1 = v1.fma(s, h1);
            s = FloatVector.broadcast(F, w[w8 + j]);
            i0 = v0.fma(s, i0);
            i1 = v1.fma(s, i1);
            s = FloatVector.broadcast(F, w[w9 + j]);
            j0 = v0.fma(s, j0);
            j1 = v1.fma(s, j1);
            s = FloatVector.broadcast(F, w[w10 + j]);
            k0 = v0.fma(s, k0);
            k1 = v1.fma(s, k1);
            s = FloatVector.broadcast(F, w[w11 + j]);
            l0 = v0.fma(s, l0);
            l1 = v1.fma(s, l1);
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
        i0.intoArray(c, to + 16 * N);
        i1.intoArray(c, to + 17 * N);
        j0.intoArray(c, to + 18 * N);
        j1.intoArray(c, to + 19 * N);
        k0.intoArray(c, to + 20 * N);
        k1.intoArray(c, to + 21 * N);
        l0.intoArray(c, to + 22 * N);
        l1.intoArray(c, to + 23 * N);
    }

    /**
     * For processors with 16 registers, of which it fills 15.
     *
     * @param xStep bytes from one k to the next
     * @param cStep distance of rows in c
     */
    static void tile2x6(
            MemorySegment x,
            long xAt,
            long xStep,
            int count,
            float[] w,
            int w0,
            int stride,
            int step,
            float[] c,
            int cStep,
            int from,
            int to) {
        FloatVector a0 = FloatVector.fromArray(F, c, from);
        FloatVector a1 = FloatVector.fromArray(F, c, from + N);
        FloatVector b0 = FloatVector.fromArray(F, c, from + cStep);
        FloatVector b1 = FloatVector.fromArray(F, c, from + cStep + N);
        FloatVector c0 = FloatVector.fromArray(F, c, from + 2 * cStep);
        FloatVector c1 = FloatVector.fromArray(F, c, from + 2 * cStep + N);
        FloatVector d0 = FloatVector.fromArray(F, c, from + 3 * cStep);
        FloatVector d1 = FloatVector.fromArray(F, c, from + 3 * cStep + N);
        FloatVector e0 = FloatVector.fromArray(F, c, from + 4 * cStep);
        FloatVector e1 = FloatVector.fromArray(F, c, from + 4 * cStep + N);
        FloatVector f0 = FloatVector.fromArray(F, c, from + 5 * cStep);
        FloatVector f1 = FloatVector.fromArray(F, c, from + 5 * cStep + N);
        int w1 = w0 + stride;
        int w2 = w1 + stride;
        int w3 = w2 + stride;
        int w4 = w3 + stride;
        int w5 = w4 + stride;
        for (int k = 0, j = 0; k < count; k++, j += step) {
            long p = xAt + k * xStep;
            FloatVector v0 = FloatVector.fromMemorySegment(F, x, p, NATIVE);
            FloatVector v1 = FloatVector.fromMemorySegment(F, x, p + BYTES, NATIVE);
            FloatVector s = FloatVector.broadcast(F, w[w0 + j]);
            a0 = v0.fma(s, a0);
            a1 = v1.fma(s, a1);
            s = FloatVector.broadcast(F, w[w1 + j]);
            b0 = v0.fma(s, b0);
            b1 = v1.fma(s, b1);
            s = FloatVector.broadcast(F, w[w2 + j]);
            c0 = v0.fma(s, c0);
            c1 = v1.fma(s, c1);
            s = FloatVector.broadcast(F, w[w3 + j]);
            d0 = v0.fma(s, d0);
            d1 = v1.fma(s, d1);
            s = FloatVector.broadcast(F, w[w4 + j]);
            e0 = v0.fma(s, e0);
            e1 = v1.fma(s, e1);
            s = FloatVector.broadcast(F, w[w5 + j]);
            f0 = v0.fma(s, f0);
            f1 = v1.fma(s, f1);
        }
        a0.intoArray(c, to);
        a1.intoArray(c, to + N);
        b0.intoArray(c, to + cStep);
        b1.intoArray(c, to + cStep + N);
        c0.intoArray(c, to + 2 * cStep);
        c1.intoArray(c, to + 2 * cStep + N);
        d0.intoArray(c, to + 3 * cStep);
        d1.intoArray(c, to + 3 * cStep + N);
        e0.intoArray(c, to + 4 * cStep);
        e1.intoArray(c, to + 4 * cStep + N);
        f0.intoArray(c, to + 5 * cStep);
        f1.intoArray(c, to + 5 * cStep + N);
    }

    static void tile1x12(
            MemorySegment x,
            long xAt,
            int count,
            float[] w,
            int w0,
            int stride,
            int step,
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
        FloatVector i0 = FloatVector.fromArray(F, c, from + 8 * N);
        FloatVector j0 = FloatVector.fromArray(F, c, from + 9 * N);
        FloatVector k0 = FloatVector.fromArray(F, c, from + 10 * N);
        FloatVector l0 = FloatVector.fromArray(F, c, from + 11 * N);
        int w1 = w0 + stride;
        int w2 = w1 + stride;
        int w3 = w2 + stride;
        int w4 = w3 + stride;
        int w5 = w4 + stride;
        int w6 = w5 + stride;
        int w7 = w6 + stride;
        int w8 = w7 + stride;
        int w9 = w8 + stride;
        int w10 = w9 + stride;
        int w11 = w10 + stride;
        for (int k = 0, j = 0; k < count; k++, j += step) {
            long p = xAt + k * (long) BYTES;
            FloatVector v0 = FloatVector.fromMemorySegment(F, x, p, NATIVE);
            FloatVector s = FloatVector.broadcast(F, w[w0 + j]);
            a0 = v0.fma(s, a0);
            s = FloatVector.broadcast(F, w[w1 + j]);
            b0 = v0.fma(s, b0);
            s = FloatVector.broadcast(F, w[w2 + j]);
            c0 = v0.fma(s, c0);
            s = FloatVector.broadcast(F, w[w3 + j]);
            d0 = v0.fma(s, d0);
            s = FloatVector.broadcast(F, w[w4 + j]);
            e0 = v0.fma(s, e0);
            s = FloatVector.broadcast(F, w[w5 + j]);
            f0 = v0.fma(s, f0);
            s = FloatVector.broadcast(F, w[w6 + j]);
            g0 = v0.fma(s, g0);
            s = FloatVector.broadcast(F, w[w7 + j]);
            h0 = v0.fma(s, h0);
            s = FloatVector.broadcast(F, w[w8 + j]);
            i0 = v0.fma(s, i0);
            s = FloatVector.broadcast(F, w[w9 + j]);
            j0 = v0.fma(s, j0);
            s = FloatVector.broadcast(F, w[w10 + j]);
            k0 = v0.fma(s, k0);
            s = FloatVector.broadcast(F, w[w11 + j]);
            l0 = v0.fma(s, l0);
        }
        a0.intoArray(c, to);
        b0.intoArray(c, to + N);
        c0.intoArray(c, to + 2 * N);
        d0.intoArray(c, to + 3 * N);
        e0.intoArray(c, to + 4 * N);
        f0.intoArray(c, to + 5 * N);
        g0.intoArray(c, to + 6 * N);
        h0.intoArray(c, to + 7 * N);
        i0.intoArray(c, to + 8 * N);
        j0.intoArray(c, to + 9 * N);
        k0.intoArray(c, to + 10 * N);
        l0.intoArray(c, to + 11 * N);
    }
}
