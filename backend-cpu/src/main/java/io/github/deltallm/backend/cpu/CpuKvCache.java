package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import java.lang.foreign.Arena;
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
    private final SparseChunks keyChunks;
    private final SparseChunks valueChunks;
    private final CacheCounts counts;
    private int keyMark;
    private int valueMark;
    private AttentionStrategy.Request widestRequest = new AttentionStrategy.Request(0);
    private AttentionStrategy.Request request = new AttentionStrategy.Request(0);
    private int length;
    private int declared;

    /** The most that was declared since the sequence was empty. */
    private int widest;

    /** The length when windows last grew; no truncation goes below. */
    private int widenedAt;

    private boolean closed;

    /**
     * Rows whose events are counted. Decoding leaves the latest ones out, and encodes them a block
     * at a time: in each step only those are encoded that its queries see so.
     */
    private int counted;

    private boolean countsRows;

    // What a failed run goes back to.
    private int declaredBefore;
    private int widestBefore;
    private int widenedAtBefore;

    CpuKvCache(CpuExecutable owner, AttentionStrategy strategy, int capacity) {
        this.owner = owner;
        this.strategy = strategy;
        this.capacity = capacity;
        shape = owner.program().heads();
        keyChunks = new SparseChunks();
        valueChunks = new SparseChunks();
        heads = new HeadCache[shape.layers() * shape.kvHeads()];
        for (int i = 0; i < heads.length; i++) {
            heads[i] = emptyHead(i / shape.kvHeads(), i % shape.kvHeads());
        }
        keyPages = Arrays.stream(heads).mapToLong(CpuKvCache::keyPage).distinct().toArray();
        valuePages = Arrays.stream(heads).mapToLong(CpuKvCache::valuePage).distinct().toArray();
        counts = new CacheCounts(shape.layers());
    }

    private CpuKvCache(CpuKvCache other) {
        owner = other.owner;
        shape = other.shape;
        strategy = other.strategy;
        capacity = other.capacity;
        keyChunks = other.keyChunks.fork();
        valueChunks = other.valueChunks.fork();
        heads =
                Arrays.stream(other.heads)
                        .map(head -> head.fork(keyChunks, valueChunks))
                        .toArray(HeadCache[]::new);
        keyPages = other.keyPages;
        valuePages = other.valuePages;
        counts = new CacheCounts(other.counts);
        length = other.length;
        declared = other.declared;
        widest = other.widest;
        widenedAt = other.widenedAt;
        counted = other.counted;
    }

    private static long keyPage(HeadCache head) {
        return head.keys.exact.format.pageBytes();
    }

    private static long valuePage(HeadCache head) {
        return head.values.exact.format.pageBytes();
    }

    /** Asks the strategy once for each thing, so that all parts go by the same answer. */
    private HeadCache emptyHead(int layer, int head) {
        int sinks = strategy.sinks(layer, head);
        if (sinks < 0) {
            throw new IllegalStateException(
                    "the attention " + strategy.spec() + " asks for " + sinks + " sinks");
        }
        int held = Math.min(sinks, capacity);
        boolean drops = strategy.dropsMiddle(layer, head);
        String name = "layer " + layer + ", key-value head " + head;
        return new HeadCache(
                strategy,
                layer,
                head,
                held,
                drops,
                rows(strategy.keys(layer, head), true, held, drops, "keys of " + name),
                rows(strategy.values(layer, head), false, held, drops, "values of " + name));
    }

    private HeadRows rows(Encoding encoding, boolean keys, int sinks, boolean drops, String name) {
        encoding.requireFit(shape, strategy.spec());
        int dim = shape.headDim();
        PagedRows exact = new PagedRows(RowFormat.of(encoding.store(), keys, dim), capacity);
        SparseRows sparse = null;
        if (!(encoding instanceof Encoding.Exact)) {
            SparseChunks chunks = keys ? keyChunks : valueChunks;
            sparse = new SparseRows(encoding, keys, dim, sinks, name, chunks);
        }
        return new HeadRows(exact, sparse, sinks, drops);
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
        int wanted = Math.max(declared, tokens);
        if (wanted > widest) {
            widen(new AttentionStrategy.Request(wanted));
        }
        if (wanted > declared) {
            // Rows count to the stage in which they came.
            countRows();
        }
        declared = wanted;
    }

    /** Asks the strategy about all heads before it changes anything: it may throw. */
    private void widen(AttentionStrategy.Request now) {
        AttentionStrategy.Request before = new AttentionStrategy.Request(widest);
        int[] outside = new int[heads.length];
        for (int i = 0; i < heads.length; i++) {
            outside[i] = heads[i].outside(length, before, now);
        }
        widest = now.tokens();
        for (int i = 0; i < heads.length; i++) {
            if (outside[i] > 0) {
                heads[i].leaveOutside(outside[i]);
                widenedAt = length;
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

    /** The request of the widest windows: what is declared again after a truncation, at most. */
    private AttentionStrategy.Request widestRequest() {
        if (widestRequest.tokens() != widest) {
            widestRequest = new AttentionStrategy.Request(widest);
        }
        return widestRequest;
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
        countRows();
        declared = Math.min(declared, newLength);
        length = newLength;
        counted = newLength;
        for (HeadCache head : heads) {
            head.truncate(newLength);
        }
        if (newLength == 0) {
            keyChunks.clear();
            valueChunks.clear();
            widest = 0;
            widenedAt = 0;
        }
    }

    @Override
    public int truncationFloor() {
        return floor(0);
    }

    /** The smallest length that a truncation can reach, or {@code least} if it is smaller. */
    private int floor(int least) {
        int floor = length;
        while (floor > Math.max(widenedAt, least) && holdsAllFor(floor - 1)) {
            floor--;
        }
        return floor;
    }

    private boolean holdsAllFor(int position) {
        for (HeadCache head : heads) {
            if (!head.holdsAllFor(position, widestRequest())) {
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
        long keys = keySource.freeBytes() + keyChunks.bytes();
        long values = valueSource.freeBytes() + valueChunks.bytes();
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
        countRows();
        return counts.of(layer, stage);
    }

    /** Counts the events of the rows that steps have left out. */
    private void countRows() {
        if (counted < length && holdsChanges()) {
            try (Arena arena = Arena.ofConfined()) {
                EncodeScratch scratch = new EncodeScratch(shape.headDim(), arena);
                for (HeadCache head : heads) {
                    countRows(head, KvStream.Kind.KEYS, head.keys, scratch);
                    countRows(head, KvStream.Kind.VALUES, head.values, scratch);
                }
            }
            counts.commit();
        }
        counted = length;
    }

    private boolean holdsChanges() {
        for (HeadCache head : heads) {
            if (head.keys.isCumulative() || head.values.isCumulative()) {
                return true;
            }
        }
        return false;
    }

    private void countRows(
            HeadCache head, KvStream.Kind kind, HeadRows rows, EncodeScratch scratch) {
        SparseRows sparse = rows.sparse;
        if (sparse != null && sparse.isFixed() && sparse.cumulative()) {
            OpenRows open = new OpenRows();
            sparse.encode(rows.exact, length, length, 0, true, scratch, open);
            countEncoded(head.layer, kind, sparse, counted, open);
        }
    }

    /** Whether the step under way counts the events of all rows that are not counted yet. */
    boolean countsRows() {
        return countsRows;
    }

    /** Rows whose events are counted. */
    int counted() {
        return counted;
    }

    @Override
    public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
        requireOpen();
        if (layer < 0 || layer >= shape.layers() || kvHead < 0 || kvHead >= shape.kvHeads()) {
            throw new IllegalArgumentException(
                    "there is no head " + kvHead + " of layer " + layer + " in " + shape);
        }
        HeadCache head = head(layer, kvHead);
        HeadRows rows = kind == KvStream.Kind.KEYS ? head.keys : head.values;
        int gone = rows.gone(head.outside());
        int sinks = Math.min(head.sinks(), gone);
        return new KvStream(
                length,
                rows.exact.export(sinks, gone, length),
                rows.sparse == null
                        ? KvStream.DeltaRows.NONE
                        : new SparseExport(rows.sparse).of(rows.exact, length));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            length = 0;
            for (HeadCache head : heads) {
                head.truncate(0);
            }
            keyChunks.clear();
            valueChunks.clear();
            keySource.closeUnused();
            valueSource.closeUnused();
        }
    }

    /** Whether any head's keys or values are seen encoded. */
    boolean encodes() {
        for (HeadCache head : heads) {
            if (head.encodes()) {
                return true;
            }
        }
        return false;
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
    void reserve(int rows, StagingPages staging) {
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
        declaredBefore = declared;
        widestBefore = widest;
        widenedAtBefore = widenedAt;
        for (HeadCache head : heads) {
            head.note();
        }
        if (declared == 0) {
            declare(length + rows);
        }
        countsRows =
                rows > AttentionPlan.FEW
                        || length + rows - counted >= RowFormat.BLOCK
                        || fixesRules(length, length + rows);
        boolean done = false;
        keyMark = keyChunks.mark();
        valueMark = valueChunks.mark();
        try {
            plan(length + rows);
            reservePages(length, length + rows, staging);
            done = true;
        } finally {
            if (!done) {
                rollback();
            }
        }
    }

    /** Whether a step takes steps and sigmas from the first rows. */
    private static boolean fixesRules(int from, int to) {
        return from < Encoding.Delta.FIRST_ROWS && to >= Encoding.Delta.FIRST_ROWS;
    }

    private void plan(int newLength) {
        for (HeadCache head : heads) {
            head.plan(newLength, widestRequest());
        }
    }

    /** Allocates all pages of the range at once; those of rows that are soon gone are lent. */
    private void reservePages(int from, int to, StagingPages staging) {
        for (long bytes : keyPages) {
            int missing = 0;
            for (HeadCache head : heads) {
                missing += keyPage(head) == bytes ? head.keys.missingPages(from, to) : 0;
            }
            keySource.reserve(bytes, missing);
        }
        for (long bytes : valuePages) {
            int missing = 0;
            for (HeadCache head : heads) {
                missing += valuePage(head) == bytes ? head.values.missingPages(from, to) : 0;
            }
            valueSource.reserve(bytes, missing);
        }
        staging.beginSequence();
        for (HeadCache head : heads) {
            if (head.kvHead == 0) {
                staging.beginLayer();
            }
            head.keys.prepare(from, to, keySource, staging);
            head.values.prepare(from, to, valueSource, staging);
        }
    }

    /** Makes a run's rows part of the sequence and drops what no query sees any more. */
    void commit(int rows) {
        length += rows;
        counted = countsRows ? length : counted;
        counts.commit();
        for (HeadCache head : heads) {
            head.commit();
        }
    }

    /** Gives back what a failed run took. */
    void rollback() {
        for (HeadCache head : heads) {
            head.rollback(length);
        }
        keyChunks.reset(keyMark);
        valueChunks.reset(valueMark);
        keySource.closeUnused();
        valueSource.closeUnused();
        counts.rollback();
        declared = declaredBefore;
        widest = widestBefore;
        widenedAt = widenedAtBefore;
    }

    /**
     * Fills an empty cache from a checked source.
     *
     * @param gaps by head, keys before values: the exact rows that are missing
     */
    void restore(int newLength, CacheRestore.Gap[] gaps, KvStream.Source source) {
        keyMark = keyChunks.mark();
        valueMark = valueChunks.mark();
        length = newLength;
        counted = newLength;
        try (Arena arena = Arena.ofConfined()) {
            StagingPages staging = new StagingPages(arena);
            EncodeScratch scratch = new EncodeScratch(shape.headDim(), arena);
            for (int i = 0; i < heads.length; i++) {
                HeadCache head = heads[i];
                for (KvStream.Kind kind : KvStream.Kind.values()) {
                    staging.beginLayer();
                    KvStream stream = source.stream(head.layer, head.kvHead, kind);
                    restore(
                            head,
                            kind,
                            stream,
                            gaps[2 * i + (kind == KvStream.Kind.KEYS ? 0 : 1)],
                            staging,
                            scratch);
                }
                if (head.startOutside(newLength, request())) {
                    widenedAt = newLength;
                }
            }
        }
        if (!holdsAllFor(newLength)) {
            throw lacking();
        }
        counts.commit();
    }

    private void restore(
            HeadCache head,
            KvStream.Kind kind,
            KvStream stream,
            CacheRestore.Gap gap,
            StagingPages staging,
            EncodeScratch scratch) {
        HeadRows rows = kind == KvStream.Kind.KEYS ? head.keys : head.values;
        PageSource pages = kind == KvStream.Kind.KEYS ? keySource : valueSource;
        if (!gap.isEmpty() && !mayLack(head, rows, gap)) {
            throw lacking();
        }
        rows.planRestore(length, head.window(widestRequest()), gap.to());
        pages.reserve(rows.exact.format.pageBytes(), rows.missingPages(0, length));
        rows.prepare(0, length, pages, staging);
        stream.exact().forEach(rows.exact::restore);
        SparseRows sparse = rows.sparse;
        if (sparse != null && !gap.isEmpty()) {
            if (stream.delta().count() != length) {
                throw lacking();
            }
            sparse.restore(stream.delta(), gap.to(), scratch);
        } else if (sparse != null) {
            OpenRows open = new OpenRows();
            sparse.encode(rows.exact, 0, length, 0, true, scratch, open);
            if (sparse.isFixed() && sparse.cumulative() && stream.delta().count() == 0) {
                countEncoded(head.layer, kind, sparse, 0, open);
            }
        }
        rows.commit();
    }

    /** Whether the strategy can do without exact rows: no sinks, nothing of its least window. */
    private boolean mayLack(HeadCache head, HeadRows rows, CacheRestore.Gap gap) {
        AttentionStrategy.Request least = new AttentionStrategy.Request(0);
        int window = head.window(least);
        return rows.leaves()
                && gap.from() >= Math.min(head.sinks(), length)
                && gap.to() <= Math.max(0, length - window);
    }

    /** Counts the rows from a position on, which a step encoded for the first time. */
    void countEncoded(int layer, KvStream.Kind kind, SparseRows rows, int from, OpenRows open) {
        boolean keys = kind == KvStream.Kind.KEYS;
        int to = open.length();
        int border = Math.clamp(declared, from, to);
        for (Stage stage : Stage.values()) {
            int first = stage == Stage.PREFILL ? from : border;
            int end = stage == Stage.PREFILL ? border : to;
            long elements = (long) (end - first) * rows.dim;
            long changed = open.countBefore(end) - open.countBefore(first);
            counts.add(
                    layer,
                    stage,
                    keys ? CacheCounts.KEY_ELEMENTS : CacheCounts.VALUE_ELEMENTS,
                    elements);
            counts.add(
                    layer,
                    stage,
                    keys ? CacheCounts.KEY_UNCHANGED : CacheCounts.VALUE_UNCHANGED,
                    elements - changed);
        }
    }

    private InvalidOptionException lacking() {
        return new InvalidOptionException(
                "the restored state lacks rows that "
                        + strategy.spec()
                        + " needs; restore it with the attention that it was saved with");
    }
}
