package io.github.deltallm.backend.tornado;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where the keys or the values of one head lie on the device: blocks of exact rows; packed blocks
 * of encoded ones, an open block behind them; thresholds and steps.
 *
 * <p>A step prepares what it needs, and either commits or rolls back. What forks have in common is
 * copied when one of them is about to write to it.
 */
final class StreamBlocks {
    final StreamFormat format;
    private final DeviceMemory memory;
    private @Nullable Extent[] exact = new Extent[4];
    private @Nullable Extent[] events = new Extent[4];
    private @Nullable Extent rule;

    /** Blocks that are packed. */
    private int packed;

    /** What the open blocks of a step become. */
    private final List<Extent> closing = new ArrayList<>();

    StreamBlocks(StreamFormat format, DeviceMemory memory) {
        this.format = format;
        this.memory = memory;
    }

    StreamBlocks(StreamBlocks other) {
        this(other.format, other.memory);
        exact = shared(other.exact);
        events = shared(other.events);
        packed = other.packed;
        Extent known = other.rule;
        rule = known == null ? null : known.share();
    }

    private static @Nullable Extent[] shared(@Nullable Extent[] extents) {
        for (Extent extent : extents) {
            if (extent != null) {
                extent.share();
            }
        }
        return extents.clone();
    }

    int packed() {
        return packed;
    }

    /** Blocks that a step which encodes up to {@code end} fills. */
    int fills(int end) {
        return end / Places.BLOCK - packed;
    }

    /** Memory for thresholds and steps that are about to be sent, the stream's own. */
    Extent ownRule() {
        Extent known = rule;
        if (known == null || known.shared()) {
            Extent own = memory.take(2 * format.dim(), 0);
            release(known);
            rule = own;
            return own;
        }
        return known;
    }

    private void release(@Nullable Extent extent) {
        if (extent != null) {
            memory.release(extent);
        }
    }

    /** Exact rows of a block that only this step needs. */
    private static boolean passes(int block, int kept, int gone) {
        return block * Places.BLOCK >= kept && (block + 1) * Places.BLOCK <= gone;
    }

    /**
     * Makes the blocks of exact rows {@code [from, to)} present, and this stream's own.
     *
     * @param kept rows up to here stay
     * @param gone rows from there up to here are not needed behind the step
     */
    void prepareExact(int from, int to, int kept, int gone, Lender lender) {
        int end = Math.ceilDiv(to, Places.BLOCK);
        exact = room(exact, end);
        for (int block = from / Places.BLOCK; block < end; block++) {
            Extent known = exact[block];
            if (known == null && passes(block, kept, gone)) {
                exact[block] =
                        lender.lend(Extent.Area.EXACT, format.exactFloats(), format.exactWords());
            } else {
                exact[block] = own(known, format.exactFloats(), format.exactWords());
            }
        }
    }

    /** Makes the open blocks for encoding up to {@code end} present; the last one may be empty. */
    void prepareEvents(int end, Lender lender) {
        int last = end / Places.BLOCK;
        events = room(events, last + 1);
        for (int block = packed; block <= last; block++) {
            Extent known = events[block];
            if (known == null && block < last) {
                events[block] = lender.lend(Extent.Area.EVENTS, format.openFloats(), 0);
            } else {
                events[block] = own(known, format.openFloats(), 0);
            }
        }
    }

    /** What {@link #prepareExact} would take. */
    void demandExact(int from, int to, int kept, int gone, Demand demand) {
        for (int block = from / Places.BLOCK; block < Math.ceilDiv(to, Places.BLOCK); block++) {
            Extent known = exactBlock(block);
            if (known == null && passes(block, kept, gone)) {
                demand.lend(Extent.Area.EXACT, format.exactFloats(), format.exactWords());
            } else if (known == null || known.shared()) {
                demand.take(format.exactFloats(), format.exactWords());
            }
        }
    }

    /** What {@link #prepareEvents} would take, and {@link #close} for the blocks that fill. */
    void demandEvents(int end, Demand demand) {
        int last = end / Places.BLOCK;
        int half = Places.BLOCK * format.dim() / 2;
        for (int block = packed; block <= last; block++) {
            Extent known = eventBlock(block);
            if (known == null && block < last) {
                demand.lend(Extent.Area.EVENTS, format.openFloats(), 0);
            } else if (known == null || known.shared()) {
                demand.take(format.openFloats(), 0);
            }
            if (block < last) {
                demand.take(format.packedFloats(block, half), format.packedWords(half));
            }
        }
    }

