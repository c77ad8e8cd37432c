package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE_INT;
import static io.github.deltallm.backend.cpu.Lanes.N;

import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

import java.lang.foreign.MemorySegment;

/**
 * Decoders of the types with blocks of 32 values: an f16 scale d, an f16 minimum m for the types
 * _1, the fifth bits of 5-bit types, then 16 bytes whose low halves are values 0 to 15 and whose
 * high halves are values 16 to 31.
 */
final class BlockDecoders {
    private static final IntVector INDEX = IntVector.broadcast(I, 0).addIndex(1);

    private BlockDecoders() {}

    static void q4v0(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 32, at += 18) {
            float d = Lanes.half(data, at);
            for (int i = 0; i < 16; i += N) {
                IntVector bytes = Lanes.unsigned(data, at + 2 + i);
                Lanes.floats(bytes.and(15)).sub(8).mul(d).intoArray(out, to + c + i);
                Lanes.floats(bytes.lanewise(LSHR, 4)).sub(8).mul(d).intoArray(out, to + c + 16 + i);
            }
        }
    }

    static void q4v1(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 32, at += 20) {
            int head = data.get(LE_INT, at);
            FloatVector d = FloatVector.broadcast(Lanes.F, Float.float16ToFloat((short) head));
            FloatVector m =
                    FloatVector.broadcast(Lanes.F, Float.float16ToFloat((short) (head >>> 16)));
            for (int i = 0; i < 16; i += N) {
                IntVector bytes = Lanes.unsigned(data, at + 4 + i);
                Lanes.floats(bytes.and(15)).fma(d, m).intoArray(out, to + c + i);
                Lanes.floats(bytes.lanewise(LSHR, 4)).fma(d, m).intoArray(out, to + c + 16 + i);
            }
        }
    }

    static void q5v0(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 32, at += 22) {
            float d = Lanes.half(data, at);
            int fifth = data.get(LE_INT, at + 2);
            for (int i = 0; i < 16; i += N) {
                IntVector bytes = Lanes.unsigned(data, at + 6 + i);
                Lanes.floats(bytes.and(15).or(fifthBits(fifth, i)))
                        .sub(16)
                        .mul(d)
                        .intoArray(out, to + c + i);
                Lanes.floats(bytes.lanewise(LSHR, 4).or(fifthBits(fifth, 16 + i)))
                        .sub(16)
                        .mul(d)
                        .intoArray(out, to + c + 16 + i);
            }
        }
    }

    static void q5v1(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 32, at += 24) {
            int head = data.get(LE_INT, at);
            FloatVector d = FloatVector.broadcast(Lanes.F, Float.float16ToFloat((short) head));
            FloatVector m =
                    FloatVector.broadcast(Lanes.F, Float.float16ToFloat((short) (head >>> 16)));
            int fifth = data.get(LE_INT, at + 4);
            for (int i = 0; i < 16; i += N) {
                IntVector bytes = Lanes.unsigned(data, at + 8 + i);
                Lanes.floats(bytes.and(15).or(fifthBits(fifth, i)))
                        .fma(d, m)
                        .intoArray(out, to + c + i);
                Lanes.floats(bytes.lanewise(LSHR, 4).or(fifthBits(fifth, 16 + i)))
                        .fma(d, m)
                        .intoArray(out, to + c + 16 + i);
            }
        }
    }

    static void q8v0(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 32, at += 34) {
            float d = Lanes.half(data, at);
            for (int i = 0; i < 32; i += N) {
                Lanes.floats(Lanes.signed(data, at + 2 + i)).mul(d).intoArray(out, to + c + i);
            }
        }
    }

    /** Bits {@code from} and following of {@code bits}, one a lane, each worth 16. */
    private static IntVector fifthBits(int bits, int from) {
        return IntVector.broadcast(I, bits)
                .lanewise(LSHR, INDEX.add(from))
                .and(1)
                .lanewise(jdk.incubator.vector.VectorOperators.LSHL, 4);
    }
}
