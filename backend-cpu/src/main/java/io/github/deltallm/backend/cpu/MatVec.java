package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The product of a row of a weight, as mapped, and one fp32 row: decoding's inner loop. Rows are
 * taken one after the other, as they lie in memory: four at once, each a stream of its own, reach
 * little more than half of the bandwidth.
 */
@FunctionalInterface
interface MatVec {
    /**
     * Multiplies a row with a vector.
     *
     * @param data the weight's bytes
     * @param at offset of the row
     * @param columns values a row
     * @param x the fp32 row
     * @param xAt its offset in bytes
     * @param sums gets a register of partial sums from {@code to} on, to be added by {@link
     *     Sums#four}
     */
    void row(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to);

    /** The kernel of a type; empty where rows are decoded first. */
    static Optional<MatVec> of(TensorType type) {
        if (!Lanes.HAVE_BYTES) {
            return Optional.empty();
        }
        return switch (type) {
            case F32 -> Optional.of(PlainMatVec::f32);
            case F16 -> Optional.of(PlainMatVec::f16);
            case BF16 -> Optional.of(PlainMatVec::bf16);
            case Q8_0 -> Optional.of(BlockMatVec::q8v0);
            default -> Optional.empty();
        };
    }
}
