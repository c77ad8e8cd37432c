package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** The keys and values of one sequence on the device. */
final class CacheSequence implements KvCache {
    private final AttentionStore owner;
    private final ReentrantLock lock;
    private final HeadShape shape;
    private final AttentionStrategy strategy;
    private final int capacity;
    private final CachePool pool;
    private final CacheDirectory directory;
    private final CacheHead[] heads;
    private final CacheCounts counts;
    private final CacheWindows windows;
    private int length;
    private volatile boolean closed;

    /** Whether a run is under way that may have to be undone. */
    private boolean running;

    CacheSequence(AttentionStore owner, AttentionStrategy strategy, int capacity) {
        this.owner = owner;
        this.strategy = strategy;
        this.capacity = capacity;
        lock = owner.lock();
        shape = owner.shape();
        pool = owner.pool();
        directory = owner.directory();
        heads = new CacheHead[shape.layers() * shape.kvHeads()];
        for (int i = 0; i < heads.length; i++) {
            heads[i] = emptyHead(i / shape.kvHeads(), i % shape.kvHeads());
        }
        counts = new CacheCounts(shape.layers());
        windows = new CacheWindows();
    }

    private CacheSequence(CacheSequence other) {
        owner = other.owner;
        lock = other.lock;
        shape = other.shape;
        strategy = other.strategy;
        capacity = other.capacity;
        pool = other.pool;
        directory = owner.directory();
        heads = Arrays.stream(other.heads).map(CacheHead::fork).toArray(CacheHead[]::new);
        counts = new CacheCounts(other.counts);
        windows = new CacheWindows(other.windows);
        length = other.length;
    }

    /** Asks the strategy once for each thing, so that all parts go by the same answer. */
    private CacheHead emptyHead(int layer, int head) {
        int sinks = strategy.sinks(layer, head);
        if (sinks < 0) {
            throw new IllegalStateException(
                    "the attention " + strategy.spec() + " asks for " + sinks + " sinks");
        }
        int held = Math.min(sinks, capacity);
        boolean drops = strategy.dropsMiddle(layer, head);
        return new CacheHead(
                strategy,
                layer,
                head,
                held,
                drops,
                part(strategy.keys(layer, head), true, held, drops, layer, head),
                part(strategy.values(layer, head), false, held, drops, layer, head));
    }

    private CachePart part(
            Encoding encoding, boolean keys, int sinks, boolean drops, int layer, int head) {
        encoding.requireFit(shape, strategy.spec());
        return new CachePart(
                (keys ? "keys" : "values") + " of layer " + layer + ", head " + head,
                encoding,
                keys,
                shape.headDim(),
                sinks,
                drops,
                keys ? pool.keys(layer) : pool.values(layer));
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public AttentionStrategy strategy() {
        return strategy;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public void declare(int tokens) {
        windows.declare(tokens, length, heads);
    }

    @Override
    public AttentionStrategy.Request request() {
        return windows.request();
    }

    /** What was declared. */
    CacheWindows windows() {
        return windows;
    }

    @Override
    public void truncate(int newLength) {
        requireOpen();
        requireIdle("truncated");
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException(
                    "a sequence of " + length + " positions can't be truncated to " + newLength);
        }
        if (newLength > 0 && newLength < floor(newLength)) {
            throw new InvalidOptionException(
                    "the sequence can't be truncated to "
                            + newLength
                            + " positions, because "
                            + strategy.spec()
                            + " has dropped rows that it would need then; the smallest length is "
                            + truncationFloor()
                            + ", or 0");
        }
        locked(() -> {
            windows.truncate(newLength);
            cut(newLength);
            if (newLength == 0) {
                pool.trim();
            }
        });
    }

    private void cut(int newLength) {
        length = newLength;
        for (CacheHead head : heads) {
            head.truncate(newLength);
        }
        directory.outdated();
    }

    @Override
    public int truncationFloor() {
        return floor(0);
    }

    /** The smallest length that a truncation can reach, or {@code least} if it is smaller. */
    private int floor(int least) {
        int floor = length;
        while (floor > Math.max(windows.widenedAt(), least) && holdsAllFor(floor - 1)) {
            floor--;
        }
        return floor;
    }

    /** Whether everything is kept that a query at a position may see. */
    boolean holdsAllFor(int position) {
        for (CacheHead head : heads) {
            if (!head.holdsAllFor(position, windows.widestRequest())) {
                return false;
            }
        }
        return true;
    }

    @Override
    public KvCache fork() {
        requireOpen();
        requireIdle("forked");
        return owner.remember(locked(() -> new CacheSequence(this)));
    }

    @Override
    public CacheBytes bytes() {
        if (closed) {
            return CacheBytes.ZERO;
        }
        return locked(() -> {
            long keys = pool.freeKeyWords();
            long values = pool.freeValueWords();
            for (CacheHead head : heads) {
                keys += head.keys.words();
                values += head.values.words();
            }
            long half = directory.bytes() / 2;
            long dense = 2L * length * shape.kvWidth() * shape.layers();
            return new CacheBytes(4 * keys + half, 4 * values + half, dense, dense);
        });
    }

    @Override
    public AttentionCounts counts(int layer, Stage stage) {
        if (layer < 0 || layer >= shape.layers()) {
            throw new IllegalArgumentException("there is no layer " + layer + " in " + shape);
        }
        return counts.of(layer, stage);
    }

    @Override
    public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
        requireOpen();
        if (layer < 0 || layer >= shape.layers() || kvHead < 0 || kvHead >= shape.kvHeads()) {
            throw new IllegalArgumentException(
                    "there is no head " + kvHead + " of layer " + layer + " in " + shape);
        }
        CacheHead head = head(layer, kvHead);
        CachePart part = kind == KvStream.Kind.KEYS ? head.keys : head.values;
        int gone = part.gone(head.outside());
        int sinks = Math.min(head.sinks(), gone);
        return locked(() ->
                new KvStream(
                        length,
                        part.exact.export(sinks, gone, length),
                        part.stream == null
                                ? KvStream.DeltaRows.NONE
                                : new DeltaExport(part.stream).of(part.exact, length)));
    }

