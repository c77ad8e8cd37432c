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
 * {@link SparseKernels#FAST}, which pack and expand under a mask in one instruction.
 */
final class PackKernels {
    private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_128;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_256;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;

    /** Adding it leaves the nearest integer in the low bits of the sum. */
    private static final float ROUND = 0x1.8p23f;

    private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);

    private PackKernels() {}

    /** Which lanes are transmitted. */
    private static VectorMask<Float> transmitted(FloatVector x) {
        return x.reinterpretAsInts().compare(NE, NOTHING).cast(F);
    }

    /**
     * Packs N elements; may write up to 64 bytes.
     *
     * @param step what INT8 events are counted in, the same for all
     * @return which are transmitted, as bits
     */
    static int pack(
            Events format,
            MemorySegment decoded,
            long from,
            float step,
            MemorySegment to,
            long at) {
        FloatVector x = FloatVector.fromMemorySegment(F, decoded, from, NATIVE);
        VectorMask<Float> sent = transmitted(x);
        store(format, (format == Events.INT8 ? x.div(step) : x).compress(sent), to, at);
        return (int) sent.toLong();
    }

    /** As above; each element has a step of its own. */
    static int pack(
            Events format,
            MemorySegment decoded,
            long from,
            float[] steps,
            int channel,
            MemorySegment to,
            long at) {
        FloatVector x = FloatVector.fromMemorySegment(F, decoded, from, NATIVE);
        VectorMask<Float> sent = transmitted(x);
        FloatVector counts =
                format == Events.INT8 ? x.div(FloatVector.fromArray(F, steps, channel)) : x;
        store(format, counts.compress(sent), to, at);
        return (int) sent.toLong();
    }

    private static void store(Events format, FloatVector x, MemorySegment to, long at) {
        switch (format) {
            case F32 -> x.intoMemorySegment(to, at, LE);
            case BF16 ->
                    ((ShortVector)
                                    x.reinterpretAsInts()
                                            .lanewise(LSHR, 16)
                                            .convertShape(I2S, SHORTS, 0))
                            .intoMemorySegment(to, at, LE);
            case INT8 ->
                    ((ByteVector)
                                    x.add(ROUND)
                                            .reinterpretAsInts()
                                            .sub(ROUND_BITS)
                                            .convertShape(I2B, BYTES, 0))
                            .intoMemorySegment(to, at, LE);
        }
    }

    /**
     * Decodes N elements, of which {@code mask} tells those that are transmitted; reads up to 64
     * bytes. INT8 events come out as counts of steps.
     */
    static void unpack(
            Events format, MemorySegment from, long at, int mask, MemorySegment decoded, long to) {
        VectorMask<Float> sent = VectorMask.fromLong(F, mask);
        FloatVector.broadcast(F, -0f)
                .blend(load(format, from, at).expand(sent), sent)
                .intoMemorySegment(decoded, to, NATIVE);
    }

    private static FloatVector load(Events format, MemorySegment from, long at) {
        return switch (format) {
            case F32 -> FloatVector.fromMemorySegment(F, from, at, LE);
            case BF16 ->
                    ((IntVector)
                                    ShortVector.fromMemorySegment(SHORTS, from, at, LE)
                                            .convertShape(ZERO_EXTEND_S2I, INTS, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats();
            case INT8 ->
                    (FloatVector)
                            ByteVector.fromMemorySegment(BYTES, from, at, LE)
                                    .convertShape(B2F, F, 0);
        };
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
        VectorMask<Float> sent = transmitted(x);
        x.compress(sent).intoArray(values, to);
        ShortVector.zero(SHORTS)
                .addIndex(1)
                .add((short) place)
                .compress(VectorMask.fromLong(SHORTS, sent.toLong()))
                .intoCharArray(places, to);
        return sent.trueCount();
    }
}
