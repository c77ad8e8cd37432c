package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One sequence: its rows are in pages on the device, what is known about them here.
 *
 * <p>Exact rows are never dropped, whatever the strategy keeps encoded beside them; only a restored
 * sequence may lack some.
 */
final class TornadoCache implements KvCache {
    private final TornadoExecutable owner;
    private final DeviceMemory memory;
    private final HeadShape heads;
    private final AttentionStrategy strategy;
    private final int capacity;
    private final CacheStream[] streams;
    private final int[] sinks;
    private final boolean[] drops;
    private final PageList exact;
    private final PageList encoded;
    private final PageList rules;
    private final Map<CacheStream, FirstRows> fixing = new HashMap<>();
    private CacheCounts counts;
    private Windows windows;
    private Windows windowsBefore;
    private VisibleRuns[] runs = {};
    private int length;
    private boolean rulesThere;
    private boolean closed;

    TornadoCache(
            TornadoExecutable owner,
            DeviceMemory memory,
            AttentionStrategy strategy,
            int capacity) {
        this.owner = owner;
        this.memory = memory;
        this.strategy = strategy;
        this.capacity = capacity;
        heads = owner.program().heads();
        streams = new CacheStream[memory.streams()];
        sinks = new int[streams.length / 2];
        drops = new boolean[streams.length / 2];
        for (int i = 0; i < streams.length; i++) {
            int layer = i / 2 / heads.kvHeads();
            int head = i / 2 % heads.kvHeads();
            boolean keys = i % 2 == 0;
            Encoding encoding = keys ? strategy.keys(layer, head) : strategy.values(layer, head);
            encoding.requireFit(heads, strategy.spec());
            KvStream.Kind kind = keys ? KvStream.Kind.KEYS : KvStream.Kind.VALUES;
            streams[i] = new CacheStream(new RowName(layer, head, kind), encoding);
            drops[i / 2] = strategy.dropsMiddle(layer, head);
            sinks[i / 2] = strategy.sinks(layer, head);
        }
        exact = new PageList(memory.pages());
        encoded = new PageList(memory.pages());
        rules = new PageList(memory.pages());
        counts = new CacheCounts(heads.layers());
        windows = new Windows(heads, strategy);
        windowsBefore = windows;
    }

    private TornadoCache(TornadoCache other) {
        owner = other.owner;
        memory = other.memory;
        heads = other.heads;
        strategy = other.strategy;
        capacity = other.capacity;
        streams = Arrays.stream(other.streams).map(CacheStream::new).toArray(CacheStream[]::new);
        sinks = other.sinks;
        drops = other.drops;
        exact = new PageList(memory.pages());
        encoded = new PageList(memory.pages());
        rules = new PageList(memory.pages());
        counts = new CacheCounts(other.counts);
        windows = other.windows.copy();
        windowsBefore = windows;
        length = other.length;
    }

    CacheStream[] streams() {
        return streams;
    }

    Windows windows() {
        return windows;
    }

    boolean dropsMiddle(int layerHead) {
        return drops[layerHead];
    }

    PageList exactPages() {
        return exact;
    }

    PageList encodedPages() {
        return encoded;
    }

    /** The page with thresholds and formats; 0 if nothing is encoded or pruned. */
    int rulePage() {
        return rules.count() == 0 ? 0 : rules.page(0);
    }

    private boolean encodes() {
        return Arrays.stream(streams).anyMatch(CacheStream::delta);
    }

    private boolean hasRules() {
        return Arrays.stream(streams).anyMatch(stream -> !stream.exact());
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
        windows.declare(tokens, length);
    }

    @Override
    public AttentionStrategy.Request request() {
        return windows.request();
    }

    /** The stage to which a position counts. */
    Stage stage(int position) {
        return position < request().tokens() ? Stage.PREFILL : Stage.DECODE;
    }

    CacheCounts counts() {
        return counts;
    }

    @Override
    public void truncate(int newLength) {
        owner.exclusively(() -> {
            requireOpen();
            if (newLength < 0 || newLength > length) {
                throw new IllegalArgumentException(
                        "a sequence of "
                                + length
                                + " positions can't be truncated to "
                                + newLength);
            }
            if (newLength > 0 && newLength < truncationFloor()) {
                throw new InvalidOptionException(
                        "the sequence can't be truncated to "
                                + newLength
                                + " positions: exact rows that "
                                + strategy.spec()
                                + " then needs were outside its window or not restored; the"
                                + " smallest length is "
                                + truncationFloor()
                                + ", or 0");
            }
            windows.truncate(newLength);
            length = newLength;
            for (CacheStream stream : streams) {
                stream.truncate(newLength);
            }
            cutPages(newLength);
        });
    }

