package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** What one thread needs to encode rows and to decode blocks of them. */
final class EncodeScratch {
    /** Channels of a row, padded. */
    final int width;

    /** A block of rows or events as fp32, in its own order. */
    final MemorySegment block;

    /** A block on its way into a chunk. */
    final MemorySegment packed;

    /** For {@link Transpose}. */
    final MemorySegment square;

    /** Rows of a block, {@link #width} floats apart. */
    final float[] rows;

    /** Their events, as far apart. */
    final float[] events;

    final float[] reference;

    EncodeScratch(int dim, Arena arena) {
        width = Lanes.padded(dim);
        block = Native.floats(arena, (long) BLOCK * width, "scratch of an encoder");
        packed = Native.allocate(arena, SparseBlocks.mostBytes(width), "scratch of an encoder");
        square = Native.allocate(arena, Transpose.SCRATCH, "scratch of an encoder");
        rows = new float[BLOCK * width];
        events = new float[BLOCK * width];
        reference = new float[width];
    }

    /** Copies {@link #block} row after row. */
    void blockToRows(boolean keys, int dim, float[] out, int at) {
        if (!keys) {
            MemorySegment.copy(block, Lanes.FLOAT, 0, out, at, BLOCK * width);
            return;
        }
        Transpose.blockToRows(block, dim, out, at, width, square);
        for (int k = 0; k < BLOCK && dim < width; k++) {
            Arrays.fill(out, at + k * width + dim, at + (k + 1) * width, 0);
        }
    }

    /** Copies rows to {@link #block} in a block's order. */
    void rowsToBlock(boolean keys, int dim, float[] in, int at) {
        if (!keys) {
            MemorySegment.copy(in, at, block, Lanes.FLOAT, 0, BLOCK * width);
            return;
        }
        int n = Lanes.N;
        for (int k = 0; k < BLOCK; k += n) {
            for (int c = 0; c < dim; c += n) {
                Transpose.tile(
                        in,
                        at + k * width + c,
                        width,
                        block,
                        4L * (c * BLOCK + k),
                        4L * BLOCK,
                        square);
            }
        }
    }
}
