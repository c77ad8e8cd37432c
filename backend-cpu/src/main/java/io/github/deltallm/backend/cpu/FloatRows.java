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
    void expand(MemorySegment page, MemorySegment out, long at) {
        long bytes = 4L * BLOCK * width;
        MemorySegment.copy(page, 0, out, at, bytes);
    }

    @Override
    void scores(MemorySegment page, AttentionScratch scratch, float[] out, int to) {
        for (int quad = 0; quad < scratch.quads; quad++) {
            DecodeKernels.scores(
                    page,
                    0,
                    dim,
                    scratch.query,
                    quad * 4 * dim,
                    out,
                    quad * 4 * AttentionScratch.RANGE_KEYS + to,
                    AttentionScratch.RANGE_KEYS);
        }
    }

    @Override
    void mix(MemorySegment page, int count, AttentionScratch scratch, int at) {
        mixFloats(page, width, count, scratch, scratch.keyWeights, at);
    }
}
