package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.KvStream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Reads a stream from the device into its backend-neutral form. */
final class StreamExport {
    private final CacheStream stream;
    private final int dim;

    StreamExport(CacheStream stream, int dim) {
        this.stream = stream;
        this.dim = dim;
    }

    /**
     * The stream, without its exact rows {@code [sinks, from)}.
     *
     * @param index of the stream in its sequence
     */
    KvStream of(
            DeviceMemory memory, int index, PageList exact, PageList encoded, int sinks, int from) {
        BitSet held = (BitSet) stream.held().clone();
        if (sinks < from) {
            held.clear(sinks, from);
        }
        List<KvStream.Rows> runs = new ArrayList<>();
        if (!held.isEmpty()) {
            float[] slots = memory.fetch(exact.first(PageList.pagesOf(stream.length())), index);
            for (int first = held.nextSetBit(0); first >= 0; ) {
                int end = held.nextClearBit(first);
                runs.add(new KvStream.Rows(first, rows(slots, first, end - first, dim, 0)));
                first = held.nextSetBit(end);
            }
        }
        return new KvStream(stream.length(), runs, delta(memory, index, encoded));
    }

    private KvStream.DeltaRows delta(DeviceMemory memory, int index, PageList encoded) {
        int count = stream.encoded();
        if (count == 0) {
            return KvStream.DeltaRows.NONE;
        }
        float[] slots = memory.fetch(encoded.first(PageList.pagesOf(count)), index);
        float[] rows = rows(slots, 0, count, dim, 1);
        BitSet changed = new BitSet(count * dim);
        float[] events = new float[count * dim];
        int found = 0;
        for (int i = 0; i < rows.length; i++) {
            if (!Float.isNaN(rows[i])) {
                changed.set(i);
                events[found++] = rows[i];
            }
        }
        return new KvStream.DeltaRows(
                count,
                Arrays.copyOf(changed.toLongArray(), (count * dim + Long.SIZE - 1) / Long.SIZE),
                Arrays.copyOf(events, found),
                stream.steps(),
                stream.sigma());
    }

    /**
     * Rows out of the slots of consecutive pages.
     *
     * @param offset slots of a page before its first position
     */
    static float[] rows(float[] slots, int first, int count, int dim, int offset) {
        float[] rows = new float[count * dim];
        for (int row = first; row < first + count; row++) {
            int slot = row / Pages.POSITIONS * Pages.SLOTS + row % Pages.POSITIONS + offset;
            System.arraycopy(slots, slot * dim, rows, (row - first) * dim, dim);
        }
        return rows;
    }
}
