package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Decoders of the K types: superblocks of 256 values in runs of 16 or 32, each run with a small
 * integer scale (and minimum) that multiplies the superblock's f16 scale (and minimum).
 */
final class SuperblockDecoders {
    private SuperblockDecoders() {}

    /** 16 bytes of scale and minimum (4 bits each), 64 bytes of values, d, dmin. */
    static void q2k(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 256, at += 84) {
            float d = Lanes.half(data, at + 80);
            float dmin = Lanes.half(data, at + 82);
            for (int run = 0; run < 16; run++) {
                int scale = data.get(ValueLayout.JAVA_BYTE, at + run);
                FloatVector dl = FloatVector.broadcast(F, d * (scale & 15));
                FloatVector ml = FloatVector.broadcast(F, -dmin * (scale >>> 4 & 15));
                long bytes = at + 16 + (run >> 3) * 32 + (run & 1) * 16;
                int shift = (run >> 1 & 3) * 2;
                for (int i = 0; i < 16; i += N) {
                    IntVector q = Lanes.unsigned(data, bytes + i).lanewise(LSHR, shift).and(3);
                    Lanes.floats(q).fma(dl, ml).intoArray(out, to + c + run * 16 + i);
                }
            }
        }
    }

    /** 32 bytes of third bits, 64 bytes of values, 12 bytes of 6-bit scales, d. */
    static void q3k(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 256, at += 110) {
            float d = Lanes.half(data, at + 108);
            for (int run = 0; run < 16; run++) {
                FloatVector dl = FloatVector.broadcast(F, d * scale3(data, at + 96, run));
                long bytes = at + 32 + (run >> 3) * 32 + (run & 1) * 16;
                long thirds = at + (run & 1) * 16;
                int shift = (run >> 1 & 3) * 2;
                int bit = run >> 1;
                for (int i = 0; i < 16; i += N) {
                    IntVector q = Lanes.unsigned(data, bytes + i).lanewise(LSHR, shift).and(3);
                    IntVector high = Lanes.unsigned(data, thirds + i).lanewise(LSHR, bit).and(1);
                    IntVector value = q.add(high.lanewise(LSHL, 2)).sub(4);
                    Lanes.floats(value).mul(dl).intoArray(out, to + c + run * 16 + i);
                }
            }
        }
    }

    /**
     * The 6-bit scale of a run of Q3_K: four low bits in bytes 0 to 7, two high bits in 8 to 11.
     */
    private static int scale3(MemorySegment data, long at, int run) {
        int low = (data.get(ValueLayout.JAVA_BYTE, at + (run & 7)) >>> ((run >> 3) * 4)) & 15;
        int high = (data.get(ValueLayout.JAVA_BYTE, at + 8 + (run & 3)) >>> ((run >> 2) * 2)) & 3;
        return (low | high << 4) - 32;
    }

    /** d, dmin, 12 bytes of 6-bit scales and minima, 128 bytes of values. */
    static void q4k(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 256, at += 144) {
            float d = Lanes.half(data, at);
            float dmin = Lanes.half(data, at + 2);
            for (int pair = 0; pair < 4; pair++) {
                FloatVector d0 = FloatVector.broadcast(F, d * scale4(data, at + 4, 2 * pair));
                FloatVector m0 = FloatVector.broadcast(F, -dmin * minimum4(data, at + 4, 2 * pair));
                FloatVector d1 = FloatVector.broadcast(F, d * scale4(data, at + 4, 2 * pair + 1));
                FloatVector m1 =
                        FloatVector.broadcast(F, -dmin * minimum4(data, at + 4, 2 * pair + 1));
                int o = to + c + pair * 64;
                for (int i = 0; i < 32; i += N) {
                    IntVector bytes = Lanes.unsigned(data, at + 16 + pair * 32 + i);
                    Lanes.floats(bytes.and(15)).fma(d0, m0).intoArray(out, o + i);
                    Lanes.floats(bytes.lanewise(LSHR, 4)).fma(d1, m1).intoArray(out, o + 32 + i);
                }
            }
        }
    }

    /** The 6-bit scale of one of the 8 runs of Q4_K and Q5_K. */
    static int scale4(MemorySegment data, long at, int run) {
        if (run < 4) {
            return data.get(ValueLayout.JAVA_BYTE, at + run) & 63;
        }
        int low = data.get(ValueLayout.JAVA_BYTE, at + run + 4) & 15;
        int high = (data.get(ValueLayout.JAVA_BYTE, at + run - 4) >>> 6) & 3;
        return low | (high << 4);
    }

    /** The 6-bit minimum of one of the 8 runs of Q4_K and Q5_K. */
    static int minimum4(MemorySegment data, long at, int run) {
        if (run < 4) {
            return data.get(ValueLayout.JAVA_BYTE, at + run + 4) & 63;
        }
        int low = (data.get(ValueLayout.JAVA_BYTE, at + run + 4) >>> 4) & 15;
        int high = (data.get(ValueLayout.JAVA_BYTE, at + run) >>> 6) & 3;
        return low | (high << 4);
    }

    /** As Q4_K with 32 bytes of fifth bits before the values: bit {@code run} of byte i. */
    static void q5k(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 256, at += 176) {
            float d = Lanes.half(data, at);
            float dmin = Lanes.half(data, at + 2);
            for (int run = 0; run < 8; run++) {
                FloatVector dl = FloatVector.broadcast(F, d * scale4(data, at + 4, run));
                FloatVector ml = FloatVector.broadcast(F, -dmin * minimum4(data, at + 4, run));
                long bytes = at + 48 + (run >> 1) * 32;
                int shift = (run & 1) * 4;
                for (int i = 0; i < 32; i += N) {
                    IntVector q = Lanes.unsigned(data, bytes + i).lanewise(LSHR, shift).and(15);
                    IntVector high = Lanes.unsigned(data, at + 16 + i).lanewise(LSHR, run).and(1);
                    Lanes.floats(q.or(high.lanewise(LSHL, 4)))
                            .fma(dl, ml)
                            .intoArray(out, to + c + run * 32 + i);
                }
            }
        }
    }

    /** 128 bytes of low halves, 64 bytes of two high bits, 16 scales of 8 bits, d. */
    static void q6k(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 256, at += 210) {
            float d = Lanes.half(data, at + 208);
            for (int run = 0; run < 16; run++) {
                int inHalf = run & 7;
                int scale = data.get(ValueLayout.JAVA_BYTE, at + 192 + run);
                FloatVector dl = FloatVector.broadcast(F, d * scale);
                long low = at + (run >> 3) * 64 + (inHalf & 3) * 16;
                long high = at + 128 + (run >> 3) * 32 + (inHalf & 1) * 16;
                int lowShift = inHalf >> 2 << 2;
                int highShift = inHalf >> 1 << 1;
                for (int i = 0; i < 16; i += N) {
                    IntVector q = Lanes.unsigned(data, low + i).lanewise(LSHR, lowShift).and(15);
                    IntVector h = Lanes.unsigned(data, high + i).lanewise(LSHR, highShift).and(3);
                    Lanes.floats(q.or(h.lanewise(LSHL, 4)).sub(32))
                            .mul(dl)
                            .intoArray(out, to + c + run * 16 + i);
                }
            }
        }
    }
}
