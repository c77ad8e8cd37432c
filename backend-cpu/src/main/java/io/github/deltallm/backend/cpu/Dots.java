package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;

/**
 * Dot products of four decoded weight rows with 1, 2 or 4 rows of x: every load of weights and of x
 * serves several sums. Rows are padded with zeros to whole registers; register {@code 4 j + i} of
 * the sums belongs to row j of x and row i of the weights.
 */
final class Dots {
    private Dots() {}

    static void rows1(
            float[] w,
            int stride,
            int columns,
            MemorySegment x,
            long xAt,
            long xStride,
            float[] sums) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        for (int c = 0; c < columns; c += N) {
            FloatVector w0 = FloatVector.fromArray(F, w, c);
            FloatVector w1 = FloatVector.fromArray(F, w, stride + c);
            FloatVector w2 = FloatVector.fromArray(F, w, 2 * stride + c);
            FloatVector w3 = FloatVector.fromArray(F, w, 3 * stride + c);
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE);
            a0 = v.fma(w0, a0);
            a1 = v.fma(w1, a1);
            a2 = v.fma(w2, a2);
            a3 = v.fma(w3, a3);
        }
        a0.intoArray(sums, 0);
        a1.intoArray(sums, N);
        a2.intoArray(sums, 2 * N);
        a3.intoArray(sums, 3 * N);
    }

    static void rows2(
            float[] w,
            int stride,
            int columns,
            MemorySegment x,
            long xAt,
            long xStride,
            float[] sums) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        FloatVector b2 = FloatVector.zero(F);
        FloatVector b3 = FloatVector.zero(F);
        long x1 = xAt + xStride;
        for (int c = 0; c < columns; c += N) {
            FloatVector w0 = FloatVector.fromArray(F, w, c);
            FloatVector w1 = FloatVector.fromArray(F, w, stride + c);
            FloatVector w2 = FloatVector.fromArray(F, w, 2 * stride + c);
            FloatVector w3 = FloatVector.fromArray(F, w, 3 * stride + c);
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE);
            a0 = v.fma(w0, a0);
            a1 = v.fma(w1, a1);
            a2 = v.fma(w2, a2);
            a3 = v.fma(w3, a3);
            v = FloatVector.fromMemorySegment(F, x, x1 + 4L * c, NATIVE);
            b0 = v.fma(w0, b0);
            b1 = v.fma(w1, b1);
            b2 = v.fma(w2, b2);
            b3 = v.fma(w3, b3);
        }
        a0.intoArray(sums, 0);
        a1.intoArray(sums, N);
        a2.intoArray(sums, 2 * N);
        a3.intoArray(sums, 3 * N);
        b0.intoArray(sums, 4 * N);
        b1.intoArray(sums, 5 * N);
        b2.intoArray(sums, 6 * N);
        b3.intoArray(sums, 7 * N);
    }

    static void rows4(
            float[] w,
            int stride,
            int columns,
            MemorySegment x,
            long xAt,
            long xStride,
            float[] sums) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        FloatVector b2 = FloatVector.zero(F);
        FloatVector b3 = FloatVector.zero(F);
        FloatVector c0 = FloatVector.zero(F);
        FloatVector c1 = FloatVector.zero(F);
        FloatVector c2 = FloatVector.zero(F);
        FloatVector c3 = FloatVector.zero(F);
        FloatVector d0 = FloatVector.zero(F);
        FloatVector d1 = FloatVector.zero(F);
        FloatVector d2 = FloatVector.zero(F);
        FloatVector d3 = FloatVector.zero(F);
        long x1 = xAt + xStride;
        long x2 = x1 + xStride;
        long x3 = x2 + xStride;
        for (int c = 0; c < columns; c += N) {
            FloatVector w0 = FloatVector.fromArray(F, w, c);
            FloatVector w1 = FloatVector.fromArray(F, w, stride + c);
            FloatVector w2 = FloatVector.fromArray(F, w, 2 * stride + c);
            FloatVector w3 = FloatVector.fromArray(F, w, 3 * stride + c);
            FloatVector v = FloatVector.fromMemorySegment(F, x, xAt + 4L * c, NATIVE);
            a0 = v.fma(w0, a0);
            a1 = v.fma(w1, a1);
            a2 = v.fma(w2, a2);
            a3 = v.fma(w3, a3);
            v = FloatVector.fromMemorySegment(F, x, x1 + 4L * c, NATIVE);
            b0 = v.fma(w0, b0);
            b1 = v.fma(w1, b1);
            b2 = v.fma(w2, b2);
            b3 = v.fma(w3, b3);
            v = FloatVector.fromMemorySegment(F, x, x2 + 4L * c, NATIVE);
            c0 = v.fma(w0, c0);
            c1 = v.fma(w1, c1);
            c2 = v.fma(w2, c2);
            c3 = v.fma(w3, c3);
            v = FloatVector.fromMemorySegment(F, x, x3 + 4L * c, NATIVE);
            d0 = v.fma(w0, d0);
            d1 = v.fma(w1, d1);
            d2 = v.fma(w2, d2);
            d3 = v.fma(w3, d3);
        }
        a0.intoArray(sums, 0);
        a1.intoArray(sums, N);
        a2.intoArray(sums, 2 * N);
        a3.intoArray(sums, 3 * N);
        b0.intoArray(sums, 4 * N);
        b1.intoArray(sums, 5 * N);
        b2.intoArray(sums, 6 * N);
        b3.intoArray(sums, 7 * N);
        c0.intoArray(sums, 8 * N);
        c1.intoArray(sums, 9 * N);
        c2.intoArray(sums, 10 * N);
        c3.intoArray(sums, 11 * N);
        d0.intoArray(sums, 12 * N);
        d1.intoArray(sums, 13 * N);
        d2.intoArray(sums, 14 * N);
        d3.intoArray(sums, 15 * N);
    }
}