    /** What {@link #ownRule} would take. */
    void demandRule(Demand demand) {
        Extent known = rule;
        if (known == null || known.shared()) {
            demand.take(2 * format.dim(), 0);
        }
    }

    private static @Nullable Extent[] room(@Nullable Extent[] extents, int count) {
        return count <= extents.length
                ? extents
                : Arrays.copyOf(extents, Math.max(count, extents.length / 2 * 3));
    }

    private Extent own(@Nullable Extent known, int floats, int words) {
        if (known != null && !known.shared()) {
            return known;
        }
        Extent own = memory.take(floats, words);
        if (known != null) {
            memory.copy(known, own);
            memory.release(known);
        }
        return own;
    }

    /**
     * Takes memory for an open block that is full, in the order of blocks.
     *
     * @param count its events, without those of the first row of all
     * @return what {@link PackKernels} packs
     */
    Packing close(int block, int count) {
        Extent to = memory.take(format.packedFloats(block, count), format.packedWords(count));
        closing.add(to);
        Extent known = rule;
        if (known == null) {
            throw new IllegalStateException("block " + block + " is encoded by no rule");
        }
        return new Packing(event(block), to, known, format, block);
    }

    private Extent event(int block) {
        Extent extent = block < events.length ? events[block] : null;
        if (extent == null) {
            throw new IllegalStateException("block " + block + " has no encoded rows");
        }
        return extent;
    }

    /** Keeps what the step made, and lets go of exact rows {@code [kept, gone)}. */
    void commit(int kept, int gone) {
        for (Extent full : closing) {
            replace(events, packed, full);
            packed++;
        }
        closing.clear();
        for (int block = 0; block < exact.length; block++) {
            if (passes(block, kept, gone)) {
                replace(exact, block, null);
            }
        }
    }

    private void replace(@Nullable Extent[] extents, int block, @Nullable Extent next) {
        release(extents[block]);
        extents[block] = next;
    }

    /** Takes a step back, to {@code length} rows. */
    void rollback(int length) {
        closing.forEach(memory::release);
        closing.clear();
        cut(exact, Math.ceilDiv(length, Places.BLOCK));
        cut(events, packed + 1);
        Extent open = packed < events.length ? events[packed] : null;
        if (open != null && open.lent()) {
            events[packed] = null;
        }
    }

    private void cut(@Nullable Extent[] extents, int blocks) {
        for (int block = blocks; block < extents.length; block++) {
            replace(extents, block, null);
        }
    }

    /** Whether a truncation to so many encoded rows ends within packed blocks. */
    boolean unpacks(int length) {
        return length > 0 && length / Places.BLOCK < packed;
    }

    /**
     * Forgets the rows from a length on.
     *
     * @param encoded rows that stay encoded
     * @param open the open block if the rows end within packed ones, see {@link #unpacks}
     */
    void truncate(int length, int encoded, @Nullable Extent open) {
        cut(exact, Math.ceilDiv(length, Places.BLOCK));
        int blocks = encoded / Places.BLOCK;
        cut(events, encoded == 0 ? 0 : Math.max(blocks, 0) + (open == null ? 1 : 0));
        packed = Math.min(packed, blocks);
        if (open != null) {
            events = room(events, blocks + 1);
            events[blocks] = open;
        }
    }

    /** Releases everything. */
    void clear() {
        truncate(0, 0, null);
        forgetRule();
    }

    /** The memory of exact rows, null where there are none. */
    @Nullable Extent exactBlock(int block) {
        return block < exact.length ? exact[block] : null;
    }

    Extent encodedBlock(int block) {
        return event(block);
    }

    /** What a restored stream has. */
    void restoreExact(int block, Extent extent) {
        exact = room(exact, block + 1);
        exact[block] = extent;
    }

    /** What a restored stream has, block after block; the last one is open. */
    void restoreEvents(int block, Extent extent) {
        packed = block;
        events = room(events, block + 1);
        events[block] = extent;
    }

    /** The memory of encoded rows, null where there are none. */
    @Nullable Extent eventBlock(int block) {
        return block < events.length ? events[block] : null;
    }

    @Nullable Extent knownRule() {
        return rule;
    }

    void forgetRule() {
        release(rule);
        rule = null;
    }

    /** Bytes that it holds; what is shared counts for each. */
    long bytes() {
        return bytes(exact) + bytes(events) + bytes(new Extent[] {rule});
    }

    private static long bytes(@Nullable Extent[] extents) {
        long bytes = 0;
        for (Extent extent : extents) {
            bytes += extent == null || extent.lent() ? 0 : extent.bytes();
        }
        return bytes;
    }
}
