package io.github.deltallm.backend.opencl;

import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.HeadShape;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * What the attention of one step needs to know, the same for every layer's kernels: which queries
 * see what, and what the device counts.
 */
final class AttentionStep implements AutoCloseable {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    /** No row was refused. */
    private static final int SOUND = Integer.MAX_VALUE;

    private final ClQueue queue;
    private final HeadShape shape;
    private final AttentionScratch scratch;
    private final List<AttentionSpan> spans = new ArrayList<>();
    private Arena arena = newArena();
    private MemorySegment info = MemorySegment.NULL;
    private MemorySegment status = MemorySegment.NULL;
    private int infoInts;
    private int statusInts;

    /** Whether a layer's counters of a span are taken over: {@code [span][layer]}. */
    private boolean[] counted = new boolean[0];

    AttentionStep(ClQueue queue, HeadShape shape, AttentionScratch scratch) {
        this.queue = queue;
        this.shape = shape;
        this.scratch = scratch;
    }

    @SuppressWarnings("MustBeClosed") // by close(), or when it is too small
    private static Arena newArena() {
        return Arena.ofShared();
    }

    List<AttentionSpan> spans() {
        return spans;
    }

    /** Makes room for all rows and tells the device about them. */
    void begin(StepState step) {
        spans.clear();
        scratch.beginStep();
        int pageWords = 0;
        for (int span = 0; span < step.spans(); span++) {
            CacheSequence cache = (CacheSequence) step.cache(span);
            cache.begin(step.spanRows(span), scratch);
            for (CacheHead head : cache.heads()) {
                pageWords = Math.max(pageWords, head.keys.exact.format.words());
                pageWords = Math.max(pageWords, head.values.exact.format.words());
            }
        }
        scratch.reserveLent(pageWords);
        infoInts = 0;
        statusInts = 0;
        for (int span = 0; span < step.spans(); span++) {
            AttentionSpan added = span(step, span);
            added.place(infoInts, statusInts);
            infoInts = Math.addExact(infoInts, shape.layers() * added.infoInts());
            statusInts = Math.addExact(statusInts, shape.layers() * added.statusInts());
            spans.add(added);
        }
        counted = new boolean[spans.size() * shape.layers()];
        reserve();
        long events = 0;
        for (AttentionSpan span : spans) {
            fill(span);
            events = Math.max(events, 2L * shape.kvHeads() * span.partWords());
            span.cache.directory().update(span.cache.heads(), span.length());
        }
        scratch.events.reserve(events);
        queue.write(scratch.info.get(), 0, info, 0, 4L * infoInts);
        queue.write(scratch.status.get(), 0, status, 0, 4L * statusInts);
    }

    private AttentionSpan span(StepState step, int index) {
        CacheSequence cache = (CacheSequence) step.cache(index);
        int rows = step.spanRows(index);
        int length = cache.length() + rows;
        int countFrom = cache.length();
        int blockWords = 1;
        for (CacheHead head : cache.heads()) {
            for (CachePart part : List.of(head.keys, head.values)) {
                DeltaStream stream = part.stream;
                if (stream != null) {
                    countFrom = stream.fixesAt(length) ? 0 : countFrom;
                    blockWords = Math.max(blockWords, stream.format.mostWords());
                }
            }
        }
        return new AttentionSpan(cache, step.firstRow(index), rows, countFrom, blockWords);
    }

    private void reserve() {
        scratch.info.reserve(infoInts);
        scratch.status.reserve(statusInts);
        if (info.byteSize() < 4L * infoInts || status.byteSize() < 4L * statusInts) {
            Arena larger = newArena();
            arena.close();
            arena = larger;
            info = MemorySegment.NULL; // has no bytes: what fails below is tried again
            status = MemorySegment.NULL;
            info = arena.allocate(INT, Math.max(64, infoInts + infoInts / 4L));
            status = arena.allocate(INT, Math.max(64, statusInts + statusInts / 4L));
        }
    }

    private void fill(AttentionSpan span) {
        for (int layer = 0; layer < shape.layers(); layer++) {
            for (int h = 0; h < shape.kvHeads(); h++) {
                fill(span, span.cache.head(layer, h));
            }
            for (int i = 0; i < span.statusInts(); i++) {
                int value = i < 2 * shape.kvHeads() ? SOUND : 0;
                status.setAtIndex(INT, span.errorsAt(layer) + i, value);
            }
        }
    }

