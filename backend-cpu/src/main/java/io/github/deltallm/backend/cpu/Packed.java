package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.N;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Rows of activations as {@link Tiles} wants them: in blocks of {@code width * N} rows, each {@code
 * [column][width * N]}. The last rows make blocks of half and a quarter of the width.
 */
final class Packed {
    private final MemorySegment data;

    Packed(Arena arena, int rows, int columns) {
        data =
                Native.floats(
                        arena,
                        (long) Lanes.padded(rows) * Lanes.padded(columns),
                        "packed activations");
    }

    MemorySegment data() {
        return data;
    }

    /** Offset of the block that begins with a register of rows. */
    static long block(int register, int columns) {
        return (long) register * BYTES * Lanes.padded(columns);
    }

    /** Packs this member's share of the first {@code rows} rows. */
    void pack(Worker worker, Rows in, int rows) {
        int registers = Lanes.ceilDiv(rows, N);
        int columns = Lanes.padded(in.width()) / N;
        int end = worker.end(registers * columns);
        for (int unit = worker.first(registers * columns); unit < end; unit++) {
            int register = unit / columns;
            int column = unit % columns * N;
            int first = register & -Tiles.WIDEST;
            int width = Tiles.packedWidth(registers - first);
            while (register >= first + width) {
                first += width;
                width = Tiles.packedWidth(registers - first);
            }
            long to =
                    block(first, in.width())
                            + (long) column * width * BYTES
                            + (long) (register - first) * BYTES;
            Transpose.tile(
                    in.data(),
                    in.at(register * N) + 4L * column,
                    in.stride(),
                    data,
                    to,
                    (long) width * BYTES,
                    worker.square);
        }
    }
}
