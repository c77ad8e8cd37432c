package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import java.util.Arrays;

/** The keys and values of one sequence in pages. */
final class CpuKvCache implements KvCache {
    private final CpuExecutable owner;
    private final HeadShape shape;
    private final AttentionStrategy strategy;
    private final int capacity;
    private final HeadCache[] heads;
    private final long[] keyPages;
    private final long[] valuePages;
    private final PageSource keySource = new PageSource();
    private final PageSource valueSource = new PageSource();
    private final CacheCounts counts;
    private AttentionStrategy.Request request = new AttentionStrategy.Request(0);
    private int length;
    private int declared;

    /** The most that was declared since the sequence was empty. */
    private int widest;

    /** The length when windows last grew; no truncation goes below. */
    private int widenedAt;

    private boolean closed;

    CpuKvCache(CpuExecutable owner, AttentionStrategy strategy, int capacity) {
        this.owner = owner;
        this.strategy = strategy;
        this.capacity = capacity;
        shape = owner.program().heads();
        heads = new HeadCache[shape.layers() * shape.kvHeads()];
        for (int i = 0; i < heads.length; i++) {
            int layer = i / shape.kvHeads();
            int head = i % shape.kvHeads();
            heads[i] =
                    new HeadCache(
                            strategy,
                            layer,
                            head,
                            rows(strategy.keys(layer, head), true),
                            rows(strategy.values(layer, head), false));
        }
        keyPages = Arrays.stream(heads).mapToLong(CpuKvCache::keyPage).distinct().toArray();
        valuePages = Arrays.stream(heads).mapToLong(CpuKvCache::valuePage).distinct().toArray();
        counts = new CacheCounts(shape.layers(), shape.headDim());
    }

    private CpuKvCache(CpuKvCache other) {
        owner = other.owner;
        shape = other.shape;
        strategy = other.strategy;
        capacity = other.capacity;
        heads = Arrays.stream(other.heads).map(HeadCache::fork).toArray(HeadCache[]::new);
        keyPages = other.keyPages;
        valuePages = other.valuePages;
        counts = new CacheCounts(other.counts);
        length = other.length;
        declared = other.declared;
        widest = other.widest;
        widenedAt = other.widenedAt;
    }

    private static long keyPage(HeadCache head) {
        return head.keys.format.pageBytes();
    }

    private static long valuePage(HeadCache head) {
        return head.values.format.pageBytes();
    }

    private PagedRows rows(Encoding encoding, boolean keys) {
        return switch (encoding) {
            case Encoding.Exact(Encoding.Store store) ->
                    new PagedRows(RowFormat.of(store, keys, shape.headDim()), capacity);
            case Encoding.Delta delta -> throw unsupported("delta-encoded");
            case Encoding.Pruned pruned -> throw unsupported("pruned");
        };
    }

    private UnsupportedModelException unsupported(String how) {
        return new UnsupportedModelException(
                "the attention "
                        + strategy.spec()
                        + " keeps "
                        + how
                        + " keys or values, which the cpu backend does not implement; choose"
                        + " another attention or the reference backend");
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
        declared = Math.max(declared, tokens);
        if (declared > widest) {
            AttentionStrategy.Request before = new AttentionStrategy.Request(widest);
            widest = declared;
            for (HeadCache head : heads) {
                if (head.widen(length, before, request())) {
                    widenedAt = length;
                }
            }
        }
    }

    @Override
    public AttentionStrategy.Request request() {
        if (request.tokens() != declared) {
            request = new AttentionStrategy.Request(declared);
        }
        return request;
    }

    /** The stage to which a position counts. */
    Stage stage(int position) {
        return position < declared ? Stage.PREFILL : Stage.DECODE;
    }