    private void cutPages(int newLength) {
        exact.cut(newLength);
        encoded.cut(newLength);
    }

    @Override
    public int truncationFloor() {
        int floor = length;
        while (floor > windows.widenedAt() && missing(floor - 1).isEmpty()) {
            floor--;
        }
        return floor;
    }

    /** The rows, by name, that lack something that a query at {@code position} may see. */
    List<RowName> missing(int position) {
        List<RowName> missing = new ArrayList<>();
        for (CacheStream stream : streams) {
            VisibleRuns seen =
                    windows.widestRuns(stream.name.layer(), stream.name.kvHead(), position);
            int end = Math.min(position, stream.length());
            boolean all =
                    stream.holds(0, Math.min(seen.middle(), end))
                            && stream.holds(seen.recent(), end)
                            && (seen.dropped()
                                    || stream.holdsMiddle(
                                            seen.middle(), Math.min(seen.recent(), end), position));
            if (!all) {
                missing.add(stream.name);
            }
        }
        return missing;
    }

    @Override
    public KvCache fork() {
        return owner.exclusively(() -> {
            requireOpen();
            TornadoCache fork = new TornadoCache(this);
            memory.reserve(exact.count() + encoded.count(), 0, 0);
            fork.exact.reserve(exact.count() * Pages.POSITIONS);
            fork.encoded.reserve(encoded.count() * Pages.POSITIONS);
            memory.copy(exact.first(exact.count()), fork.exact.first(exact.count()));
            memory.copy(encoded.first(encoded.count()), fork.encoded.first(encoded.count()));
            return fork;
        });
    }

    @Override
    public CacheBytes bytes() {
        if (closed) {
            return CacheBytes.ZERO;
        }
        long pages = (long) exact.count() + encoded.count() + rules.count();
        long half = 2L * pages * memory.pageFloats();
        long dense = 2L * length * heads.kvWidth() * heads.layers();
        return new CacheBytes(half, half, dense, dense);
    }

    @Override
    public AttentionCounts counts(int layer, Stage stage) {
        if (layer < 0 || layer >= heads.layers()) {
            throw new IllegalArgumentException("there is no layer " + layer + " in " + heads);
        }
        return counts.of(layer, stage);
    }