    private void fill(AttentionSpan span, CacheHead head) {
        int keys = head.kvHead;
        int values = shape.kvHeads() + head.kvHead;
        int keysAt = span.recentsAt(head.layer, keys);
        int valuesAt = span.recentsAt(head.layer, values);
        int keysWanted = 0;
        int valuesWanted = 0;
        for (int row = 0; row < span.rows; row++) {
            int position = span.position + row;
            int keyRecent = 0;
            int valueRecent = 0;
            if (head.attention().seesParts()) {
                int from = head.exactFrom(span.cache.sequence(), position);
                int seen = from <= head.sinks() ? 0 : from;
                keyRecent = head.drops() ? seen : head.keys.boundary(position, from);
                valueRecent = head.drops() ? seen : head.values.boundary(position, from);
            }
            info.setAtIndex(INT, keysAt + row, keyRecent);
            info.setAtIndex(INT, valuesAt + row, valueRecent);
            keysWanted = Math.max(keysWanted, head.drops() ? 0 : keyRecent);
            valuesWanted = Math.max(valuesWanted, head.drops() ? 0 : valueRecent);
        }
        wanted(span, head.layer, keys, head.keys, keysWanted);
        wanted(span, head.layer, values, head.values, valuesWanted);
    }

    private void wanted(AttentionSpan span, int layer, int index, CachePart part, int rows) {
        int closing = part.nextClosed() * BLOCK > part.closedRows() ? part.nextClosed() : 0;
        int wanted = AttentionSpan.wholeBlocks(Math.max(rows, closing * BLOCK));
        if (part.stream != null) {
            span.wantBlocks((wanted - part.closedRows()) / BLOCK + 1);
        }
        boolean known = part.stream != null && part.stream.isKnownAt(span.position);
        int at = span.infoAt(layer) + 2 * index;
        info.setAtIndex(INT, at, wanted);
        info.setAtIndex(INT, at + 1, known ? 1 : 0);
    }

    /** Where the exact run begins of a query, as far as it matters. */
    int recent(AttentionSpan span, int layer, int part, int row) {
        return info.getAtIndex(INT, span.recentsAt(layer, part) + row);
    }

    /** Reads what the device tells of one layer of a span; waits for it. */
    void read(AttentionSpan span, int layer) {
        long at = 4L * span.errorsAt(layer);
        queue.read(scratch.status.get(), at, status, at, 4L * span.statusInts());
        take(span, layer);
    }

    /** Reads what the device tells of the rest. */
    void finish() {
        queue.read(scratch.status.get(), 0, status, 0, 4L * statusInts);
        for (AttentionSpan span : spans) {
            for (int layer = 0; layer < shape.layers(); layer++) {
                take(span, layer);
            }
        }
    }

    private void take(AttentionSpan span, int layer) {
        int index = spans.indexOf(span) * shape.layers() + layer;
        if (counted[index]) {
            return;
        }
        counted[index] = true;
        for (int h = 0; h < shape.kvHeads(); h++) {
            CacheHead head = span.cache.head(layer, h);
            take(span, layer, h, head.keys);
            take(span, layer, shape.kvHeads() + h, head.values);
        }
    }

    private void take(AttentionSpan span, int layer, int index, CachePart part) {
        int refused = status.getAtIndex(INT, span.errorsAt(layer) + index);
        if (refused != SOUND) {
            throw part.name.refused(refused, "an element that no encoder can follow");
        }
        RowsCounts counts = part.counts;
        if (counts == null || (part.stream != null && !part.stream.isFixed())) {
            return;
        }
        int from = counted(span, part);
        int at = span.countsAt(layer) + index * span.countStride() - span.countFrom;
        for (int row = from; row < span.length(); row++) {
            counts.put(row, status.getAtIndex(INT, at + row));
        }
    }

    /** The first row whose count is new. */
    static int counted(AttentionSpan span, CachePart part) {
        return part.stream != null && part.stream.fixedInStep() ? 0 : span.position;
    }

    @Override
    public void close() {
        arena.close();
    }
}