    @Override
    public void close() {
        requireIdle("closed");
        locked(() -> {
            if (!closed) {
                closed = true;
                cut(0);
                directory.close();
                pool.trim();
            }
        });
        owner.forget(this);
    }

    /** A sink of logits runs under the lock, on the thread of a run that is not over. */
    private void requireIdle(String what) {
        if (lock.isHeldByCurrentThread() && running) {
            throw new IllegalStateException("a step's cache can't be " + what + " by its sink");
        }
    }

    HeadShape shape() {
        return shape;
    }

    CachePool pool() {
        return pool;
    }

    CacheDirectory directory() {
        return directory;
    }

    CacheHead[] heads() {
        return heads;
    }

    CacheHead head(int layer, int kvHead) {
        return heads[layer * shape.kvHeads() + kvHead];
    }

    CacheCounts tallies() {
        return counts;
    }

    boolean belongsTo(AttentionStore store) {
        return owner == store;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the sequence's cache is closed");
        }
        owner.requireOpen();
    }

    void requireRoom(int rows) {
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

    /** Makes room for the next {@code rows} positions, until {@link #commit} or rollback. */
    void begin(int rows, AttentionScratch scratch) {
        running = true;
        windows.note();
        for (CacheHead head : heads) {
            head.note();
        }
        if (!windows.isDeclared()) {
            declare(length + rows);
        }
        for (CacheHead head : heads) {
            head.plan(length + rows, windows.widestRequest());
        }
        boolean moved = false;
        for (int layer = 0; layer < shape.layers(); layer++) {
            moved |= prepare(layer, length + rows, scratch);
        }
        if (moved) {
            directory.outdated();
        }
    }

    private boolean prepare(int layer, int end, AttentionScratch scratch) {
        long keys = 0;
        long values = 0;
        for (int h = 0; h < shape.kvHeads(); h++) {
            keys += head(layer, h).keys.missing(length, end);
            values += head(layer, h).values.missing(length, end);
        }
        pool.keys(layer).reserve(keys);
        pool.values(layer).reserve(values);
        scratch.beginLayer();
        boolean moved = false;
        for (int h = 0; h < shape.kvHeads(); h++) {
            CacheHead head = head(layer, h);
            moved |= head.keys.prepare(length, end, scratch::lend);
            moved |= head.values.prepare(length, end, scratch::lend);
            moved |= head.keys.stream != null && head.keys.stream.place();
            moved |= head.values.stream != null && head.values.stream.place();
        }
        return moved;
    }

    /** Makes a run's rows part of the sequence and drops what no query sees any more. */
    void commit(int rows) {
        length += rows;
        boolean moved = false;
        for (CacheHead head : heads) {
            moved |= head.commit(length);
        }
        if (moved) {
            directory.outdated();
        }
        counts.commit();
        running = false;
    }

    /** Gives back what a failed run took; harmless if there was none. */
    void rollback() {
        if (running) {
            for (CacheHead head : heads) {
                head.rollback(length);
            }
            directory.outdated();
            counts.rollback();
            windows.rollback();
            running = false;
        }
    }

    /** Takes over the state of another sequence, see {@link CacheRestore}. */
    void restored(int newLength) {
        length = newLength;
        for (CacheHead head : heads) {
            if (head.startOutside(newLength, request())) {
                windows.startAt(newLength);
            }
        }
        counts.commit();
    }
}
