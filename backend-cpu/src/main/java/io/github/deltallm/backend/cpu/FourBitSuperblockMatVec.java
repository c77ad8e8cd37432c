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

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2I;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.MemorySegment;

/** As {@link FourBitMatVec}, of Q4_K, whose blocks of 32 are eighths of a block with a scale. */
final class FourBitSuperblockMatVec {
    private FourBitSuperblockMatVec() {}

    /**
     * Adds the products of eight blocks, from the {@code first} on, to the results.
     *
     * @param w repacked weights
     * @param at offset of the blocks' head
     * @param results {@link RepackedKernels#UNIT} floats
     */
    static void q4k(MemorySegment w, long at, int first, BroadcastRow x, MemorySegment results) {
        float[] values = x.values;
        float[] sums = x.sums;
        FloatVector r0 = FloatVector.zero(F);
        FloatVector r1 = r0;
        FloatVector r2 = r0;
        FloatVector r3 = r0;
        FloatVector o0 = FloatVector.zero(F);
        FloatVector o1 = o0;
        FloatVector o2 = o0;
        FloatVector o3 = o0;
        long p = at + 4 * UNIT;
        for (int block = first; block < first + RepackedWeight.RUNS; block++) {
            long q = p;
            p += 2 * UNIT;
            float sum = sums[2 * block] + sums[2 * block + 1];
            FloatVector t0 = FloatVector.broadcast(F, -16 * sum);
            FloatVector t1 = t0;
            FloatVector t2 = t0;
            FloatVector t3 = t0;
            for (int c = block * 32; c < block * 32 + 32; c += 4, p += 2 * BYTES) {
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
            FloatVector n = FloatVector.broadcast(F, sum);
            r0 =
                    t0.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r0);
            o0 =
                    n.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + UNIT, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            o0);
            r1 =
                    t1.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + N, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r1);
            o1 =
                    n.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + UNIT + N, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            o1);
            r2 =
                    t2.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + 2 * N, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r2);
            o2 =
                    n.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + UNIT + 2 * N, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            o2);
            r3 =
                    t3.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + 3 * N, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            r3);
            o3 =
                    n.fma(
                            ((FloatVector)
                                    ByteVector.fromMemorySegment(B, w, q + UNIT + 3 * N, LE)
                                            .convertShape(ZERO_EXTEND_B2I, I, 0)
                                            .convertShape(I2F, F, 0)),
                            o3);
        }
        o0.neg()
                .fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(H, w, at + 2 * UNIT, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        r0.fma(
                                ((IntVector)
                                                ShortVector.fromMemorySegment(H, w, at, LE)
                                                        .convertShape(S2I, I, 0))
                                        .lanewise(LSHL, 13)
                                        .and(0x8FFFE000)
                                        .reinterpretAsFloats()
                                        .mul(0x1p112f),
                                FloatVector.fromMemorySegment(F, results, 0, NATIVE)))
                .intoMemorySegment(results, 0, NATIVE);
        o1.neg()
                .fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(
                                                        H, w, at + 2 * UNIT + 2 * N, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        r1.fma(
                                ((IntVector)
                                                ShortVector.fromMemorySegment(H, w, at + 2 * N, LE)
                                                        .convertShape(S2I, I, 0))
                                        .lanewise(LSHL, 13)
                                        .and(0x8FFFE000)
                                        .reinterpretAsFloats()
                                        .mul(0x1p112f),
                                FloatVector.fromMemorySegment(F, results, BYTES, NATIVE)))
                .intoMemorySegment(results, BYTES, NATIVE);
        o2.neg()
                .fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(
                                                        H, w, at + 2 * UNIT + 4 * N, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        r2.fma(
                                ((IntVector)
                                                ShortVector.fromMemorySegment(H, w, at + 4 * N, LE)
                                                        .convertShape(S2I, I, 0))
                                        .lanewise(LSHL, 13)
                                        .and(0x8FFFE000)
                                        .reinterpretAsFloats()
                                        .mul(0x1p112f),
                                FloatVector.fromMemorySegment(F, results, 2L * BYTES, NATIVE)))
                .intoMemorySegment(results, 2L * BYTES, NATIVE);
        o3.neg()
                .fma(
                        ((IntVector)
                                        ShortVector.fromMemorySegment(
                                                        H, w, at + 2 * UNIT + 6 * N, LE)
                                                .convertShape(S2I, I, 0))
                                .lanewise(LSHL, 13)
                                .and(0x8FFFE000)
                                .reinterpretAsFloats()
                                .mul(0x1p112f),
                        r3.fma(
                                ((IntVector)
                                                ShortVector.fromMemorySegment(H, w, at + 6 * N, LE)
                                                        .convertShape(S2I, I, 0))
                                        .lanewise(LSHL, 13)
                                        .and(0x8FFFE000)
                                        .reinterpretAsFloats()
                                        .mul(0x1p112f),
                                FloatVector.fromMemorySegment(F, results, 3L * BYTES, NATIVE)))
                .intoMemorySegment(results, 3L * BYTES, NATIVE);
    }
}
