package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.RunCheck;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** Caches on the device, and attention to them. */
final class AttentionStore implements KeyValueStore {
    private final OpenClDevice device;
    private final ClQueue queue;
    private final ReentrantLock lock;
    private final HeadShape shape;
    private final AttentionScratch scratch;
    private final AttentionStep attending;
    private final Set<CacheSequence> caches =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
    private boolean finished;
    private final AttentionTiles tiles;
    private volatile boolean closed;

    AttentionStore(OpenClDevice device, ClQueue queue, ReentrantLock lock, HeadShape heads) {
        this.device = device;
        this.queue = queue;
        this.lock = lock;
        shape = heads;
        tiles = new AttentionTiles(device, shape);
        scratch = new AttentionScratch(device.context());
        attending = new AttentionStep(queue, shape, scratch);
    }

    ReentrantLock lock() {
        return lock;
    }

    HeadShape shape() {
        return shape;
    }

    /** Memory for a new sequence. */
    CachePool pool() {
        return new CachePool(device.context(), queue, shape.layers());
    }

    /** A directory for a new sequence. */
    CacheDirectory directory() {
        return new CacheDirectory(device.context(), queue, shape.layers(), shape.kvHeads());
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the executable is closed");
        }
    }

    /** A cache is closed. */
    void forget(CacheSequence cache) {
        caches.remove(cache);
    }

    /** A cache was made. */
    CacheSequence remember(CacheSequence cache) {
        caches.add(cache);
        return cache;
    }

    @Override
    public KvCache newCache(AttentionStrategy strategy, int capacity) {
        return remember(new CacheSequence(this, strategy, capacity));
    }

    @Override
    public KvCache restore(
            AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
        CacheSequence cache = new CacheSequence(this, strategy, capacity);
        lock.lock();
        try {
            cache.declare(declared);
            new CacheRestore(cache, source).run();
            remember(cache);
            return cache;
        } catch (RuntimeException | Error e) {
            try {
                cache.close();
            } catch (RuntimeException again) {
                e.addSuppressed(again);
            }
            throw e;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Launch attention(
            Op.Attention op, Activation query, Activation key, Activation value, Activation out) {
        return new AttentionLaunch(
                device, queue, shape, attending, scratch, tiles, op, query, key, value, out);
    }

    @Override
    public void check(KvCache cache, int span, int rows) {
        if (!(cache instanceof CacheSequence sequence) || !sequence.belongsTo(this)) {
            throw RunCheck.foreignCache(span);
        }
        sequence.requireOpen();
        sequence.sequence().requireRoom(rows);
    }

    @Override
    public void begin(StepState step) {
        finished = false;
        attending.begin(step);
    }

    @Override
    public void finish(StepState step) {
        if (!finished) {
            attending.finish();
            AttentionTally tally = new AttentionTally(shape, attending, tiles);
            attending.spans().forEach(tally::add);
            finished = true;
        }
    }

    @Override
    public void commit(StepState step) {
        for (int span = 0; span < step.spans(); span++) {
            ((CacheSequence) step.cache(span)).commit(step.spanRows(span));
        }
    }

    @Override
    public void rollback(StepState step) {
        for (int span = 0; span < step.spans(); span++) {
            ((CacheSequence) step.cache(span)).rollback();
        }
    }

    @Override
    public void close() {
        if (!closed) {
            try (Resources all = new Resources()) {
                all.add(scratch, scratch::close);
                all.add(attending, attending::close);
                List.copyOf(caches).forEach(cache -> all.add(cache, cache::close));
            } finally {
                closed = true;
            }
        }
    }
}
