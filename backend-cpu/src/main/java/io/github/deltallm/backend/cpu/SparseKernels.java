package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.LE_INT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.SparseBlocks.LIST;

import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.B2S;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.deltallm.api.spi.Encoding.Events;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;

/**
 * The inner loop of {@link SparseDecode} for machines that can expand packed bytes and shorts under
 * a mask in one instruction (AVX-512 VBMI2); the compiler has nothing fast for others.
 *
 * <p>A list of events is expanded once and multiplied by one factor for each of four query heads:
 * eight accumulators. 16-bit elements are widened in place, the even ones of a list to one register
 * and the odd ones to another, which takes no shuffle; so the sums of a head are {@code [16 even,
 * 16 odd]} until {@link #ordered}. 8-bit elements stay in the upper halves: they count {@link
 * #unit} times.
 */
final class SparseKernels {
    /** Whether this machine is one. */
    static final boolean FAST = N == 16 && Processor.expands();

    private static final int UPPER = 0xffff0000;
    private static final VectorSpecies<Byte> BYTES_32 = ByteVector.SPECIES_256;
    private static final VectorSpecies<Short> SHORTS_32 = ShortVector.SPECIES_512;
    private static final VectorShuffle<Float> LOWER_TWICE =
            VectorShuffle.fromOp(F, lane -> lane / 2);
    private static final VectorShuffle<Float> UPPER_TWICE =
            VectorShuffle.fromOp(F, lane -> N / 2 + lane / 2);
    private static final VectorMask<Float> ODD = VectorMask.fromLong(F, 0xAAAA);

    private SparseKernels() {}

    /** What factors are to be multiplied by for the elements of a format. */
    static float unit(Events events) {
        return events == Events.INT8 ? 0x1p-16f : 1;
    }

    /**
     * Adds the products of consecutive lists with four heads' factors to {@code before}.
     *
     * @param masks offset of the lists' masks
     * @param at offset of their events
     * @param factors {@code [list][4]} from f0 on
     * @param before {@code [4][32]} from {@code to} on; may be {@code sums}
     * @param sums likewise
     * @return offset behind the events
     */
    static long add(
            Events format,
            MemorySegment data,
            long masks,
            long at,
            int lists,
            float[] factors,
            int f0,
            float[] before,
            float[] sums,
            int to) {
        return switch (format) {
            case INT8 -> int8(data, masks, at, lists, factors, f0, before, sums, to);
            case BF16 -> bf16(data, masks, at, lists, factors, f0, before, sums, to);
            case F32 -> f32(data, masks, at, lists, factors, f0, before, sums, to);
        };
    }

    /** Writes one head's sums in the order of the list; {@code out} may be {@code sums}. */
    static void ordered(Events format, float[] sums, int at, float[] out, int to) {
        FloatVector even = FloatVector.fromArray(F, sums, at);
        FloatVector odd = FloatVector.fromArray(F, sums, at + LIST / 2);
        if (format == Events.F32) {
            even.intoArray(out, to);
            odd.intoArray(out, to + LIST / 2);
            return;
        }
        even.rearrange(LOWER_TWICE).blend(odd.rearrange(LOWER_TWICE), ODD).intoArray(out, to);
        even.rearrange(UPPER_TWICE)
                .blend(odd.rearrange(UPPER_TWICE), ODD)
                .intoArray(out, to + LIST / 2);
    }

    /** Elements are whole numbers. */
    private static long int8(
            MemorySegment data,
            long masks,
            long events,
            int lists,
            float[] factors,
            int f0,
            float[] before,
            float[] sums,
            int to) {
        FloatVector a0 = FloatVector.fromArray(F, before, to);
        FloatVector a1 = FloatVector.fromArray(F, before, to + N);
        FloatVector b0 = FloatVector.fromArray(F, before, to + 2 * N);
        FloatVector b1 = FloatVector.fromArray(F, before, to + 3 * N);
        FloatVector c0 = FloatVector.fromArray(F, before, to + 4 * N);
        FloatVector c1 = FloatVector.fromArray(F, before, to + 5 * N);
        FloatVector d0 = FloatVector.fromArray(F, before, to + 6 * N);
        FloatVector d1 = FloatVector.fromArray(F, before, to + 7 * N);
        long at = events;
        for (int list = 0; list < lists; list++) {
            int mask = data.get(LE_INT, masks + 4L * list);
            IntVector e =
                    ((ShortVector)
                                    ByteVector.fromMemorySegment(BYTES_32, data, at, LE)
                                            .expand(
                                                    VectorMask.fromLong(
                                                            BYTES_32, mask & 0xffffffffL))
                                            .convertShape(B2S, SHORTS_32, 0))
                            .reinterpretAsInts();
            at += Integer.bitCount(mask);
            FloatVector x = (FloatVector) e.lanewise(LSHL, 16).convert(I2F, 0);
            FloatVector y = (FloatVector) e.lanewise(AND, UPPER).convert(I2F, 0);
            FloatVector q = FloatVector.broadcast(F, factors[f0 + 4 * list]);
            a0 = x.fma(q, a0);
            a1 = y.fma(q, a1);
            q = FloatVector.broadcast(F, factors[f0 + 4 * list + 1]);
            b0 = x.fma(q, b0);
            b1 = y.fma(q, b1);
            q = FloatVector.broadcast(F, factors[f0 + 4 * list + 2]);
            c0 = x.fma(q, c0);
            c1 = y.fma(q, c1);
            q = FloatVector.broadcast(F, factors[f0 + 4 * list + 3]);
            d0 = x.fma(q, d0);
            d1 = y.fma(q, d1);
        }
        a0.intoArray(sums, to);
        a1.intoArray(sums, to + N);
        b0.intoArray(sums, to + 2 * N);
        b1.intoArray(sums, to + 3 * N);
        c0.intoArray(sums, to + 4 * N);
        c1.intoArray(sums, to + 5 * N);
        d0.intoArray(sums, to + 6 * N);
        d1.intoArray(sums, to + 7 * N);
        return at;
    }

