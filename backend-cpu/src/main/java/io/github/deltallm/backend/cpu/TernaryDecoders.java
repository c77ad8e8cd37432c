package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.N;

import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.deltallm.api.spi.Tensor;

import jdk.incubator.vector.IntVector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Decoders of ternary types: values -1, 0 and +1, stored as 0, 1 and 2, times the scale of their
 * block (TQ1_0, TQ2_0) or of their tensor (I2_S).
 */
final class TernaryDecoders {
    private TernaryDecoders() {}

    /** The decoder of an I2_S tensor, whose scale lies behind all packed values. */
    static Decoder i2s(Tensor tensor) {
        float scale = tensor.data().get(Lanes.LE_FLOAT, tensor.data().byteSize() - 32);
        return (data, at, columns, out, to) -> i2s(data, at, columns, scale, out, to);
    }

    /** Byte j of 32 holds values j, j + 32, j + 64 and j + 96 of 128, from its top bits down. */
    private static void i2s(
            MemorySegment data, long at, int columns, float scale, float[] out, int to) {
        for (int c = 0; c < columns; c += 128, at += 32) {
            for (int i = 0; i < 32; i += N) {
                IntVector bytes = Lanes.unsigned(data, at + i);
                for (int s = 0; s < 4; s++) {
                    value(bytes.lanewise(LSHR, 6 - 2 * s), scale, out, to + c + 32 * s + i);
                }
            }
        }
    }

    /** As I2_S, but from the low bits up; the f16 scale follows two times 32 bytes. */
    static void tq2(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 256, at += 66) {
            float scale = Lanes.half(data, at + 64);
            for (int i = 0; i < 64; i += N) {
                IntVector bytes = Lanes.unsigned(data, at + i);
                int first = to + c + (i & 32) * 4 + (i & 31);
                for (int s = 0; s < 4; s++) {
                    value(bytes.lanewise(LSHR, 2 * s), scale, out, first + 32 * s);
                }
            }
        }
    }

    private static void value(IntVector pairs, float scale, float[] out, int to) {
        Lanes.floats(pairs.and(3).sub(1)).mul(scale).intoArray(out, to);
    }

    /**
     * A byte is a fraction of 256 in base 3, whose places are five values: of 32 bytes, then of 16;
     * four more bytes hold four values each; the f16 scale follows.
     */
    static void tq1(MemorySegment data, long at, int columns, float[] out, int to) {
        for (int c = 0; c < columns; c += 256, at += 54) {
            float scale = Lanes.half(data, at + 52);
            for (int i = 0; i < 48; i += N) {
                IntVector rest = Lanes.unsigned(data, at + i);
                int distance = i < 32 ? 32 : 16;
                int first = to + c + (i < 32 ? i : 160 + i - 32);
                for (int place = 0; place < 5; place++) {
                    IntVector tripled = rest.mul(3);
                    value(tripled.lanewise(LSHR, 8), scale, out, first + place * distance);
                    rest = tripled.and(255);
                }
            }
            for (int i = 0; i < 16; i++) {
                int digit = digit(data.get(ValueLayout.JAVA_BYTE, at + 48 + i % 4) & 255, i / 4);
                out[to + c + 240 + i] = scale * (digit - 1);
            }
        }
    }

    /** A digit behind the point of {@code fraction / 256} in base 3. */
    static int digit(int fraction, int place) {
        int rest = fraction;
        for (int i = 0; i < place; i++) {
            rest = rest * 3 & 255;
        }
        return (rest * 3) >> 8;
    }
}
