package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.N;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A matrix of activations, row after row. Rows are padded to 16 floats, which stay zero, and their
 * number to whole registers, whose content does not matter.
 *
 * @param data the memory
 * @param stride bytes from row to row
 * @param width values of a row
 */
record Rows(MemorySegment data, long stride, int width) {
    static Rows allocate(Arena arena, int rows, int width) {
        int stride = Lanes.padded(width);
        // Heads narrower than a register are read by whole registers: a little more at the end.
        long count = (long) Lanes.padded(rows) * stride + N;
        return new Rows(Native.floats(arena, count, "activations"), 4L * stride, width);
    }

    /** Offset of a row. */
    long at(int row) {
        return row * stride;
    }
}
