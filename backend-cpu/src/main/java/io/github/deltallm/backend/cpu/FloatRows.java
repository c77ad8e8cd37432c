package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.FLOAT;

import java.lang.foreign.MemorySegment;

/** Rows kept as fp32. */
final class FloatRows extends RowFormat {
    FloatRows(boolean keys, int dim) {
        super(keys, dim);
    }

    @Override
    long pageBytes() {
        return 4L * Page.POSITIONS * width;
    }

    @Override
    void put(MemorySegment page, int slot, MemorySegment row, long at) {
        if (!keys) {
            MemorySegment.copy(row, at, page, 4L * element(slot, 0), 4L * dim);
            return;
        }
        long to = 4L * element(slot, 0);
        for (int c = 0; c < dim; c++) {
            page.set(FLOAT, to + 4L * c * BLOCK, row.get(FLOAT, at + 4L * c));
        }
    }

    @Override
    float get(MemorySegment page, int slot, int channel) {
        return page.get(FLOAT, 4L * element(slot, channel));
    }

    @Override
    void expand(MemorySegment page, int block, MemorySegment out, long at) {
        long bytes = 4L * BLOCK * width;
        MemorySegment.copy(page, block * bytes, out, at, bytes);
    }
}