    @Override
    public void truncate(int newLength) {
        requireOpen();
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException(
                    "a sequence of " + length + " positions can't be truncated to " + newLength);
        }
        if (newLength > 0 && newLength < truncationFloor()) {
            throw new InvalidOptionException(
                    "the sequence can't be truncated to "
                            + newLength
                            + " positions, because "
                            + strategy.spec()
                            + " has dropped rows that it would need then; the smallest length is "
                            + truncationFloor()
                            + ", or 0");
        }
        declared = Math.min(declared, newLength);
        length = newLength;
        for (HeadCache head : heads) {
            head.truncate(newLength);
        }
        if (newLength == 0) {
            widest = 0;
            widenedAt = 0;
        }
    }

    @Override
    public int truncationFloor() {
        int floor = length;
        while (floor > widenedAt && holdsAllFor(floor - 1)) {
            floor--;
        }
        return floor;
    }

    private boolean holdsAllFor(int position) {
        for (HeadCache head : heads) {
            if (!head.holdsAllFor(position, request())) {
                return false;
            }
        }
        return true;
    }

    @Override
    public KvCache fork() {
        requireOpen();
        return new CpuKvCache(this);
    }

    @Override
    public CacheBytes bytes() {
        if (closed) {
            return CacheBytes.ZERO;
        }
        long keys = keySource.freeBytes();
        long values = valueSource.freeBytes();
        for (HeadCache head : heads) {
            keys += head.keys.bytes();
            values += head.values.bytes();
        }
        long dense = 2L * length * shape.kvWidth() * shape.layers();
        return new CacheBytes(keys, values, dense, dense);
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
        HeadCache head = head(layer, kvHead);
        PagedRows rows = kind == KvStream.Kind.KEYS ? head.keys : head.values;
        return new KvStream(
                length, rows.export(head.gapFrom(), head.gapTo(), length), KvStream.DeltaRows.NONE);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            length = 0;
            for (HeadCache head : heads) {
                head.truncate(0);
            }
            keySource.closeUnused();
            valueSource.closeUnused();
        }
    }

    HeadShape shape() {
        return shape;
    }

    HeadCache head(int layer, int kvHead) {
        return heads[layer * shape.kvHeads() + kvHead];
    }

    CacheCounts counts() {
        return counts;
    }

    boolean belongsTo(CpuExecutable executable) {
        return owner == executable;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the sequence's cache is closed");
        }
        owner.requireOpen();
    }

    /** Makes room for the next {@code rows} positions. */
    void reserve(int rows) {
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
        if (declared == 0) {
            declare(length + rows);
        }
        boolean done = false;
        try {
            reservePages(length, length + rows);
            done = true;
        } finally {
            if (!done) {
                rollback();
            }
        }
    }

    /** Allocates all pages of the range at once, but none where rows are gone. */
    private void reservePages(int from, int to) {
        for (long bytes : keyPages) {
            int missing = 0;
            for (HeadCache head : heads) {
                missing += keyPage(head) == bytes ? head.keys.missing(from, to) : 0;
            }
            keySource.reserve(bytes, missing);
        }
        for (long bytes : valuePages) {
            int missing = 0;
            for (HeadCache head : heads) {
                missing += valuePage(head) == bytes ? head.values.missing(from, to) : 0;
            }
            valueSource.reserve(bytes, missing);
        }
        for (HeadCache head : heads) {
            head.keys.prepare(from, to, keySource);
            head.values.prepare(from, to, valueSource);
        }
    }

    /** Makes a run's rows part of the sequence and drops what no query sees any more. */
    void commit(int rows) {
        length += rows;
        counts.commit();
        AttentionStrategy.Request now = request();
        for (HeadCache head : heads) {
            head.drop(length, now);
        }
    }

    /** Gives back what a failed run took. */
    void rollback() {
        for (HeadCache head : heads) {
            head.keys.truncate(length);
            head.values.truncate(length);
        }
        keySource.closeUnused();
        valueSource.closeUnused();
        counts.rollback();
    }

    /** Fills an empty cache from a checked source. */
    void restore(int newLength, int[] gapFrom, int[] gapTo, KvStream.Source source) {
        reservePages(0, newLength);
        length = newLength;
        for (int i = 0; i < heads.length; i++) {
            HeadCache head = heads[i];
            for (KvStream.Kind kind : KvStream.Kind.values()) {
                PagedRows rows = kind == KvStream.Kind.KEYS ? head.keys : head.values;
                source.stream(head.layer, head.kvHead, kind).exact().forEach(rows::restore);
            }
            if (gapTo[i] > gapFrom[i]) {
                head.setGap(gapFrom[i], gapTo[i]);
                if (head.startOutside(newLength, request())) {
                    widenedAt = newLength;
                }
            }
        }
        if (!holdsAllFor(newLength)) {
            throw new InvalidOptionException(
                    "the restored state lacks rows that "
                            + strategy.spec()
                            + " needs; restore it with the attention that it was saved with");
        }
        for (HeadCache head : heads) {
            head.drop(length, request());
        }
    }
}
