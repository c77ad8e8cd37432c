package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import io.github.deltallm.api.spi.KvStream;

import java.lang.foreign.Arena;
import java.util.Arrays;

/** Turns encoded rows into a {@link KvStream.DeltaRows}, the open ones too. */
final class SparseExport {
    private final SparseRows rows;

    SparseExport(SparseRows rows) {
        this.rows = rows;
    }

    KvStream.DeltaRows of(PagedRows exact, int length) {
        if (!rows.cumulative() || !rows.isFixed() || length == 0) {
            return KvStream.DeltaRows.NONE;
        }
        int dim = rows.dim;
        long[] changed = new long[Math.toIntExact(((long) length * dim + 63) / 64)];
        float[] events = new float[Math.multiplyExact(length, dim)];
        float[] block = new float[BLOCK * rows.width];
        int count = 0;
        try (Arena arena = Arena.ofConfined()) {
            EncodeScratch scratch = new EncodeScratch(dim, arena);
            OpenRows open = new OpenRows();
            rows.encode(exact, length, length, length, true, scratch, open);
            for (int row = 0; row < length; row++) {
                if (row % BLOCK == 0) {
                    rows.rows(row, open, scratch, block, 0);
                }
                for (int c = 0; c < dim; c++) {
                    float event = block[row % BLOCK * rows.width + c];
                    if (row == 0 || Float.floatToRawIntBits(event) != SparseBlocks.NOTHING) {
                        long bit = (long) row * dim + c;
                        changed[(int) (bit / 64)] |= 1L << bit;
                        events[count++] = event;
                    }
                }
            }
        }
        return new KvStream.DeltaRows(
                length, changed, Arrays.copyOf(events, count), rows.steps().clone(), rows.sigma());
    }
}
