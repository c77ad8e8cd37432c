package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.H;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.S;

import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2S;

import io.github.deltallm.api.spi.TensorType;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Unpacks blocks of ternary weights to digits 0, 1 and 2; see {@link TernaryDecoders}. */
final class TernaryDigits {
    /** As many bytes as {@link Lanes#S} has shorts. */
    private static final VectorSpecies<Byte> BYTES =
            N == 16
                    ? ByteVector.SPECIES_256
                    : N == 8 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

    private TernaryDigits() {}

    /**
     * Unpacks one block.
     *
     * @param out as many digits as a block has, from index {@code to} on; 3 for two bits that stand
     *     for no ternary value
     */
    static void block(TensorType type, MemorySegment data, long at, short[] out, int to) {
        switch (type) {
            case I2_S -> pairs(data, at, 6, -2, out, to);
            case TQ2_0 -> {
                pairs(data, at, 0, 2, out, to);
                pairs(data, at + 32, 0, 2, out, to + 128);
            }
            case TQ1_0 -> {
                fractions(data, at, 32, 5, out, to);
                fractions(data, at + 32, 16, 5, out, to + 160);
                last(data, at + 48, out, to + 240);
            }
            default -> throw new IllegalArgumentException(type + " is not ternary");
        }
    }

    private static void pairs(
            MemorySegment data, long at, int shift, int step, short[] out, int to) {
        for (int i = 0; i < 32; i += 2 * N) {
            ShortVector bytes =
                    (ShortVector)
                            ByteVector.fromMemorySegment(BYTES, data, at + i, Lanes.LE)
                                    .convertShape(ZERO_EXTEND_B2S, S, 0);
            bytes.lanewise(LSHR, shift).and((short) 3).intoArray(out, to + i);
            bytes.lanewise(LSHR, shift + step).and((short) 3).intoArray(out, to + 32 + i);
            bytes.lanewise(LSHR, shift + 2 * step).and((short) 3).intoArray(out, to + 64 + i);
            bytes.lanewise(LSHR, shift + 3 * step).and((short) 3).intoArray(out, to + 96 + i);
        }
    }

    private static void fractions(
            MemorySegment data, long at, int bytes, int places, short[] out, int to) {
        for (int i = 0; i < bytes; i += N) {
            IntVector rest = Lanes.unsigned(data, at + i);
            for (int place = 0; place < places; place++) {
                IntVector tripled = rest.mul(3);
                store(tripled.lanewise(LSHR, 8), out, to + place * bytes + i);
                rest = tripled.and(255);
            }
        }
    }

    private static void last(MemorySegment data, long at, short[] out, int to) {
        for (int i = 0; i < 16; i++) {
            int fraction = data.get(ValueLayout.JAVA_BYTE, at + i % 4) & 255;
            out[to + i] = (short) TernaryDecoders.digit(fraction, i / 4);
        }
    }

    private static void store(IntVector digits, short[] out, int to) {
        ((ShortVector) digits.convertShape(I2S, H, 0)).intoArray(out, to);
    }
}
