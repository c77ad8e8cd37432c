package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.LE_FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.LE_SHORT;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import io.github.deltallm.api.spi.Encoding.Events;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How a block of {@link RowFormat#BLOCK} encoded rows lies in memory.
 *
 * <p>Its elements are those of a block of exact rows in the same order: keys {@code
 * [channel][position]}, values {@code [position][channel]}. Sixteen of them are a unit. First come
 * the units' masks, 16 bits each, least significant first: which elements are transmitted; then the
 * transmitted ones as f32, bf16, or whole numbers of their channel's step.
 *
 * <p>Decoded, elements that are not transmitted are negative zeros, which no transmitted one is.
 */
final class SparseBlocks {
    /** Stands for "not transmitted"; adding its products changes nothing. */
    static final int NOTHING = 0x80000000;

    final Events events;
    private final boolean keys;
    private final int width;

    SparseBlocks(Events events, boolean keys, int dim) {
        this.events = events;
        this.keys = keys;
        width = keys ? dim : Lanes.padded(dim);
    }

    /** Elements of a block. */
    int elements() {
        return BLOCK * width;
    }

    /** Bytes of a block's masks, behind which its events begin. */
    int maskBytes() {
        return elements() / 8;
    }

    /** Bytes of an event. */
    int eventBytes() {
        return switch (events) {
            case F32 -> 4;
            case BF16 -> 2;
            case INT8 -> 1;
        };
    }

    /** Bytes of a block with so many events. */
    int bytes(int count) {
        return maskBytes() + count * eventBytes();
    }

    /**
     * Packs a decoded block.
     *
     * @param steps of each channel, for INT8 events
     */
    void pack(MemorySegment decoded, float[] steps, MemorySegment to, long at) {
        long event = at + maskBytes();
        for (int unit = 0; unit < elements() / 16; unit++) {
            int mask = 0;
            for (int lane = 0; lane < 16; lane++) {
                int element = unit * 16 + lane;
                int bits = decoded.get(Lanes.NATIVE_INT, 4L * element);
                if (bits != NOTHING) {
                    mask |= 1 << lane;
                    put(to, event, bits, element, steps);
                    event += eventBytes();
                }
            }
            to.set(LE_SHORT, at + 2L * unit, (short) mask);
        }
    }

    private void put(MemorySegment to, long at, int bits, int element, float[] steps) {
        float value = Float.intBitsToFloat(bits);
        switch (events) {
            case F32 -> to.set(LE_FLOAT, at, value);
            case BF16 -> to.set(LE_SHORT, at, (short) (bits >>> 16));
            case INT8 -> {
                int count = Math.round(value / steps[channel(element)]);
                to.set(ValueLayout.JAVA_BYTE, at, (byte) count);
            }
        }
    }

    private int channel(int element) {
        return keys ? element / BLOCK : element % width;
    }

    /** Decodes a block. */
    void unpack(MemorySegment from, long at, float[] steps, MemorySegment decoded) {
        long event = at + maskBytes();
        for (int unit = 0; unit < elements() / 16; unit++) {
            int first = unit * 16;
            for (int lane = 0; lane < 16; lane++) {
                decoded.set(Lanes.NATIVE_INT, 4L * (first + lane), NOTHING);
            }
            int mask = from.get(LE_SHORT, at + 2L * unit) & 0xffff;
            for (; mask != 0; mask &= mask - 1) {
                int element = first + Integer.numberOfTrailingZeros(mask);
                decoded.set(FLOAT, 4L * element, get(from, event, element, steps));
                event += eventBytes();
            }
        }
    }

    private float get(MemorySegment from, long at, int element, float[] steps) {
        return switch (events) {
            case F32 -> from.get(LE_FLOAT, at);
            case BF16 -> Float.intBitsToFloat(from.get(LE_SHORT, at) << 16);
            case INT8 -> from.get(ValueLayout.JAVA_BYTE, at) * steps[channel(element)];
        };
    }
}