    @Override
    public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
        return owner.exclusively(() -> {
            requireOpen();
            if (layer < 0 || layer >= heads.layers() || kvHead < 0 || kvHead >= heads.kvHeads()) {
                throw new IllegalArgumentException(
                        "there is no head " + kvHead + " of layer " + layer + " in " + heads);
            }
            int index =
                    2 * (layer * heads.kvHeads() + kvHead) + (kind == KvStream.Kind.KEYS ? 0 : 1);
            CacheStream stream = streams[index];
            int from = windows.outside(layer, kvHead);
            boolean outside = from > 0 && (drops[index / 2] || stream.rebuildsMiddle());
            StreamExport export = new StreamExport(stream, heads.headDim());
            return outside
                    ? export.of(memory, index, exact, encoded, sinks[index / 2], from)
                    : export.of(memory, index, exact, encoded, 0, 0);
        });
    }

    @Override
    public void close() {
        if (!closed) {
            owner.whileOpen(() -> {
                cutPages(0);
                rules.cut(0);
            });
            closed = true;
        }
    }

    boolean belongsTo(TornadoExecutable executable) {
        return owner == executable;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the sequence's cache is closed");
        }
    }

    /** Begins a run: what is not committed is rolled back to here. */
    void begin(int rows) {
        windowsBefore = windows.copy();
        fixing.clear();
        if (request().tokens() == 0) {
            declare(length + rows);
        }
    }

    /** Pages that so many more rows need. */
    int morePages(int rows) {
        int pages = PageList.pagesOf(length + rows);
        int rule = hasRules() && rules.count() == 0 ? 1 : 0;
        return pages - exact.count() + (encodes() ? pages - encoded.count() : 0) + rule;
    }

    /** Takes the pages of so many more rows, and sends thresholds where they are new. */
    void reserve(int rows) {
        exact.reserve(length + rows);
        if (encodes()) {
            encoded.reserve(length + rows);
        }
        if (hasRules()) {
            rules.reserve(1);
            if (!rulesThere) {
                sendRules();
            }
        }
    }

    /** Sends thresholds and formats to the device. */
    void sendRules() {
        for (int i = 0; i < streams.length; i++) {
            if (!streams[i].exact()) {
                sendRule(i, streams[i]);
            }
        }
        rulesThere = true;
    }

    private void sendRule(int index, CacheStream stream) {
        memory.store(rules.first(1), index, SequenceImage.ruleChunk(stream, heads.headDim()));
    }

    /** What the queries of a run see, layer by layer, head by head, row by row. */
    void see(VisibleRuns[] now) {
        runs = now;
    }

    /** Fixes steps and sigma of a layer from rows that are on the device now. */
    void fix(int layer, int end) {
        for (int i = 0; i < streams.length; i++) {
            CacheStream stream = streams[i];
            if (stream.name.layer() == layer && stream.fixesWith(end)) {
                int dim = heads.headDim();
                int pages = PageList.pagesOf(Encoding.Delta.FIRST_ROWS);
                float[] slots = memory.fetch(exact.first(pages), i);
                float[] rows = StreamExport.rows(slots, 0, Encoding.Delta.FIRST_ROWS, dim, 0);
                FirstRows first = FirstRows.of((Encoding.Delta) stream.encoding, rows, dim);
                CacheStream fixed = new CacheStream(stream);
                fixed.fix(first);
                sendRule(i, fixed);
                fixing.put(stream, first);
            }
        }
    }

    /**
     * Makes a run's rows part of the sequence.
     *
     * @param rowCounts changed or kept channels, {@code [rows, streams]}
     */
    void commit(int rows, int[] rowCounts) {
        int end = length + rows;
        for (int i = 0; i < streams.length; i++) {
            CacheStream stream = streams[i];
            FirstRows first = fixing.get(stream);
            int from = stream.encodeFrom(end);
            if (first != null) {
                stream.fix(first);
                recount(stream, i);
            }
            for (int row = 0; row < rows; row++) {
                stream.add(rowCounts[row * streams.length + i]);
            }
            if (from >= 0) {
                stream.encodeAll();
                for (int row = from; row < end; row++) {
                    int changed = (int) stream.channels(row, row + 1);
                    counts.encoded(
                            stream.name, stage(row), heads.headDim(), heads.headDim() - changed);
                }
            }
        }
        countAttention(rows);
        length = end;
        fixing.clear();
    }

    /** Counts the events of the rows that were there before they could be encoded. */
    private void recount(CacheStream stream, int index) {
        int dim = heads.headDim();
        float[] slots = memory.fetch(encoded.first(PageList.pagesOf(length)), index);
        for (int row = 0; row < length; row++) {
            float[] events = StreamExport.rows(slots, row, 1, dim, 1);
            int count = 0;
            for (float event : events) {
                count += Float.isNaN(event) ? 0 : 1;
            }
            stream.recount(row, count);
        }
    }

    private void countAttention(int rows) {
        for (int i = 0; i < runs.length; i++) {
            int layerHead = i / rows;
            int position = length + i % rows;
            counts.attended(
                    layerHead / heads.kvHeads(),
                    stage(position),
                    runs[i],
                    streams[2 * layerHead],
                    streams[2 * layerHead + 1],
                    heads.group(),
                    heads.headDim());
        }
        runs = new VisibleRuns[0];
    }

    /** Takes a run back. */
    void rollback() {
        windows = windowsBefore;
        fixing.clear();
        cutPages(length);
    }

    /** What a restored sequence is filled with; see {@link CacheRestore}. */
    void restored(int newLength) {
        length = newLength;
    }

    /** Fails where a row of a run can't be encoded, naming it. */
    void requireEncodable(int rows, int[] rowCounts) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < streams.length; i++) {
                if (rowCounts[row * streams.length + i] < 0) {
                    throw refused(i, length + row);
                }
            }
        }
    }

    private RuntimeException refused(int index, int position) {
        int dim = heads.headDim();
        int[] page = {exact.page(position / Pages.POSITIONS)};
        int slot = position % Pages.POSITIONS;
        float[] row = StreamExport.rows(memory.fetch(page, index), slot, 1, dim, 0);
        int channel = 0;
        for (int c = dim - 1; c >= 0; c--) {
            channel = Float.isFinite(row[c]) ? channel : c;
        }
        return streams[index].name.refused(position, channel, row[channel]);
    }
}