    /** Elements are bf16. */
    private static long bf16(
            MemorySegment data,
            long masks,
            long events,
            int lists,
            float[] factors,
            int f0,
            float[] before,
            float[] sums,
            int to) {
        FloatVector a0 = FloatVector.fromArray(F, before, to);
        FloatVector a1 = FloatVector.fromArray(F, before, to + N);
        FloatVector b0 = FloatVector.fromArray(F, before, to + 2 * N);
        FloatVector b1 = FloatVector.fromArray(F, before, to + 3 * N);
        FloatVector c0 = FloatVector.fromArray(F, before, to + 4 * N);
        FloatVector c1 = FloatVector.fromArray(F, before, to + 5 * N);
        FloatVector d0 = FloatVector.fromArray(F, before, to + 6 * N);
        FloatVector d1 = FloatVector.fromArray(F, before, to + 7 * N);
        long at = events;
        for (int list = 0; list < lists; list++) {
            int mask = data.get(LE_INT, masks + 4L * list);
            IntVector e =
                    ShortVector.fromMemorySegment(SHORTS_32, data, at, LE)
                            .expand(VectorMask.fromLong(SHORTS_32, mask & 0xffffffffL))
                            .reinterpretAsInts();
            at += 2L * Integer.bitCount(mask);
            FloatVector x = e.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector y = e.lanewise(AND, UPPER).reinterpretAsFloats();
            FloatVector q = FloatVector.broadcast(F, factors[f0 + 4 * list]);
            a0 = x.fma(q, a0);
            a1 = y.fma(q, a1);
            q = FloatVector.broadcast(F, factors[f0 + 4 * list + 1]);
            b0 = x.fma(q, b0);
            b1 = y.fma(q, b1);
            q = FloatVector.broadcast(F, factors[f0 + 4 * list + 2]);
            c0 = x.fma(q, c0);
            c1 = y.fma(q, c1);
            q = FloatVector.broadcast(F, factors[f0 + 4 * list + 3]);
            d0 = x.fma(q, d0);
            d1 = y.fma(q, d1);
        }
        a0.intoArray(sums, to);
        a1.intoArray(sums, to + N);
        b0.intoArray(sums, to + 2 * N);
        b1.intoArray(sums, to + 3 * N);
        c0.intoArray(sums, to + 4 * N);
        c1.intoArray(sums, to + 5 * N);
        d0.intoArray(sums, to + 6 * N);
        d1.intoArray(sums, to + 7 * N);
        return at;
    }

    /** Elements are f32, in order. */
    private static long f32(
            MemorySegment data,
            long masks,
            long events,
            int lists,
            float[] factors,
            int f0,
            float[] before,
            float[] sums,
            int to) {
        FloatVector a0 = FloatVector.fromArray(F, before, to);
        FloatVector a1 = FloatVector.fromArray(F, before, to + N);
        FloatVector b0 = FloatVector.fromArray(F, before, to + 2 * N);
        FloatVector b1 = FloatVector.fromArray(F, before, to + 3 * N);
        FloatVector c0 = FloatVector.fromArray(F, before, to + 4 * N);
        FloatVector c1 = FloatVector.fromArray(F, before, to + 5 * N);
        FloatVector d0 = FloatVector.fromArray(F, before, to + 6 * N);
        FloatVector d1 = FloatVector.fromArray(F, before, to + 7 * N);
        long at = events;
        for (int list = 0; list < lists; list++) {
            int mask = data.get(LE_INT, masks + 4L * list);
            FloatVector x =
                    FloatVector.fromMemorySegment(F, data, at, LE)
                            .expand(VectorMask.fromLong(F, mask & 0xffff));
            at += 4L * Integer.bitCount(mask & 0xffff);
            FloatVector y =
                    FloatVector.fromMemorySegment(F, data, at, LE)
                            .expand(VectorMask.fromLong(F, mask >>> 16));
            at += 4L * Integer.bitCount(mask >>> 16);
            FloatVector q = FloatVector.broadcast(F, factors[f0 + 4 * list]);
            a0 = x.fma(q, a0);
            a1 = y.fma(q, a1);
            q = FloatVector.broadcast(F, factors[f0 + 4 * list + 1]);
            b0 = x.fma(q, b0);
            b1 = y.fma(q, b1);
            q = FloatVector.broadcast(F, factors[f0 + 4 * list + 2]);
            c0 = x.fma(q, c0);
            c1 = y.fma(q, c1);
            q = FloatVector.broadcast(F, factors[f0 + 4 * list + 3]);
            d0 = x.fma(q, d0);
            d1 = y.fma(q, d1);
        }
        a0.intoArray(sums, to);
        a1.intoArray(sums, to + N);
        b0.intoArray(sums, to + 2 * N);
        b1.intoArray(sums, to + 3 * N);
        c0.intoArray(sums, to + 4 * N);
        c1.intoArray(sums, to + 5 * N);
        d0.intoArray(sums, to + 6 * N);
        d1.intoArray(sums, to + 7 * N);
        return at;
    }
}
