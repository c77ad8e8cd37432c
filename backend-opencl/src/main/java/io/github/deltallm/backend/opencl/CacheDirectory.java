package io.github.deltallm.backend.opencl;

import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.Encoding;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Tells the device where the rows of a cache lie: {@code [layers][2 * kvHeads][stride]} ints, all
 * heads' keys before all heads' values. A row is a header and two places for each block of
 * positions, see {@code cache.cl}.
 */
final class CacheDirectory {
    private static final int HEADER = 16;
    private static final int RULE = 7;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private final ClContext context;
    private final ClQueue queue;
    private final int layers;
    private final int kvHeads;
    private @Nullable ClBuffer buffer;
    private int blocks;
    private boolean current;

    CacheDirectory(ClContext context, ClQueue queue, int layers, int kvHeads) {
        this.context = context;
        this.queue = queue;
        this.layers = layers;
        this.kvHeads = kvHeads;
    }

    /** Something has another place than the device was told. */
    void outdated() {
        current = false;
    }

    /** Ints of a row. */
    int stride() {
        return HEADER + 2 * blocks;
    }

    /** Where the rows of a layer begin. */
    int at(int layer) {
        return Math.multiplyExact(layer * 2 * kvHeads, stride());
    }

    ClBuffer buffer() {
        ClBuffer own = buffer;
        if (own == null) {
            throw new IllegalStateException("the device was told nothing yet");
        }
        return own;
    }

    long bytes() {
        ClBuffer own = buffer;
        return own == null ? 0 : own.bytes();
    }

    void close() {
        ClBuffer own = buffer;
        if (own != null) {
            buffer = null;
            own.close();
        }
        blocks = 0;
        current = false;
    }

    /**
     * Tells the device, if it does not know.
     *
     * @param heads layer by layer
     * @param length of the sequence after the step
     */
    void update(CacheHead[] heads, int length) {
        if (current) {
            return;
        }
        int wanted = Math.ceilDiv(length, BLOCK);
        if (wanted > blocks || buffer == null) {
            int room = Math.max(8, wanted + wanted / 4);
            long bytes = 4L * layers * 2 * kvHeads * (HEADER + 2 * room);
            ClBuffer larger = context.buffer(BufferUse.CACHES, bytes, "a cache's directory");
            close();
            buffer = larger;
            blocks = room;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = arena.allocate(buffer().bytes(), 8);
            for (CacheHead head : heads) {
                fill(table, row(head, true), head, head.keys);
                fill(table, row(head, false), head, head.values);
            }
            queue.writeNow(buffer(), 0, table, 0, buffer().bytes());
        }
        current = true;
    }

    private long row(CacheHead head, boolean keys) {
        return at(head.layer) + (head.kvHead + (keys ? 0L : kvHeads)) * stride();
    }

    private void fill(MemorySegment table, long at, CacheHead head, CachePart part) {
        DeltaStream stream = part.stream;
        int[] header = {
            mode(part),
            part.exact.format.code(),
            stream == null ? 0 : stream.format.code(),
            part.closedRows(),
            stream == null ? -1 : stream.referencePlace(),
            stream == null ? -1 : stream.givenPlace(),
            stream == null ? 0 : stream.givenRows(),
            stream == null ? -1 : stream.rulePlace(),
            part.encoding instanceof Encoding.Pruned pruned
                    ? Float.floatToRawIntBits(pruned.theta())
                    : 0,
            part.encodes() ? 1 : 0,
            head.sinks(),
            head.drops() ? 1 : 0,
            stream == null ? -1 : stream.tailPlace()
        };
        for (int i = 0; i < header.length; i++) {
            table.setAtIndex(INT, at + i, header[i]);
        }
        for (int block = 0; block < blocks; block++) {
            boolean isClosed = stream != null && block < part.closedRows() / BLOCK;
            table.setAtIndex(INT, at + HEADER + 2L * block, part.exact.place(block));
            table.setAtIndex(
                    INT,
                    at + HEADER + 2L * block + 1,
                    stream != null && isClosed ? stream.place(block) : 0);
        }
    }

    private static int mode(CachePart part) {
        return switch (part.encoding) {
            case Encoding.Exact exact -> 0;
            case Encoding.Delta delta -> 1;
            case Encoding.Pruned pruned -> 2;
        };
    }

    /** Tells the device where a part's rule is, which was fixed in the step under way. */
    void updateRule(CacheHead head, boolean keys, int place) {
        long row = row(head, keys);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocateFrom(INT, place);
            queue.writeNow(buffer(), 4 * (row + RULE), word, 0, 4);
        }
    }
}
