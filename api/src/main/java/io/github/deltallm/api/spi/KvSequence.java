package io.github.deltallm.api.spi;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.KvCache.Stage;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * For backends: what a {@link KvCache} knows of its sequence apart from the rows: its length, what
 * was declared for it, and which rows each query sees therefore.
 *
 * <p>For the query at position i of a head, with {@code from = exactFrom(layer, kvHead, i)} and the
 * head's {@code sinks}:
 *
 * <pre>
 * [0, min(sinks, from))       exact
 * [min(sinks, from), from)    as encoded, or dropped
 * [from, i]                   exact
 * </pre>
 *
 * That is what the strategy declares, but for one thing: where a later declaration made a window
 * wider, keys that were outside stay outside, since their exact rows may be gone. Everything here
 * is what {@link KvCache} promises; where rows lie and which of them are kept is the backend's.
 *
 * <p>Not thread-safe. A run is framed by {@link #begin} and {@link #commit} or {@link #rollback};
 * none of what is called in a run allocates.
 */
public final class KvSequence {
    private final HeadShape shape;
    private final AttentionStrategy strategy;
    private final int capacity;
    private final HeadAttention[] heads;
    private int length;
    private int declared;

    /** The most that was declared since the sequence was empty. */
    private int widest;

    /** The length when windows last grew; no truncation goes below. */
    private int widenedAt;

    /** By layer and head: exact runs begin no earlier. */
    private final int[] outside;

    // What a failed run goes back to.
    private int declaredBefore;
    private int widestBefore;
    private int widenedAtBefore;
    private final int[] outsideBefore;

    private AttentionStrategy.Request request = new AttentionStrategy.Request(0);
    private AttentionStrategy.Request widestRequest = request;

    /**
     * An empty sequence.
     *
     * @param capacity the largest number of positions
     * @throws IllegalArgumentException if that is less than 1
     * @throws IllegalStateException if the strategy declares what makes no sense
     * @throws InvalidOptionException if an encoding does not fit the heads
     */
    public KvSequence(AttentionStrategy strategy, HeadShape shape, int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("a cache has room for a position, not " + capacity);
        }
        this.strategy = strategy;
        this.shape = shape;
        this.capacity = capacity;
        heads = new HeadAttention[Math.multiplyExact(shape.layers(), shape.kvHeads())];
        for (int i = 0; i < heads.length; i++) {
            int layer = i / shape.kvHeads();
            heads[i] = HeadAttention.of(strategy, shape, layer, i % shape.kvHeads(), capacity);
        }
        outside = new int[heads.length];
        outsideBefore = new int[heads.length];
    }

    private KvSequence(KvSequence other) {
        shape = other.shape;
        strategy = other.strategy;
        capacity = other.capacity;
        heads = other.heads;
        length = other.length;
        declared = other.declared;
        widest = other.widest;
        widenedAt = other.widenedAt;
        outside = other.outside.clone();
        outsideBefore = new int[outside.length];
    }

    /** An independent copy, outside of any run. */
    public KvSequence copy() {
        return new KvSequence(this);
    }

    public HeadShape shape() {
        return shape;
    }

    public AttentionStrategy strategy() {
        return strategy;
    }

    public int capacity() {
        return capacity;
    }

    /** Positions that are part of the sequence; those of a run are not before it is committed. */
    public int length() {
        return length;
    }

    /** What was declared. */
    public AttentionStrategy.Request request() {
        if (request.tokens() != declared) {
            request = new AttentionStrategy.Request(declared);
        }
        return request;
    }

    /**
     * The request of the widest windows since the sequence was empty: what may be declared again
     * after a truncation, so rows in its windows are worth keeping.
     */
    public AttentionStrategy.Request widestRequest() {
        if (widestRequest.tokens() != widest) {
            widestRequest = new AttentionStrategy.Request(widest);
        }
        return widestRequest;
    }

    /** Tokens that were declared; 0 if none were, and then a run declares its own rows. */
    public int declared() {
        return declared;
    }

    /** The stage to which a position counts. */
    public Stage stage(int position) {
        return position < declared ? Stage.PREFILL : Stage.DECODE;
    }

    /** What is declared for a head. */
    public HeadAttention head(int layer, int kvHead) {
        return heads[index(layer, kvHead)];
    }

    private int index(int layer, int kvHead) {
        return layer * shape.kvHeads() + kvHead;
    }

    /** The first position that an exact run of a head may begin at. */
    public int outside(int layer, int kvHead) {
        return outside[index(layer, kvHead)];
    }

    /**
     * The first position of the exact run that the query at a position sees.
     *
     * @throws IllegalStateException if the strategy declares what makes no sense
     */
    public int exactFrom(int layer, int kvHead, int position) {
        int i = index(layer, kvHead);
        return bounded(i, position, heads[i].exactFrom(position, request()));
    }

    /**
     * The first position of the exact run that the query at a position may see at most, whatever is
     * declared again after a truncation.
     */
    public int widestFrom(int layer, int kvHead, int position) {
        int i = index(layer, kvHead);
        return bounded(i, position, Math.max(0, position - heads[i].window(widestRequest()) + 1));
    }

    private int bounded(int i, int position, int from) {
        return Math.max(from, Math.min(outside[i], position));
    }

    /** See {@link KvCache#declare}. If the strategy throws, nothing is changed. */
    public void declare(int tokens) {
        int wanted = Math.max(declared, tokens);
        if (wanted > widest) {
            widen(wanted);
        }
        declared = wanted;
    }

    /** Asks the strategy about all heads before it changes anything. */
    private void widen(int tokens) {
        AttentionStrategy.Request before = widestRequest();
        AttentionStrategy.Request now = new AttentionStrategy.Request(tokens);
        int[] left = new int[heads.length];
        for (int i = 0; i < heads.length; i++) {
            int window = heads[i].window(before);
            left[i] = window < heads[i].window(now) ? Math.max(0, length - window) : 0;
        }
        widest = tokens;
        for (int i = 0; i < heads.length; i++) {
            leaveOutside(i, left[i]);
        }
    }

    private void leaveOutside(int i, int rows) {
        if (rows > 0) {
            outside[i] = Math.max(outside[i], rows);
            widenedAt = length;
        }
    }

    /**
     * Refuses more rows than there is room for.
     *
     * @throws ContextOverflowException if the capacity does not suffice
     */
    public void requireRoom(int rows) {
        if (rows > capacity - length) {
            throw new ContextOverflowException(
                    "the sequence has "
                            + length
                            + " positions and a capacity of "
                            + capacity
                            + ", so "
                            + rows
                            + " more do not fit; open it with a longer context");
        }
    }

    /**
     * Refuses a head that the model does not have.
     *
     * @throws IllegalArgumentException if so
     */
    public void requireHead(int layer, int kvHead) {
        if (layer < 0 || layer >= shape.layers() || kvHead < 0 || kvHead >= shape.kvHeads()) {
            throw new IllegalArgumentException(
                    "there is no head " + kvHead + " of layer " + layer + " in " + shape);
        }
    }

    /** Begins a run of so many rows, which are declared where nothing was. */
    public void begin(int rows) {
        declaredBefore = declared;
        widestBefore = widest;
        widenedAtBefore = widenedAt;
        System.arraycopy(outside, 0, outsideBefore, 0, outside.length);
        if (declared == 0) {
            declare(length + rows);
        }
    }

    /** Makes a run's rows part of the sequence. */
    public void commit(int rows) {
        length += rows;
    }

    /** Undoes what {@link #begin} did. */
    public void rollback() {
        declared = declaredBefore;
        widest = widestBefore;
        widenedAt = widenedAtBefore;
        System.arraycopy(outsideBefore, 0, outside, 0, outside.length);
    }

    /**
     * The smallest length that a truncation can reach, apart from 0, which it always can.
     *
     * @param holdsAllFor whether all rows are kept that the query at a position may see, see {@link
     *     #widestFrom}
     */
    public int truncationFloor(IntPredicate holdsAllFor) {
        return floor(0, holdsAllFor);
    }

    /** As above, or {@code least} if the floor is smaller. */
    private int floor(int least, IntPredicate holdsAllFor) {
        int floor = length;
        while (floor > Math.max(widenedAt, least) && holdsAllFor.test(floor - 1)) {
            floor--;
        }
        return floor;
    }

    /**
     * Refuses a truncation, see {@link KvCache#truncate}.
     *
     * @param holdsAllFor as for {@link #truncationFloor}
     */
    public void requireTruncation(int newLength, IntPredicate holdsAllFor) {
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException(
                    "a sequence of " + length + " positions can't be truncated to " + newLength);
        }
        if (newLength > 0 && newLength < floor(newLength, holdsAllFor)) {
            throw new InvalidOptionException(
                    "the sequence can't be truncated to "
                            + newLength
                            + " positions, because "
                            + strategy.spec()
                            + " has dropped rows that it would need then; the smallest length is "
                            + truncationFloor(holdsAllFor)
                            + ", or 0");
        }
    }

    /** Forgets positions, and what was declared beyond them. */
    public void truncate(int newLength) {
        length = newLength;
        declared = Math.min(declared, newLength);
        if (newLength == 0) {
            widest = 0;
            widenedAt = 0;
            Arrays.fill(outside, 0);
        }
    }

    /** Gives an empty sequence a length, before its rows are restored; see {@link KvRestore}. */
    public void restore(int newLength) {
        length = newLength;
    }

    /**
     * Notes that a head's restored rows are held exactly from {@code from} on: where that is not
     * the whole window, it was smaller when they passed.
     */
    public void restored(int layer, int kvHead, int from) {
        int i = index(layer, kvHead);
        if (from > Math.max(0, length - heads[i].window(request()))) {
            leaveOutside(i, from);
        }
    }
}
