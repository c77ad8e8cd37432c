package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.RANGE_KEYS;
import static io.github.deltallm.backend.cpu.AttentionScratch.TILE_KEYS;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import java.util.ArrayList;
import java.util.List;

/** The event lists of one head's keys or values, for one layer's prefill; a buffer. */
final class EventTiles {
    private final List<EventTile> tiles = new ArrayList<>();

    private int end;

    /** Makes room for rows up to {@code to}. */
    void reserve(int to) {
        end = to;
        while (tiles.size() * TILE_KEYS < end) {
            tiles.add(new EventTile());
        }
    }

    EventTile at(int key) {
        return tiles.get(key / TILE_KEYS);
    }

    /** Position behind the last row whose events are listed. */
    int end() {
        return end;
    }

    /**
     * Lists the events of the rows of one range.
     *
     * @param panel scratch for a tile's rows
     */
    void list(SparseRows rows, OpenRows open, int range, EncodeScratch scratch, float[] panel) {
        int from = range * RANGE_KEYS;
        int to = Math.min(end, from + RANGE_KEYS);
        float[] r = scratch.reference;
        if (rows.cumulative()) {
            System.arraycopy(rows.anchors(), range * rows.width, r, 0, rows.width);
        }
        for (int key = from; key < to; key += TILE_KEYS) {
            int count = Math.min(TILE_KEYS, to - key);
            for (int i = 0; i < count; i += BLOCK) {
                rows.rows(key + i, open, scratch, panel, i * rows.width);
            }
            if (rows.cumulative()) {
                telescope(rows, panel, count, key == 0, r);
            }
            EventTile tile = at(key);
            if (rows.keys) {
                tile.listRows(panel, rows.width, rows.dim, count);
            } else {
                tile.listChannels(panel, rows.width, rows.dim, count);
            }
        }
    }

    /** Completes the first row of a tile, and moves the reference behind the last. */
    private static void telescope(
            SparseRows rows, float[] panel, int count, boolean start, float[] r) {
        int width = rows.width;
        for (int c = 0; c < width; c++) {
            r[c] = start ? panel[c] : r[c] + panel[c];
            panel[c] = r[c];
        }
        for (int row = 1; row < count; row++) {
            for (int c = 0; c < width; c++) {
                r[c] += panel[row * width + c];
            }
        }
    }
}
