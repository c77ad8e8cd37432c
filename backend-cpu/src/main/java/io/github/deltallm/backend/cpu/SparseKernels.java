package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.RANGE_KEYS;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.LE_INT;
import static io.github.deltallm.backend.cpu.Lanes.N;

import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;

/**
 * Inner loops of {@link SparseDecode} for machines that can expand packed bytes and shorts under a
 * mask in one instruction (AVX-512 VBMI2); the compiler has nothing fast for others. One expansion
 * serves four query heads.
 */
final class SparseKernels {
    /** Whether this machine is one. */
    static final boolean FAST = N == 16 && Processor.expands();

    private static final VectorSpecies<Byte> BYTES_32 = ByteVector.SPECIES_256;
    private static final VectorSpecies<Short> SHORTS_32 = ShortVector.SPECIES_512;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;

    private SparseKernels() {}

    /**
     * Products of four heads' queries with the events of a closed block of keys, not yet summed.
     *
     * @param query {@code [channel][4]} from q0 on, times the steps of INT8 events
     * @return multiplications
     */
    static long scores(SparseRows rows, int block, float[] query, int q0, float[] out, int to) {
        MemorySegment data = rows.chunk(block);
        long masks = rows.offset(block);
        long events = masks + rows.format.maskBytes();
        long end =
                switch (rows.format.events) {
                    case INT8 -> int8Scores(data, masks, events, rows.dim, query, q0, out, to);
                    case BF16 -> bf16Scores(data, masks, events, rows.dim, query, q0, out, to);
                    case F32 -> f32Scores(data, masks, events, rows.dim, query, q0, out, to);
                };
        return (end - events) / rows.format.eventBytes() * 4;
    }

