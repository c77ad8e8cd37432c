package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.HeadShape;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How a step's attention is cut into tasks, the same for every layer: ranges of keys for sequences
 * with few rows, tiles of queries for the others. Ranges and tiles depend on sizes only, never on
 * threads; how many ranges are a task does, and has no effect on results.
 */
final class AttentionPlan implements AutoCloseable {
    /** The most rows of a span that are attended by key ranges. */
    static final int FEW = 4;

    /** Tasks for each thread, so that all end at about the same time. */
    private static final int TASKS = 4;

    private static final int FIELDS = 6;

    private final HeadShape shape;
    private final int width;
    private final int headsATile;
    private final int rowsATile;
    private final int mostRanges;
    private final long slotFloats;
    private final AtomicInteger next = new AtomicInteger();
    private int[] tasks = new int[FIELDS * 16];
    private int count;
    private int[] slots = new int[2];
    private boolean several;
    private boolean listsEvents;
    private @Nullable Arena arena;
    private MemorySegment partials = MemorySegment.NULL;

    /**
     * @param scratch of any thread; all are alike
     */
    AttentionPlan(HeadShape shape, AttentionScratch scratch) {
        this.shape = shape;
        width = 2 * scratch.width * Lanes.N;
        headsATile = Math.min(shape.group(), width);
        rowsATile = width / headsATile;
        mostRanges = scratch.ranges;
        slotFloats = Lanes.padded(shape.group() * (scratch.channels + 2));
    }

    /** Plans a step for so many threads. */
    void fill(StepState step, int threads) {
        count = 0;
        several = false;
        listsEvents = false;
        if (slots.length < step.spans() + 1) {
            slots = new int[step.spans() + 1];
        }
        int atATime = Math.clamp(allRanges(step) / (TASKS * threads), 1, mostRanges);
        int slot = 0;
        for (int span = 0; span < step.spans(); span++) {
            slots[span] = slot;
            if (step.spanRows(span) <= FEW) {
                int ranges = ranges(step, span);
                several |= ranges > 1;
                slot += step.spanRows(span) * shape.kvHeads() * ranges;
                // Several rows read a range one after the other, while it is in a cache.
                addRanges(span, ranges, step.spanRows(span) == 1 ? atATime : 1);
            } else {
                addTiles(step, span);
                listsEvents |= step.cache(span).encodes();
            }
        }
        reservePartials(slot);
    }

    private int allRanges(StepState step) {
        int all = 0;
        for (int span = 0; span < step.spans(); span++) {
            all += step.spanRows(span) <= FEW ? ranges(step, span) * shape.kvHeads() : 0;
        }
        return all;
    }

    /** A head's ranges lie one behind the other in memory: a task has as many as it may. */
    private void addRanges(int span, int ranges, int atATime) {
        int pieces = Lanes.ceilDiv(ranges, atATime);
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int piece = 0; piece < pieces; piece++) {
                int first = piece * ranges / pieces;
                add(span, head, first, (piece + 1) * ranges / pieces - first, 0, 0);
            }
        }
    }

    /** The last rows see most keys: they come first, so that the end is even. */
    private void addTiles(StepState step, int span) {
        int rows = step.spanRows(span);
        int tiles = Lanes.ceilDiv(rows, rowsATile);
        for (int tile = tiles - 1; tile >= 0; tile--) {
            for (int head = 0; head < shape.kvHeads(); head++) {
                for (int inGroup = 0; inGroup < shape.group(); inGroup += headsATile) {
                    int first = tile * rowsATile;
                    add(span, head, first, 0, Math.min(rowsATile, rows - first), inGroup);
                }
            }
        }
    }

    private void add(int span, int head, int first, int ranges, int rows, int inGroup) {
        if ((count + 1) * FIELDS > tasks.length) {
            tasks = Arrays.copyOf(tasks, 2 * tasks.length);
        }
        int at = count++ * FIELDS;
        tasks[at] = span;
        tasks[at + 1] = head;
        tasks[at + 2] = first;
        tasks[at + 3] = ranges;
        tasks[at + 4] = rows;
        tasks[at + 5] = inGroup;
    }

    @SuppressWarnings("MustBeClosed") // by close(), or by the next one
    private void reservePartials(int slotCount) {
        long bytes = 4L * slotFloats * slotCount;
        if (bytes > partials.byteSize()) {
            close();
            Arena own = Arena.ofShared();
            arena = own;
            partials = Native.allocate(own, 2 * bytes, "partial attention results");
        }
    }

    /** Number of tasks of a layer. */
    int tasks() {
        return count;
    }

    int span(int task) {
        return tasks[task * FIELDS];
    }

    int kvHead(int task) {
        return tasks[task * FIELDS + 1];
    }

    /** The number of the first key range, or a tile's first row in its span. */
    int first(int task) {
        return tasks[task * FIELDS + 2];
    }

    /** The number of key ranges, up to {@link AttentionScratch#ranges}; 0 for a tile. */
    int ranges(int task) {
        return tasks[task * FIELDS + 3];
    }

    /** A tile's number of rows; 0 for key ranges. */
    int rows(int task) {
        return tasks[task * FIELDS + 4];
    }

    /** A tile's first query head in its group. */
    int inGroup(int task) {
        return tasks[task * FIELDS + 5];
    }

    int headsATile() {
        return headsATile;
    }

    /** Ranges of keys of a span with few rows. */
    static int ranges(StepState step, int span) {
        int keys = step.position(step.firstRow(span + 1) - 1) + 1;
        return Lanes.ceilDiv(keys, AttentionScratch.RANGE_KEYS);
    }

    /** Whether partial results of several ranges must be merged. */
    boolean several() {
        return several;
    }

    /** Whether tiles of queries go through lists of events. */
    boolean listsEvents() {
        return listsEvents;
    }

    MemorySegment partials() {
        return partials;
    }

    /** Where a range's result goes: {@code [group][channels]}, then maxima and sums. */
    long partial(StepState step, int span, int row, int kvHead, int range) {
        int ranges = ranges(step, span);
        long slot = slots[span] + ((long) row * shape.kvHeads() + kvHead) * ranges + range;
        return 4 * slot * slotFloats;
    }

    /** Hands out tasks from the first on again. */
    void restart() {
        next.set(0);
    }

    /** The next task that no thread has taken; {@link #tasks()} or more when there is none. */
    int take() {
        return next.getAndIncrement();
    }

    @Override
    public void close() {
        Arena own = arena;
        if (own != null) {
            own.close();
            arena = null;
            partials = MemorySegment.NULL;
        }
    }
}
