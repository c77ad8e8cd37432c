package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.LE_FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.LE_INT;
import static io.github.deltallm.backend.cpu.Lanes.LE_SHORT;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import io.github.deltallm.api.spi.Encoding.Events;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How a block of {@link RowFormat#BLOCK} encoded rows lies in memory.
 *
 * <p>It consists of lists of up to 32 elements: of keys, a channel of all rows; of values, 32
 * channels of a row, all rows of the first 32 channels before those of the next. First come the
 * lists' masks, 32 bits each, least significant first: which elements are transmitted; then the
 * transmitted ones as f32, bf16, or whole numbers of their channel's step. So one kernel serves
 * both: it expands a list and multiplies it by a factor, see {@link SparseKernels}.
 *
 * <p>Decoded, elements lie in the order of a block of exact rows: keys {@code [channel][position]},
 * values {@code [position][channel]}. Those that are not transmitted are negative zeros, which no
 * transmitted one is.
 */
final class SparseBlocks {
    /** Stands for "not transmitted"; adding its products changes nothing. */
    static final int NOTHING = 0x80000000;

    /** The most elements of a list. */
    static final int LIST = 32;

    final Events events;
    private final boolean keys;
    private final int dim;
    private final int width;

    SparseBlocks(Events events, boolean keys, int dim) {
        this.events = events;
        this.keys = keys;
        this.dim = dim;
        width = keys ? dim : Lanes.padded(dim);
    }

    /** Groups of lists that lie one after the other: one for keys, 32 channels each for values. */
    int groups() {
        return keys ? 1 : Lanes.ceilDiv(width, LIST);
    }

    /** Lists of a group. */
    int listsOfGroup() {
        return keys ? width : BLOCK;
    }

    private int lists() {
        return groups() * listsOfGroup();
    }

    /** Index of a list's first element among the decoded ones. */
    private int first(int list) {
        return keys ? list * BLOCK : list % BLOCK * width + list / BLOCK * LIST;
    }

    private int elements(int list) {
        return keys ? BLOCK : Math.min(LIST, width - list / BLOCK * LIST);
    }

    /** The channel of the first element; those that follow have the same, or those that follow. */
    private int channel(int list) {
        return keys ? list : list / BLOCK * LIST;
    }

    /** Bytes of a block's masks, behind which its events begin. */
    int maskBytes() {
        return 4 * lists();
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

    /** Bytes of the block at an offset. */
    int bytes(MemorySegment data, long at) {
        int count = 0;
        for (int list = 0; list < lists(); list++) {
            count += Integer.bitCount(data.get(LE_INT, at + 4L * list));
        }
        return bytes(count);
    }

    /** Bytes that a block may take, and that kernels may write behind it. */
    static int mostBytes(int width) {
        return 4 * Lanes.ceilDiv(width, LIST) * LIST + 4 * BLOCK * width + 64;
    }

    /**
     * Packs a decoded block.
     *
     * @param steps of each channel, for INT8 events
     * @param to with room for {@link #mostBytes}
     */
    void pack(MemorySegment decoded, float[] steps, MemorySegment to) {
        if (whole()) {
            packWhole(decoded, steps, to);
            return;
        }
        long event = maskBytes();
        for (int list = 0; list < lists(); list++) {
            int mask = 0;
            for (int lane = 0; lane < elements(list); lane++) {
                int bits = decoded.get(Lanes.NATIVE_INT, 4L * (first(list) + lane));
                if (bits != NOTHING) {
                    mask |= 1 << lane;
                    put(to, event, bits, channel(list) + (keys ? 0 : lane), steps);
                    event += eventBytes();
                }
            }
            to.set(LE_INT, 4L * list, mask);
        }
    }

    /** Whether lists consist of whole registers, on a machine that packs them. */
    private boolean whole() {
        return SparseKernels.FAST && (keys || width == dim);
    }

    private void packWhole(MemorySegment decoded, float[] steps, MemorySegment to) {
        long event = maskBytes();
        for (int list = 0; list < lists(); list++) {
            int mask = 0;
            for (int lane = 0; lane < elements(list); lane += 16) {
                long from = 4L * (first(list) + lane);
                int channel = channel(list);
                int sent =
                        PackKernels.pack(
                                events,
                                decoded,
                                from,
                                steps,
                                keys ? channel : channel + lane,
                                keys,
                                to,
                                event);
                mask |= sent << lane;
                event += (long) eventBytes() * Integer.bitCount(sent);
            }
            to.set(LE_INT, 4L * list, mask);
        }
    }

    private void unpackWhole(MemorySegment from, long at, float[] steps, MemorySegment decoded) {
        long event = at + maskBytes();
        for (int list = 0; list < lists(); list++) {
            int mask = from.get(LE_INT, at + 4L * list);
            for (int lane = 0; lane < elements(list); lane += 16) {
                long to = 4L * (first(list) + lane);
                int sent = mask >>> lane & 0xffff;
                PackKernels.unpack(events, from, event, sent, decoded, to);
                if (events == Events.INT8 && keys) {
                    PackKernels.scale(decoded, to, steps[channel(list)]);
                } else if (events == Events.INT8) {
                    PackKernels.scale(decoded, to, steps, channel(list) + lane);
                }
                event += (long) eventBytes() * Integer.bitCount(sent);
            }
        }
    }

    private void put(MemorySegment to, long at, int bits, int channel, float[] steps) {
        float value = Float.intBitsToFloat(bits);
        switch (events) {
            case F32 -> to.set(LE_FLOAT, at, value);
            case BF16 -> to.set(LE_SHORT, at, (short) (bits >>> 16));
            case INT8 ->
                    to.set(ValueLayout.JAVA_BYTE, at, (byte) Math.round(value / steps[channel]));
        }
    }

    /** Decodes a block. */
    void unpack(MemorySegment from, long at, float[] steps, MemorySegment decoded) {
        if (whole()) {
            unpackWhole(from, at, steps, decoded);
            return;
        }
        long event = at + maskBytes();
        for (int list = 0; list < lists(); list++) {
            int first = first(list);
            for (int lane = 0; lane < elements(list); lane++) {
                decoded.set(Lanes.NATIVE_INT, 4L * (first + lane), NOTHING);
            }
            int mask = from.get(LE_INT, at + 4L * list);
            for (; mask != 0; mask &= mask - 1) {
                int lane = Integer.numberOfTrailingZeros(mask);
                float value = get(from, event, channel(list) + (keys ? 0 : lane), steps);
                decoded.set(FLOAT, 4L * (first + lane), value);
                event += eventBytes();
            }
        }
    }

    private float get(MemorySegment from, long at, int channel, float[] steps) {
        return switch (events) {
            case F32 -> from.get(LE_FLOAT, at);
            case BF16 -> Float.intBitsToFloat(from.get(LE_SHORT, at) << 16);
            case INT8 -> from.get(ValueLayout.JAVA_BYTE, at) * steps[channel];
        };
    }
}
