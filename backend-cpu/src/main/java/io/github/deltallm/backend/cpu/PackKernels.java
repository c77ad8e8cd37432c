package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.SparseBlocks.NOTHING;

import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import io.github.deltallm.api.spi.Encoding.Events;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;

/**
 * Sixteen elements of a decoded block at a time: to events, to lists, and back; for machines of
 * {@link SparseKernels#FAST}, which pack and expand under a mask in one instruction. No method
 * passes another one a vector or a mask, see {@link Lanes}.
 */
final class PackKernels {
    private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_128;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_256;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;

    /** Adding it leaves the nearest integer in the low bits of the sum. */
    private static final float ROUND = 0x1.8p23f;

    private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);

    private PackKernels() {}

    /**
     * Packs N elements; may write up to 64 bytes.
     *
     * @param steps what INT8 events are counted in, from {@code channel} on
     * @param same whether all elements have the first one's
     * @return which are transmitted, as bits
     */
    static int pack(
            Events format,
            MemorySegment decoded,
            long from,
            float[] steps,
            int channel,
            boolean same,
            MemorySegment to,
            long at) {
        FloatVector x = FloatVector.fromMemorySegment(F, decoded, from, NATIVE);
        VectorMask<Float> sent = x.reinterpretAsInts().compare(NE, NOTHING).cast(F);
        switch (format) {
            case F32 -> x.compress(sent).intoMemorySegment(to, at, LE);
            case BF16 ->
                    ((ShortVector)
                                    x.compress(sent)
                                            .reinterpretAsInts()
                                            .lanewise(LSHR, 16)
                                            .convertShape(I2S, SHORTS, 0))
                            .intoMemorySegment(to, at, LE);
            case INT8 -> {
                FloatVector step =
                        same
                                ? FloatVector.broadcast(F, steps[channel])
                                : FloatVector.fromArray(F, steps, channel);
                ((ByteVector)
                                x.div(step)
                                        .compress(sent)
                                        .add(ROUND)
                                        .reinterpretAsInts()
                                        .sub(ROUND_BITS)
                                        .convertShape(I2B, BYTES, 0))
                        .intoMemorySegment(to, at, LE);
            }
        }
        return (int) sent.toLong();
    }

    /**
     * Decodes N elements, of which {@code mask} tells those that are transmitted; reads up to 64
     * bytes. INT8 events come out as counts of steps.
     */
    static void unpack(
            Events format, MemorySegment from, long at, int mask, MemorySegment decoded, long to) {
        VectorMask<Float> sent = VectorMask.fromLong(F, mask);
        FloatVector nothing = FloatVector.broadcast(F, -0f);
        switch (format) {
            case F32 ->
                    nothing.blend(FloatVector.fromMemorySegment(F, from, at, LE).expand(sent), sent)
                            .intoMemorySegment(decoded, to, NATIVE);
            case BF16 -> {
                ShortVector high = ShortVector.fromMemorySegment(SHORTS, from, at, LE);
                FloatVector x =
                        ((IntVector) high.convertShape(ZERO_EXTEND_S2I, INTS, 0))
                                .lanewise(LSHL, 16)
                                .reinterpretAsFloats();
                nothing.blend(x.expand(sent), sent).intoMemorySegment(decoded, to, NATIVE);
            }
            case INT8 -> {
                ByteVector counts = ByteVector.fromMemorySegment(BYTES, from, at, LE);
                FloatVector x = (FloatVector) counts.convertShape(B2F, F, 0);
                nothing.blend(x.expand(sent), sent).intoMemorySegment(decoded, to, NATIVE);
            }
        }
    }

    /** Multiplies N decoded elements by their steps; what is not transmitted stays so. */
    static void scale(MemorySegment decoded, long at, float[] steps, int channel) {
        FloatVector.fromMemorySegment(F, decoded, at, NATIVE)
                .mul(FloatVector.fromArray(F, steps, channel))
                .intoMemorySegment(decoded, at, NATIVE);
    }

    /** As above, with one step for all. */
    static void scale(MemorySegment decoded, long at, float step) {
        FloatVector.fromMemorySegment(F, decoded, at, NATIVE)
                .mul(step)
                .intoMemorySegment(decoded, at, NATIVE);
    }

    /**
     * Lists the events among N elements that follow each other; may write N entries.
     *
     * @param place of the first element; the others follow
     * @return how many there are
     */
    static int list(float[] in, int at, int place, float[] values, char[] places, int to) {
        FloatVector x = FloatVector.fromArray(F, in, at);
        VectorMask<Float> sent = x.reinterpretAsInts().compare(NE, NOTHING).cast(F);
        x.compress(sent).intoArray(values, to);
        ShortVector.zero(SHORTS)
                .addIndex(1)
                .add((short) place)
                .compress(VectorMask.fromLong(SHORTS, sent.toLong()))
                .intoCharArray(places, to);
        return sent.trueCount();
    }
}
