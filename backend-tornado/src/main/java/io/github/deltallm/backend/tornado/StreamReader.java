package io.github.deltallm.backend.tornado;

import io.github.deltallm.backend.tornado.BlockReader.Block;

import java.util.ArrayList;
import java.util.List;

/** Reads the rows of a stream from the device. */
final class StreamReader {
    private final CacheStream stream;
    private final DeviceMemory memory;
    private final int dim;

    StreamReader(CacheStream stream, DeviceMemory memory) {
        this.stream = stream;
        this.memory = memory;
        dim = stream.blocks.format.dim();
    }

    /** Exact rows {@code [from, to)}, which are all there. */
    float[] exact(int from, int to) {
        List<Extent> extents = new ArrayList<>();
        for (int block = from / Places.BLOCK; block * Places.BLOCK < to; block++) {
            Extent extent = stream.blocks.exactBlock(block);
            if (extent == null) {
                throw new IllegalStateException(
                        "the " + stream.name() + " lack block " + block + " of exact rows");
            }
            extents.add(extent);
        }
        BlockReader reader = new BlockReader(stream.blocks.format, stream::step);
        float[] rows = new float[Math.multiplyExact(to - from, dim)];
        int first = from / Places.BLOCK * Places.BLOCK;
        for (Block block : blocks(extents)) {
            float[] all = reader.exact(block);
            for (int row = Math.max(from, first); row < Math.min(to, first + Places.BLOCK); row++) {
                System.arraycopy(all, (row - first) * dim, rows, (row - from) * dim, dim);
            }
            first += Places.BLOCK;
        }
        return rows;
    }

    private List<Block> blocks(List<Extent> extents) {
        List<float[]> floats = memory.floats(extents);
        List<int[]> words = memory.words(extents);
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < extents.size(); i++) {
            blocks.add(new Block(floats.get(i), words.get(i)));
        }
        return blocks;
    }

    /** Events of the encoded rows {@code [0, to)}, NaN where there are none. */
    float[] events(int to) {
        return events(0, encoded(0, to), to);
    }

    private List<Block> encoded(int from, int to) {
        List<Extent> extents = new ArrayList<>();
        for (int block = from / Places.BLOCK; block * Places.BLOCK < to; block++) {
            extents.add(stream.blocks.encodedBlock(block));
        }
        return blocks(extents);
    }

    private float[] events(int from, List<Block> blocks, int to) {
        BlockReader reader = new BlockReader(stream.blocks.format, stream::step);
        float[] events = new float[Math.multiplyExact(to - from, dim)];
        for (int i = 0; i < blocks.size(); i++) {
            int number = from / Places.BLOCK + i;
            float[] rows =
                    number < stream.blocks.packed()
                            ? reader.packed(blocks.get(i), number)
                            : reader.open(blocks.get(i));
            int at = i * Places.BLOCK * dim;
            System.arraycopy(rows, 0, events, at, Math.min(rows.length, events.length - at));
        }
        return events;
    }

    /** A new open block for what is behind the last whole block of so many rows. */
    Extent openBlock(int rows) {
        int whole = rows / Places.BLOCK * Places.BLOCK;
        int anchored = Places.ANCHORED * Places.BLOCK;
        int from = whole / anchored * anchored;
        // One more row than is needed, so that the block with the reference is among them.
        List<Block> blocks = encoded(from, Math.max(rows, from + 1));
        float[] events = events(from, blocks, rows);
        float[] open = new float[Places.SLOTS * dim];
        if (from > 0) {
            System.arraycopy(blocks.getFirst().floats(), 0, open, 0, dim);
        }
        int before = (whole - from) * dim;
        for (int i = 0; i < before; i++) {
            open[i % dim] += Float.isNaN(events[i]) ? 0 : events[i];
        }
        System.arraycopy(events, before, open, dim, events.length - before);
        Extent extent = memory.take(open.length, 0);
        boolean done = false;
        try {
            memory.storeFloats(List.of(extent), List.of(open));
            done = true;
            return extent;
        } finally {
            if (!done) {
                memory.release(extent);
            }
        }
    }
}
