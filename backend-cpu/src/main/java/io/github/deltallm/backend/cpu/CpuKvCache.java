package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadAttention;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvCounts;
import io.github.deltallm.api.spi.KvRestore;
import io.github.deltallm.api.spi.KvSequence;
import io.github.deltallm.api.spi.KvStream;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The keys and values of one sequence in pages. */
final class CpuKvCache implements KvCache {
    private final CpuExecutable owner;
    private final HeadShape shape;
    private final KvSequence sequence;
    private final HeadCache[] heads;

    /** By layer. */
    private final LayerRows[] keys;

    private final LayerRows[] values;
    private final KvCounts counts;

    /** The keys or values that were moved together last: twice the layer, and one for values. */
    private int turn;

    private boolean closed;

    /**
     * Rows whose events are counted. Decoding leaves the latest ones out, and encodes them a block
     * at a time: in each step only those are encoded that its queries see so.
     */
    private int counted;

    private boolean countsRows;

    CpuKvCache(CpuExecutable owner, AttentionStrategy strategy, int capacity) {
        this.owner = owner;
        shape = owner.program().heads();
        sequence = new KvSequence(strategy, shape, capacity);
        keys = new LayerRows[shape.layers()];
        values = new LayerRows[shape.layers()];
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer] = rows(layer, KvStream.Kind.KEYS);
            values[layer] = rows(layer, KvStream.Kind.VALUES);
        }
        heads = new HeadCache[shape.layers() * shape.kvHeads()];
        for (int i = 0; i < heads.length; i++) {
            heads[i] = head(sequence.head(i / shape.kvHeads(), i % shape.kvHeads()));
        }
        counts = new KvCounts(shape);
    }

    private CpuKvCache(CpuKvCache other) {
        owner = other.owner;
        shape = other.shape;
        sequence = other.sequence.copy();
        keys = Arrays.stream(other.keys).map(LayerRows::fork).toArray(LayerRows[]::new);
        values = Arrays.stream(other.values).map(LayerRows::fork).toArray(LayerRows[]::new);
        heads =
                Arrays.stream(other.heads)
                        .map(head -> head(head.attention()))
                        .toArray(HeadCache[]::new);
        counts = other.counts.copy();
        counted = other.counted;
    }

    private HeadCache head(HeadAttention attention) {
        int layer = attention.layer();
        int kvHead = attention.kvHead();
        return new HeadCache(attention, keys[layer].head(kvHead), values[layer].head(kvHead));
    }

    private LayerRows rows(int layer, KvStream.Kind kind) {
        SparseChunks chunks = new SparseChunks();
        return new LayerRows(
                chunks,
                IntStream.range(0, shape.kvHeads())
                        .mapToObj(head -> rows(sequence.head(layer, head), kind, chunks))
                        .toArray(HeadRows[]::new));
    }

    private HeadRows rows(HeadAttention head, KvStream.Kind kind, SparseChunks chunks) {
        boolean isKeys = kind == KvStream.Kind.KEYS;
        Encoding encoding = head.encoding(kind);
        int dim = shape.headDim();
        RowFormat format = RowFormat.of(encoding.store(), isKeys, dim);
        PagedRows exact = new PagedRows(format, sequence.capacity());
        SparseRows sparse = null;
        if (!(encoding instanceof Encoding.Exact)) {
            String name = head.name(kind).toString();
            sparse = new SparseRows(encoding, isKeys, dim, head.sinks(), name, chunks);
        }
        return new HeadRows(exact, sparse, head.sinks(), head.releases(kind));
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
        if (tokens > sequence.declared()) {
            // Rows count to the stage in which they came.
            countRows();
        }
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

    /** The stage to which a position counts. */
    Stage stage(int position) {
        return sequence.stage(position);
    }

    @Override
    public void truncate(int newLength) {
        requireOpen();
        sequence.requireTruncation(newLength, this::holdsAllFor);
        countRows();
        sequence.truncate(newLength);
        counted = newLength;
        for (HeadCache head : heads) {
            head.truncate(newLength);
        }
        if (newLength == 0) {
            clear();
        }
    }

    @Override
    public int truncationFloor() {
        return sequence.truncationFloor(this::holdsAllFor);
    }

    private boolean holdsAllFor(int position) {
        for (HeadCache head : heads) {
            if (!head.holdsAllFor(sequence, position)) {
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
        long dense = 2L * length() * shape.kvWidth() * shape.layers();
        return new CacheBytes(bytes(keys), bytes(values), dense, dense);
    }

    private static long bytes(LayerRows[] layers) {
        return Arrays.stream(layers).mapToLong(LayerRows::bytes).sum();
    }

    @Override
    public AttentionCounts counts(int layer, Stage stage) {
        countRows();
        return counts.of(layer, stage);
    }

    /** Counts the events of the rows that steps have left out. */
    private void countRows() {
        if (counted < length() && holdsChanges()) {
            try (Arena arena = Arena.ofConfined()) {
                EncodeScratch scratch = new EncodeScratch(shape.headDim(), arena);
                for (HeadCache head : heads) {
                    countRows(head, KvStream.Kind.KEYS, head.keys, scratch);
                    countRows(head, KvStream.Kind.VALUES, head.values, scratch);
                }
            }
            counts.commit();
        }
        counted = length();
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
            sparse.encode(rows.exact, length(), length(), 0, true, scratch, open);
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
        sequence.requireHead(layer, kvHead);
        HeadCache head = head(layer, kvHead);
        HeadRows rows = head.rows(kind);
        int gone = rows.gone(sequence.outside(layer, kvHead));
        int sinks = Math.min(head.sinks(), gone);
        return new KvStream(
                length(),
                rows.exact.export(sinks, gone, length()),
                rows.sparse == null
                        ? KvStream.DeltaRows.NONE
                        : new SparseExport(rows.sparse).of(rows.exact, length()));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            sequence.truncate(0);
            for (HeadCache head : heads) {
                head.truncate(0);
            }
            clear();
        }
    }

    /** Frees the memory that heads without rows have used. */
    private void clear() {
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer].clear();
            values[layer].clear();
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

    LayerRows layer(int layer, KvStream.Kind kind) {
        return (kind == KvStream.Kind.KEYS ? keys : values)[layer];
    }

    HeadCache head(int layer, int kvHead) {
        return heads[layer * shape.kvHeads() + kvHead];
    }

    KvCounts counts() {
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
        sequence.requireRoom(rows);
        if (sequence.declared() == 0) {
            countRows();
        }
        sequence.begin(rows);
        int length = length();
        countsRows =
                rows > AttentionPlan.FEW
                        || length + rows - counted >= RowFormat.BLOCK
                        || fixesRules(length, length + rows);
        boolean done = false;
        mark();
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
            head.plan(sequence, newLength);
        }
    }

    private void mark() {
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer].mark();
            values[layer].mark();
        }
    }

    /** Allocates all pages of the range before any is used. */
    private void reservePages(int from, int to, StagingPages staging) {
        long missing = 0;
        for (int layer = 0; layer < keys.length; layer++) {
            missing += keys[layer].missingBytes(from, to) + values[layer].missingBytes(from, to);
        }
        Native.requireIfMuch(missing, "a key-value cache");
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer].reserve(from, to);
            values[layer].reserve(from, to);
        }
        staging.beginSequence();
        for (int layer = 0; layer < keys.length; layer++) {
            staging.beginLayer();
            keys[layer].prepare(from, to, staging);
            values[layer].prepare(from, to, staging);
        }
    }

    /** Makes a run's rows part of the sequence and drops what no query sees any more. */
    void commit(int rows) {
        sequence.commit(rows);
        counted = countsRows ? length() : counted;
        counts.commit();
        for (HeadCache head : heads) {
            head.commit();
        }
    }

    /** After a prompt's step: gives back memory that lies unused between encoded rows. */
    void trim() {
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer].trim();
            values[layer].trim();
        }
    }

    /**
     * After a step of few rows: moves the keys or the values of one layer together, if any is worth
     * it. Others wait for the next step, so that none takes long, and for their turn.
     */
    void tidy() {
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer].read();
            values[layer].read();
        }
        for (int i = 0; i < 2 * keys.length; i++) {
            turn = (turn + 1) % (2 * keys.length);
            LayerRows rows = (turn % 2 == 0 ? keys : values)[turn / 2];
            if (rows.wantsTidying()) {
                rows.tidy();
                return;
            }
        }
    }

    /** Gives back what a failed run took. */
    void rollback() {
        for (HeadCache head : heads) {
            head.rollback(length());
        }
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer].rollback();
            values[layer].rollback();
        }
        counts.rollback();
        sequence.rollback();
    }

    /** Fills an empty cache. */
    void restore(KvStream.Source source) {
        KvRestore restore = new KvRestore(sequence, source);
        mark();
        sequence.restore(restore.length());
        counted = length();
        try (Arena arena = Arena.ofConfined()) {
            StagingPages staging = new StagingPages(arena);
            EncodeScratch scratch = new EncodeScratch(shape.headDim(), arena);
            for (HeadCache head : heads) {
                for (KvStream.Kind kind : KvStream.Kind.values()) {
                    staging.beginLayer();
                    KvRestore.Rows rows = restore.rows(head.attention(), kind);
                    SparseRows sparse = head.rows(kind).sparse;
                    if (rows.gone() > 0 && sparse != null && !sparse.cumulative()) {
                        throw restore.lacking(); // pruned rows are made again from exact ones
                    }
                    fill(head, kind, rows, staging, scratch);
                }
                int gone = Math.max(head.keys.gone(), head.values.gone());
                sequence.restored(head.layer, head.kvHead, gone);
            }
        }
        if (!holdsAllFor(length())) {
            throw restore.lacking();
        }
        counts.commit();
    }

    private void fill(
            HeadCache head,
            KvStream.Kind kind,
            KvRestore.Rows restored,
            StagingPages staging,
            EncodeScratch scratch) {
        HeadRows rows = head.rows(kind);
        KvStream stream = restored.stream();
        int length = length();
        int window = head.attention().window(sequence.widestRequest());
        rows.planRestore(length, window, restored.gone());
        layer(head.layer, kind).prepareHead(head.kvHead, length, staging);
        stream.exact().forEach(rows.exact::restore);
        SparseRows sparse = rows.sparse;
        if (sparse != null && restored.gone() > 0) {
            sparse.restore(stream.delta(), restored.gone(), scratch);
        } else if (sparse != null) {
            OpenRows open = new OpenRows();
            sparse.encode(rows.exact, 0, length, 0, true, scratch, open);
            if (sparse.isFixed() && sparse.cumulative() && stream.delta().count() == 0) {
                countEncoded(head.layer, kind, sparse, 0, open);
            }
        }
        rows.commit();
    }

    /** Counts the rows from a position on, which a step encoded for the first time. */
    void countEncoded(int layer, KvStream.Kind kind, SparseRows rows, int from, OpenRows open) {
        int to = open.length();
        int border = Math.clamp(sequence.declared(), from, to);
        for (Stage stage : Stage.values()) {
            int first = stage == Stage.PREFILL ? from : border;
            int end = stage == Stage.PREFILL ? border : to;
            long elements = (long) (end - first) * rows.dim;
            long changed = open.countBefore(end) - open.countBefore(first);
            counts.encoded(layer, stage, kind, elements, changed);
        }
    }
}
