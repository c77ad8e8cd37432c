package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.HeadAttention;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvCounts;
import io.github.deltallm.api.spi.KvSequence;
import io.github.deltallm.api.spi.KvStream;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** The keys and values of one sequence on the device. */
final class CacheSequence implements KvCache {
    private final AttentionStore owner;
    private final ReentrantLock lock;
    private final HeadShape shape;
    private final KvSequence sequence;
    private final CachePool pool;
    private final CacheDirectory directory;
    private final CacheHead[] heads;
    private final KvCounts counts;
    private volatile boolean closed;

    /** Whether a run is under way that may have to be undone. */
    private boolean running;

    CacheSequence(AttentionStore owner, AttentionStrategy strategy, int capacity) {
        this.owner = owner;
        lock = owner.lock();
        shape = owner.shape();
        sequence = new KvSequence(strategy, shape, capacity);
        pool = owner.pool();
        directory = owner.directory();
        heads = new CacheHead[shape.layers() * shape.kvHeads()];
        for (int i = 0; i < heads.length; i++) {
            heads[i] = emptyHead(sequence.head(i / shape.kvHeads(), i % shape.kvHeads()));
        }
        counts = new KvCounts(shape);
    }

    private CacheSequence(CacheSequence other) {
        owner = other.owner;
        lock = other.lock;
        shape = other.shape;
        sequence = other.sequence.copy();
        pool = other.pool;
        directory = owner.directory();
        heads = Arrays.stream(other.heads).map(CacheHead::fork).toArray(CacheHead[]::new);
        counts = other.counts.copy();
    }

    private CacheHead emptyHead(HeadAttention head) {
        return new CacheHead(
                head, part(head, KvStream.Kind.KEYS), part(head, KvStream.Kind.VALUES));
    }

    private CachePart part(HeadAttention head, KvStream.Kind kind) {
        boolean keys = kind == KvStream.Kind.KEYS;
        CacheSlab slab = keys ? pool.keys(head.layer()) : pool.values(head.layer());
        return new CachePart(head, kind, shape.headDim(), slab);
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
        return sequence.strategy();
    }

    @Override
    public int length() {
        return sequence.length();
    }

    @Override
    public int capacity() {
        return sequence.capacity();
    }

    @Override
    public void declare(int tokens) {
        sequence.declare(tokens);
    }

    @Override
    public AttentionStrategy.Request request() {
        return sequence.request();
    }

    /** What is known of it apart from its rows. */
    KvSequence sequence() {
        return sequence;
    }

    @Override
    public void truncate(int newLength) {
        requireOpen();
        requireIdle("truncated");
        sequence.requireTruncation(newLength, this::holdsAllFor);
        locked(() -> {
            cut(newLength);
            if (newLength == 0) {
                pool.trim();
            }
        });
    }

    private void cut(int newLength) {
        sequence.truncate(newLength);
        for (CacheHead head : heads) {
            head.truncate(newLength);
        }
        directory.outdated();
    }

    @Override
    public int truncationFloor() {
        return sequence.truncationFloor(this::holdsAllFor);
    }

    /** Whether everything is kept that a query at a position may see. */
    boolean holdsAllFor(int position) {
        for (CacheHead head : heads) {
            if (!head.holdsAllFor(sequence, position)) {
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
            long dense = 2L * length() * shape.kvWidth() * shape.layers();
            return new CacheBytes(4 * keys + half, 4 * values + half, dense, dense);
        });
    }

    @Override
    public AttentionCounts counts(int layer, Stage stage) {
        return counts.of(layer, stage);
    }

    @Override
    public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
        requireOpen();
        sequence.requireHead(layer, kvHead);
        CacheHead head = head(layer, kvHead);
        CachePart part = head.part(kind);
        int gone = part.gone(sequence.outside(layer, kvHead));
        int sinks = Math.min(head.sinks(), gone);
        return locked(() ->
                new KvStream(
                        length(),
                        part.exact.export(sinks, gone, length()),
                        part.stream == null
                                ? KvStream.DeltaRows.NONE
                                : new DeltaExport(part.stream).of(part.exact, length())));
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

    KvCounts tallies() {
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

    /** Makes room for the next {@code rows} positions, until {@link #commit} or rollback. */
    void begin(int rows, AttentionScratch scratch) {
        running = true;
        sequence.begin(rows);
        for (CacheHead head : heads) {
            head.plan(sequence, length() + rows);
        }
        boolean moved = false;
        for (int layer = 0; layer < shape.layers(); layer++) {
            moved |= prepare(layer, length() + rows, scratch);
        }
        if (moved) {
            directory.outdated();
        }
    }

    private boolean prepare(int layer, int end, AttentionScratch scratch) {
        int length = length();
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
        sequence.commit(rows);
        boolean moved = false;
        for (CacheHead head : heads) {
            moved |= head.commit(length());
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
                head.rollback(length());
            }
            directory.outdated();
            counts.rollback();
            sequence.rollback();
            running = false;
        }
    }

    /** Takes over the state of another sequence, see {@link CacheRestore}. */
    void restored() {
        for (CacheHead head : heads) {
            int gone = Math.max(head.keys.gone(), head.values.gone());
            sequence.restored(head.layer, head.kvHead, gone);
        }
        counts.commit();
    }
}
