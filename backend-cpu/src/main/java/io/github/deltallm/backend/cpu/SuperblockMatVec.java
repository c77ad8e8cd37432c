package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.B;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@link MatVec} for superblocks of 256: the runs' scales are unpacked to fp32 behind the sums
 * first, the runs then have accumulators of their own.
 */
final class SuperblockMatVec {
    private static final int SCALES = 4 * N;

    private SuperblockMatVec() {}

    /** Even runs are the low halves of 32 bytes, odd runs the high ones: x0, x1 and y0, y1. */
    static void q4k(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector even = FloatVector.zero(F);
        FloatVector odd = FloatVector.zero(F);
        for (int c = 0; c < columns; c += 256, at += 144) {
            q4kScales(data, at, sums);
            for (int pair = 0; pair < 4; pair++) {
                long p = at + 16 + pair * 32L;
                long q = xAt + 4L * c + pair * 256L;
                int s = SCALES + pair * 4;
                for (int i = 0; i < 16; i += N) {
                    FloatVector x0 = FloatVector.fromMemorySegment(F, x, q + 4 * i, NATIVE);
                    FloatVector x1 = FloatVector.fromMemorySegment(F, x, q + 64 + 4 * i, NATIVE);
                    FloatVector y0 = FloatVector.fromMemorySegment(F, x, q + 128 + 4 * i, NATIVE);
                    FloatVector y1 = FloatVector.fromMemorySegment(F, x, q + 192 + 4 * i, NATIVE);
                    IntVector v =
                            (IntVector)
                                    ByteVector.fromMemorySegment(B, data, p + i, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0);
                    IntVector w =
                            (IntVector)
                                    ByteVector.fromMemorySegment(B, data, p + 16 + i, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0);
                    FloatVector t = ((FloatVector) v.and(15).convertShape(I2F, F, 0)).mul(x0);
                    t = ((FloatVector) w.and(15).convertShape(I2F, F, 0)).fma(x1, t);
                    FloatVector u =
                            ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).mul(y0);
                    u = ((FloatVector) w.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(y1, u);
                    even = t.fma(FloatVector.broadcast(F, sums[s]), even);
                    odd = u.fma(FloatVector.broadcast(F, sums[s + 1]), odd);
                    even = x0.add(x1).fma(FloatVector.broadcast(F, sums[s + 2]), even);
                    odd = y0.add(y1).fma(FloatVector.broadcast(F, sums[s + 3]), odd);
                }
            }
        }
        even.add(odd).intoArray(sums, to);
    }

    /** For each pair of runs: two scales, two negated minima. */
    private static void q4kScales(MemorySegment data, long at, float[] out) {
        float d = Lanes.half(data, at);
        float dmin = -Lanes.half(data, at + 2);
        for (int run = 0; run < 8; run++) {
            int to = SCALES + (run >> 1) * 4 + (run & 1);
            out[to] = d * SuperblockDecoders.scale4(data, at + 4, run);
            out[to + 2] = dmin * SuperblockDecoders.minimum4(data, at + 4, run);
        }
    }

    /** Each group of high bits completes four groups of values that are 32 columns apart. */
    static void q6k(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        for (int c = 0; c < columns; c += 256, at += 210) {
            q6kScales(data, at, sums);
            for (int quarter = 0; quarter < 4; quarter++) {
                int half = quarter >> 1;
                int sixteenth = quarter & 1;
                long low = at + half * 64 + sixteenth * 16;
                long high = at + 128 + half * 32 + sixteenth * 16;
                long q = xAt + 4L * (c + half * 128 + sixteenth * 16);
                int s = SCALES + half * 8 + sixteenth;
                for (int i = 0; i < 16; i += N) {
                    IntVector v =
                            (IntVector)
                                    ByteVector.fromMemorySegment(B, data, low + i, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0);
                    IntVector w =
                            (IntVector)
                                    ByteVector.fromMemorySegment(B, data, low + 32 + i, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0);
                    IntVector h =
                            (IntVector)
                                    ByteVector.fromMemorySegment(B, data, high + i, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0);
                    FloatVector t =
                            (FloatVector)
                                    v.and(15)
                                            .or(h.lanewise(LSHL, 4).and(48))
                                            .sub(32)
                                            .convertShape(I2F, F, 0);
                    t = t.mul(FloatVector.fromMemorySegment(F, x, q + 4 * i, NATIVE));
                    a = t.fma(FloatVector.broadcast(F, sums[s]), a);
                    t =
                            (FloatVector)
                                    w.and(15)
                                            .or(h.lanewise(LSHL, 2).and(48))
                                            .sub(32)
                                            .convertShape(I2F, F, 0);
                    t = t.mul(FloatVector.fromMemorySegment(F, x, q + 128 + 4 * i, NATIVE));
                    b = t.fma(FloatVector.broadcast(F, sums[s + 2]), b);
                    t =
                            (FloatVector)
                                    v.lanewise(LSHR, 4)
                                            .or(h.and(48))
                                            .sub(32)
                                            .convertShape(I2F, F, 0);
                    t = t.mul(FloatVector.fromMemorySegment(F, x, q + 256 + 4 * i, NATIVE));
                    a = t.fma(FloatVector.broadcast(F, sums[s + 4]), a);
                    t =
                            (FloatVector)
                                    w.lanewise(LSHR, 4)
                                            .or(h.lanewise(LSHR, 2).and(48))
                                            .sub(32)
                                            .convertShape(I2F, F, 0);
                    t = t.mul(FloatVector.fromMemorySegment(F, x, q + 384 + 4 * i, NATIVE));
                    b = t.fma(FloatVector.broadcast(F, sums[s + 6]), b);
                }
            }
        }
        a.add(b).intoArray(sums, to);
    }

    private static void q6kScales(MemorySegment data, long at, float[] out) {
        float d = Lanes.half(data, at + 208);
        for (int run = 0; run < 16; run++) {
            out[SCALES + run] = d * data.get(ValueLayout.JAVA_BYTE, at + 192 + run);
        }
    }
}