    private static long int8Scores(
            MemorySegment data,
            long masks,
            long events,
            int dim,
            float[] query,
            int q0,
            float[] out,
            int to) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        FloatVector c0 = FloatVector.zero(F);
        FloatVector c1 = FloatVector.zero(F);
        FloatVector d0 = FloatVector.zero(F);
        FloatVector d1 = FloatVector.zero(F);
        long at = events;
        for (int c = 0; c < dim; c++) {
            int mask = data.get(LE_INT, masks + 4L * c);
            if (mask == 0) {
                continue;
            }
            ByteVector e =
                    ByteVector.fromMemorySegment(BYTES_32, data, at, LE)
                            .expand(VectorMask.fromLong(BYTES_32, mask & 0xffffffffL));
            at += Integer.bitCount(mask);
            FloatVector x = (FloatVector) e.convertShape(B2F, F, 0);
            FloatVector y = (FloatVector) e.convertShape(B2F, F, 1);
            FloatVector q = FloatVector.broadcast(F, query[q0 + 4 * c]);
            a0 = x.fma(q, a0);
            a1 = y.fma(q, a1);
            q = FloatVector.broadcast(F, query[q0 + 4 * c + 1]);
            b0 = x.fma(q, b0);
            b1 = y.fma(q, b1);
            q = FloatVector.broadcast(F, query[q0 + 4 * c + 2]);
            c0 = x.fma(q, c0);
            c1 = y.fma(q, c1);
            q = FloatVector.broadcast(F, query[q0 + 4 * c + 3]);
            d0 = x.fma(q, d0);
            d1 = y.fma(q, d1);
        }
        a0.intoArray(out, to);
        a1.intoArray(out, to + N);
        b0.intoArray(out, to + RANGE_KEYS);
        b1.intoArray(out, to + RANGE_KEYS + N);
        c0.intoArray(out, to + 2 * RANGE_KEYS);
        c1.intoArray(out, to + 2 * RANGE_KEYS + N);
        d0.intoArray(out, to + 3 * RANGE_KEYS);
        d1.intoArray(out, to + 3 * RANGE_KEYS + N);
        return at;
    }

    private static long bf16Scores(
            MemorySegment data,
            long masks,
            long events,
            int dim,
            float[] query,
            int q0,
            float[] out,
            int to) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        FloatVector c0 = FloatVector.zero(F);
        FloatVector c1 = FloatVector.zero(F);
        FloatVector d0 = FloatVector.zero(F);
        FloatVector d1 = FloatVector.zero(F);
        long at = events;
        for (int c = 0; c < dim; c++) {
            int mask = data.get(LE_INT, masks + 4L * c);
            if (mask == 0) {
                continue;
            }
            ShortVector e =
                    ShortVector.fromMemorySegment(SHORTS_32, data, at, LE)
                            .expand(VectorMask.fromLong(SHORTS_32, mask & 0xffffffffL));
            at += 2L * Integer.bitCount(mask);
            FloatVector x =
                    ((IntVector) e.convertShape(ZERO_EXTEND_S2I, INTS, 0))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats();
            FloatVector y =
                    ((IntVector) e.convertShape(ZERO_EXTEND_S2I, INTS, 1))
                            .lanewise(LSHL, 16)
                            .reinterpretAsFloats();
            FloatVector q = FloatVector.broadcast(F, query[q0 + 4 * c]);
            a0 = x.fma(q, a0);
            a1 = y.fma(q, a1);
            q = FloatVector.broadcast(F, query[q0 + 4 * c + 1]);
            b0 = x.fma(q, b0);
            b1 = y.fma(q, b1);
            q = FloatVector.broadcast(F, query[q0 + 4 * c + 2]);
            c0 = x.fma(q, c0);
            c1 = y.fma(q, c1);
            q = FloatVector.broadcast(F, query[q0 + 4 * c + 3]);
            d0 = x.fma(q, d0);
            d1 = y.fma(q, d1);
        }
        a0.intoArray(out, to);
        a1.intoArray(out, to + N);
        b0.intoArray(out, to + RANGE_KEYS);
        b1.intoArray(out, to + RANGE_KEYS + N);
        c0.intoArray(out, to + 2 * RANGE_KEYS);
        c1.intoArray(out, to + 2 * RANGE_KEYS + N);
        d0.intoArray(out, to + 3 * RANGE_KEYS);
        d1.intoArray(out, to + 3 * RANGE_KEYS + N);
        return at;
    }

    private static long f32Scores(
            MemorySegment data,
            long masks,
            long events,
            int dim,
            float[] query,
            int q0,
            float[] out,
            int to) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        FloatVector c0 = FloatVector.zero(F);
        FloatVector c1 = FloatVector.zero(F);
        FloatVector d0 = FloatVector.zero(F);
        FloatVector d1 = FloatVector.zero(F);
        long at = events;
        for (int c = 0; c < dim; c++) {
            int mask = data.get(LE_INT, masks + 4L * c);
            FloatVector x =
                    FloatVector.fromMemorySegment(F, data, at, LE)
                            .expand(VectorMask.fromLong(F, mask & 0xffff));
            at += 4L * Integer.bitCount(mask & 0xffff);
            FloatVector y =
                    FloatVector.fromMemorySegment(F, data, at, LE)
                            .expand(VectorMask.fromLong(F, mask >>> 16));
            at += 4L * Integer.bitCount(mask >>> 16);
            FloatVector q = FloatVector.broadcast(F, query[q0 + 4 * c]);
            a0 = x.fma(q, a0);
            a1 = y.fma(q, a1);
            q = FloatVector.broadcast(F, query[q0 + 4 * c + 1]);
            b0 = x.fma(q, b0);
            b1 = y.fma(q, b1);
            q = FloatVector.broadcast(F, query[q0 + 4 * c + 2]);
            c0 = x.fma(q, c0);
            c1 = y.fma(q, c1);
            q = FloatVector.broadcast(F, query[q0 + 4 * c + 3]);
            d0 = x.fma(q, d0);
            d1 = y.fma(q, d1);
        }
        a0.intoArray(out, to);
        a1.intoArray(out, to + N);
        b0.intoArray(out, to + RANGE_KEYS);
        b1.intoArray(out, to + RANGE_KEYS + N);
        c0.intoArray(out, to + 2 * RANGE_KEYS);
        c1.intoArray(out, to + 2 * RANGE_KEYS + N);
        d0.intoArray(out, to + 3 * RANGE_KEYS);
        d1.intoArray(out, to + 3 * RANGE_KEYS + N);
        return at;
    }
}
