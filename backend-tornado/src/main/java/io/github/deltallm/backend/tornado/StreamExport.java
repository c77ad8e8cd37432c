package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.KvStream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Reads a stream from the device into its backend-neutral form. */
final class StreamExport {
    private final CacheStream stream;
    private final StreamReader reader;
    private final int dim;

    StreamExport(CacheStream stream, DeviceMemory memory) {
        this.stream = stream;
        reader = new StreamReader(stream, memory);
        dim = stream.blocks.format.dim();
    }

    /** The stream, without its exact rows {@code [sinks, from)}. */
    KvStream of(int sinks, int from) {
        BitSet held = (BitSet) stream.held().clone();
        if (sinks < from) {
            held.clear(sinks, from);
        }
        List<KvStream.Rows> runs = new ArrayList<>();
        for (int first = held.nextSetBit(0); first >= 0; ) {
            int end = held.nextClearBit(first);
            runs.add(new KvStream.Rows(first, reader.exact(first, end)));
            first = held.nextSetBit(end);
        }
        return new KvStream(stream.length(), runs, delta());
    }

    private KvStream.DeltaRows delta() {
        int count = stream.encoded();
        if (count == 0) {
            return KvStream.DeltaRows.NONE;
        }
        float[] rows = reader.events(count);
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
}
