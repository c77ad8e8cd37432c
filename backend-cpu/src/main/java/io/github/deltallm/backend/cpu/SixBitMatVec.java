package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.B;
import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.H;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.RepackedKernels.UNIT;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.MemorySegment;

/**
 * A unit of a {@link SixBitWeight} times a row of activations, as {@link FourBitMatVec} does it.
 */
final class SixBitMatVec {
    private SixBitMatVec() {}

    /**
     * Adds the products of eight blocks' low bits, from the {@code first} on, to the results.
     *
     * @param w repacked weights
     * @param at offset of the blocks' head
     * @param results {@link RepackedKernels#UNIT} floats
     */
    static void low(MemorySegment w, long at, int first, BroadcastRow x, MemorySegment results) {
        float[] values = x.values;
        float[] sums = x.sums;
        FloatVector r0 = FloatVector.zero(F);
        FloatVector r1 = r0;
        FloatVector r2 = r0;
        FloatVector r3 = r0;
        for (int run = 2 * first; run < 2 * (first + RepackedWeight.RUNS); run++) {
            // A block has two runs' scales, then their low bits, then their high bits.
            long block = at + 2 * UNIT + (run / 2 - first) * 26L * UNIT;
            long q = block + run % 2 * UNIT;
            long p = block + 2 * UNIT + run % 2 * 8 * UNIT;
            FloatVector t0 = FloatVector.broadcast(F, -16 * sums[run]);
            FloatVector t1 = t0;
            FloatVector t2 = t0;
            FloatVector t3 = t0;
            for (int c = run * 16; c < run * 16 + 16; c += 4, p += 2 * BYTES) {
                IntVector v = IntVector.fromMemorySegment(I, w, p, NATIVE);
                IntVector u = IntVector.fromMemorySegment(I, w, p + BYTES, NATIVE);
                FloatVector m = FloatVector.broadcast(F, values[c]);
                t0 =
                        v.lanewise(LSHL, 19)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHL, 3)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 19)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHL, 3)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 1]);
                t0 =
                        v.lanewise(LSHL, 15)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 1)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 15)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 1)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 2]);
                t0 =
                        v.lanewise(LSHL, 11)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 5)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 11)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 5)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 3]);
                t0 =
                        v.lanewise(LSHL, 7)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 9)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 7)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 9)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
            }
            r0 =
                    t0.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q, LE)
                                            .convertShape(B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r0);
            r1 =
                    t1.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + N, LE)
                                            .convertShape(B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r1);
            r2 =
                    t2.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + 2 * N, LE)
                                            .convertShape(B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r2);
            r3 =
                    t3.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + 3 * N, LE)
                                            .convertShape(B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r3);
        }
        r0.fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, w, at, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        FloatVector.fromMemorySegment(F, results, 0, NATIVE))
                .intoMemorySegment(results, 0, NATIVE);
        r1.fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, w, at + 2 * N, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        FloatVector.fromMemorySegment(F, results, BYTES, NATIVE))
                .intoMemorySegment(results, BYTES, NATIVE);
        r2.fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, w, at + 4 * N, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        FloatVector.fromMemorySegment(F, results, 2L * BYTES, NATIVE))
                .intoMemorySegment(results, 2L * BYTES, NATIVE);
        r3.fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, w, at + 6 * N, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        FloatVector.fromMemorySegment(F, results, 3L * BYTES, NATIVE))
                .intoMemorySegment(results, 3L * BYTES, NATIVE);
    }

    /** As {@link #low}, the products of what is missing to the whole weights. */
    static void high(MemorySegment w, long at, int first, BroadcastRow x, MemorySegment results) {
        float[] values = x.values;
        float[] sums = x.sums;
        FloatVector r0 = FloatVector.zero(F);
        FloatVector r1 = r0;
        FloatVector r2 = r0;
        FloatVector r3 = r0;
        for (int run = 2 * first; run < 2 * (first + RepackedWeight.RUNS); run++) {
            long block = at + 2 * UNIT + (run / 2 - first) * 26L * UNIT;
            long q = block + run % 2 * UNIT;
            long p = block + 18 * UNIT + run % 2 * 4 * UNIT;
            // High bits h are multiplied as 4 + h, and stand for h - 2 here, 16 times.
            FloatVector t0 = FloatVector.broadcast(F, -6 * sums[run]);
            FloatVector t1 = t0;
            FloatVector t2 = t0;
            FloatVector t3 = t0;
            for (int c = run * 16; c < run * 16 + 16; c += 8, p += 2 * BYTES) {
                IntVector v = IntVector.fromMemorySegment(I, w, p, NATIVE);
                IntVector u = IntVector.fromMemorySegment(I, w, p + BYTES, NATIVE);
                FloatVector m = FloatVector.broadcast(F, values[c]);
                t0 =
                        v.lanewise(LSHL, 21)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHL, 5)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 21)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHL, 5)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 1]);
                t0 =
                        v.lanewise(LSHL, 19)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHL, 3)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 19)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHL, 3)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 2]);
                t0 =
                        v.lanewise(LSHL, 17)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHL, 1)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 17)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHL, 1)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 3]);
                t0 =
                        v.lanewise(LSHL, 15)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 1)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 15)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 1)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 4]);
                t0 =
                        v.lanewise(LSHL, 13)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 3)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 13)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 3)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 5]);
                t0 =
                        v.lanewise(LSHL, 11)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 5)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 11)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 5)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 6]);
                t0 =
                        v.lanewise(LSHL, 9)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 7)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 9)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 7)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 7]);
                t0 =
                        v.lanewise(LSHL, 7)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 9)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 7)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 9)
                                .and(0x600000)
                                .or(0x40800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
            }
            r0 =
                    t0.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q, LE)
                                            .convertShape(B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r0);
            r1 =
                    t1.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + N, LE)
                                            .convertShape(B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r1);
            r2 =
                    t2.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + 2 * N, LE)
                                            .convertShape(B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r2);
            r3 =
                    t3.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + 3 * N, LE)
                                            .convertShape(B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r3);
        }
        r0.mul(16)
                .fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, w, at, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        FloatVector.fromMemorySegment(F, results, 0, NATIVE))
                .intoMemorySegment(results, 0, NATIVE);
        r1.mul(16)
                .fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, w, at + 2 * N, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        FloatVector.fromMemorySegment(F, results, BYTES, NATIVE))
                .intoMemorySegment(results, BYTES, NATIVE);
        r2.mul(16)
                .fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, w, at + 4 * N, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        FloatVector.fromMemorySegment(F, results, 2L * BYTES, NATIVE))
                .intoMemorySegment(results, 2L * BYTES, NATIVE);
        r3.mul(16)
                .fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, w, at + 6 * N, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        FloatVector.fromMemorySegment(F, results, 3L * BYTES, NATIVE))
                .intoMemorySegment(results, 3L * BYTES, NATIVE);
    }
}
