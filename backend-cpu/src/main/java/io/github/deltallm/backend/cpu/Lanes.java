package io.github.deltallm.backend.cpu;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The vector shapes that all kernels share: {@link #N} floats a register, 4, 8 or 16 of them.
 *
 * <p>Kernels call the Vector API directly wherever speed counts, and pass each other arrays: the
 * compiler stops inlining plain methods in a large kernel or where it has compiled them before,
 * which is so on some starts and not on others, and a vector that goes to or comes from a method
 * that was not inlined is allocated on the heap. The methods here that return vectors are for
 * decoders of rarer types.
 */
final class Lanes {
    /** Floats, as wide as the machine prefers, at most 512 bits. */
    static final VectorSpecies<Float> F =
            FloatVector.SPECIES_PREFERRED.length() > 16
                    ? FloatVector.SPECIES_512
                    : FloatVector.SPECIES_PREFERRED;

    /** As many ints. */
    static final VectorSpecies<Integer> I =
            F.length() == 16
                    ? IntVector.SPECIES_512
                    : F.length() == 8 ? IntVector.SPECIES_256 : IntVector.SPECIES_128;

    /** As many shorts. */
    static final VectorSpecies<Short> H =
            F.length() == 16
                    ? ShortVector.SPECIES_256
                    : F.length() == 8 ? ShortVector.SPECIES_128 : ShortVector.SPECIES_64;

    /** Twice as many shorts: a whole register. */
    static final VectorSpecies<Short> S =
            F.length() == 16
                    ? ShortVector.SPECIES_512
                    : F.length() == 8 ? ShortVector.SPECIES_256 : ShortVector.SPECIES_128;

    /** As many bytes; at 4 lanes there is no such shape, and nothing may use this. */
    static final VectorSpecies<Byte> B =
            F.length() == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

    /** Floats in a register. */
    static final int N = F.length();

    /** Bytes of a register. */
    static final int BYTES = 4 * N;

    /** Whether {@link #B} has {@link #N} lanes. */
    static final boolean HAVE_BYTES = N >= 8;

    static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /** The order of activations, which never leave this machine. */
    static final ByteOrder NATIVE = ByteOrder.nativeOrder();

    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    static final ValueLayout.OfShort LE_SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LE);
    static final ValueLayout.OfInt LE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LE);

    static final ValueLayout.OfLong LE_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LE);

    /** Ints as bits of activations. */
    static final ValueLayout.OfInt NATIVE_INT = ValueLayout.JAVA_INT_UNALIGNED;

    static final ValueLayout.OfFloat LE_FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LE);

    private static final IntVector BYTE_SHIFTS =
            IntVector.broadcast(I, 0).addIndex(8).lanewise(VectorOperators.AND, 24);

    private Lanes() {}

    /** {@code value} rounded up to a multiple of 16, which every row is padded to. */
    static int padded(int value) {
        return value + 15 & -16;
    }

    static int ceilDiv(int value, int by) {
        return (int) ((value + by - 1L) / by);
    }

    /** The next {@link #N} bytes as ints from 0 to 255. */
    static IntVector unsigned(MemorySegment data, long at) {
        if (HAVE_BYTES) {
            return (IntVector)
                    ByteVector.fromMemorySegment(B, data, at, LE)
                            .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        }
        return IntVector.broadcast(I, data.get(LE_INT, at))
                .lanewise(VectorOperators.LSHR, BYTE_SHIFTS)
                .and(255);
    }

    /** The next {@link #N} bytes as ints from -128 to 127. */
    static IntVector signed(MemorySegment data, long at) {
        if (HAVE_BYTES) {
            return (IntVector)
                    ByteVector.fromMemorySegment(B, data, at, LE)
                            .convertShape(VectorOperators.B2I, I, 0);
        }
        return unsigned(data, at)
                .lanewise(VectorOperators.LSHL, 24)
                .lanewise(VectorOperators.ASHR, 24);
    }

    static FloatVector floats(IntVector values) {
        return (FloatVector) values.convertShape(VectorOperators.I2F, F, 0);
    }

    /** The next {@link #N} bf16 values. */
    static FloatVector bf16(MemorySegment data, long at) {
        return ((IntVector)
                        ShortVector.fromMemorySegment(H, data, at, LE)
                                .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
    }

    /** Decodes the next {@link #N} finite f16 values, subnormal ones included. */
    static void f16(MemorySegment data, long at, float[] out, int to) {
        // Sign and magnitude move to fp32's places; 2^112 corrects the exponent's bias.
        ((IntVector)
                        ShortVector.fromMemorySegment(H, data, at, LE)
                                .convertShape(VectorOperators.S2I, I, 0))
                .lanewise(VectorOperators.LSHL, 13)
                .and(0x8FFFE000)
                .reinterpretAsFloats()
                .mul(0x1p112f)
                .intoArray(out, to);
    }

    /** An f16 scale. */
    static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(LE_SHORT, at));
    }
}
