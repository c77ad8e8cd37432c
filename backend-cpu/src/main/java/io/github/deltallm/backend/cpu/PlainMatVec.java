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
 * {@link MatVec} for the types without blocks. Rows are read one after the other, as they lie in
 * memory: four at once, each a stream of its own, reach little more than half of the bandwidth. A
 * row has four accumulators; what is left of an odd one is added to the first lane.
 */
final class PlainMatVec {
    private static final float HALF_BIAS = 0x1p56f;

    private PlainMatVec() {}

    static void f32(
            MemorySegment data,
            long at,
            long rowBytes,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums) {
        for (int row = 0; row < 4; row++) {
            f32Row(data, at + row * rowBytes, columns, x, xAt, sums, row * N);
        }
    }

    private static void f32Row(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        FloatVector c = FloatVector.zero(F);
        FloatVector d = FloatVector.zero(F);
        int i = 0;
        for (; i + 4 * N <= columns; i += 4 * N) {
            a = f32(data, at, i).fma(x(x, xAt, i), a);
            b = f32(data, at, i + N).fma(x(x, xAt, i + N), b);
            c = f32(data, at, i + 2 * N).fma(x(x, xAt, i + 2 * N), c);
            d = f32(data, at, i + 3 * N).fma(x(x, xAt, i + 3 * N), d);
        }
        for (; i + N <= columns; i += N) {
            a = f32(data, at, i).fma(x(x, xAt, i), a);
        }
        a.add(b).add(c.add(d)).intoArray(sums, to);
        for (; i < columns; i++) {
            float w = data.get(Lanes.LE_FLOAT, at + 4L * i);
            sums[to] = Math.fma(w, x.get(Lanes.FLOAT, xAt + 4L * i), sums[to]);
        }
    }

    private static FloatVector f32(MemorySegment data, long at, int i) {
        return FloatVector.fromMemorySegment(F, data, at + 4L * i, LE);
    }

    private static FloatVector x(MemorySegment x, long at, int i) {
        return FloatVector.fromMemorySegment(F, x, at + 4L * i, NATIVE);
    }

    static void bf16(
            MemorySegment data,
            long at,
            long rowBytes,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums) {
        for (int row = 0; row < 4; row++) {
            bf16Row(data, at + row * rowBytes, columns, x, xAt, sums, row * N);
        }
    }

    private static void bf16Row(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        FloatVector c = FloatVector.zero(F);
        FloatVector d = FloatVector.zero(F);
        int i = 0;
        for (; i + 4 * N <= columns; i += 4 * N) {
            a = bf16(data, at, i).fma(x(x, xAt, i), a);
            b = bf16(data, at, i + N).fma(x(x, xAt, i + N), b);
            c = bf16(data, at, i + 2 * N).fma(x(x, xAt, i + 2 * N), c);
            d = bf16(data, at, i + 3 * N).fma(x(x, xAt, i + 3 * N), d);
        }
        for (; i + N <= columns; i += N) {
            a = bf16(data, at, i).fma(x(x, xAt, i), a);
        }
        a.add(b).add(c.add(d)).intoArray(sums, to);
        for (; i < columns; i++) {
            float w = Float.intBitsToFloat(data.get(Lanes.LE_SHORT, at + 2L * i) << 16);
            sums[to] = Math.fma(w, x.get(Lanes.FLOAT, xAt + 4L * i), sums[to]);
        }
    }

    private static FloatVector bf16(MemorySegment data, long at, int i) {
        ShortVector bits = ShortVector.fromMemorySegment(H, data, at + 2L * i, LE);
        return ((IntVector) bits.convertShape(ZERO_EXTEND_S2I, I, 0))
                .lanewise(LSHL, 16)
                .reinterpretAsFloats();
    }

    static void f16(
            MemorySegment data,
            long at,
            long rowBytes,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums) {
        for (int row = 0; row < 4; row++) {
            f16Row(data, at + row * rowBytes, columns, x, xAt, sums, row * N);
        }
    }

    private static void f16Row(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        FloatVector c = FloatVector.zero(F);
        FloatVector d = FloatVector.zero(F);
        int i = 0;
        for (; i + 4 * N <= columns; i += 4 * N) {
            a = f16(data, at, i).fma(x(x, xAt, i).mul(HALF_BIAS), a);
            b = f16(data, at, i + N).fma(x(x, xAt, i + N).mul(HALF_BIAS), b);
            c = f16(data, at, i + 2 * N).fma(x(x, xAt, i + 2 * N).mul(HALF_BIAS), c);
            d = f16(data, at, i + 3 * N).fma(x(x, xAt, i + 3 * N).mul(HALF_BIAS), d);
        }
        for (; i + N <= columns; i += N) {
            a = f16(data, at, i).fma(x(x, xAt, i).mul(HALF_BIAS), a);
        }
        a.add(b).add(c.add(d)).mul(HALF_BIAS).intoArray(sums, to);
        for (; i < columns; i++) {
            float w = Lanes.half(data, at + 2L * i);
            sums[to] = Math.fma(w, x.get(Lanes.FLOAT, xAt + 4L * i), sums[to]);
        }
    }

    /**
     * Halves as floats with the exponent's bias of halves, too small by a factor of 2^112. That is
     * corrected by 2^56 in x and 2^56 in the sum, so that neither over- nor underflows, and not in
     * every weight.
     */
    private static FloatVector f16(MemorySegment data, long at, int i) {
        ShortVector bits = ShortVector.fromMemorySegment(H, data, at + 2L * i, LE);
        return ((IntVector) bits.convertShape(S2I, I, 0))
                .lanewise(LSHL, 13)
                .and(0x8FFFE000)
                .reinterpretAsFloats();
    }
}
