package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One sequence: its rows are on the device, what is known about them here. */
final class TornadoCache implements KvCache {
    private final TornadoExecutable owner;
    private final DeviceMemory memory;
    private final HeadShape heads;
    private final AttentionStrategy strategy;
    private final int capacity;
    private final CacheStream[] streams;
    private final int[] sinks;
    private final boolean[] drops;
    private final Map<CacheStream, FirstRows> fixing = new HashMap<>();

    /** Changed channels of rows that were there before they could be encoded. */
    private final Map<CacheStream, int[]> recounted = new HashMap<>();

    private CacheCounts counts;
    private Windows windows;
    private Windows windowsBefore;
    private VisibleRuns[] runs = {};
    private int length;
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
            drops[i / 2] = strategy.dropsMiddle(layer, head);
            sinks[i / 2] = strategy.sinks(layer, head);
            streams[i] =
                    new CacheStream(
                            new RowName(layer, head, kind),
                            encoding,
                            Math.clamp(sinks[i / 2], 0, capacity),
                            drops[i / 2],
                            new StreamBlocks(
                                    new StreamFormat(encoding, keys, heads.headDim()), memory));
        }
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
            @Nullable Extent[] open = openBlocks(newLength);
            windows.truncate(newLength);
            length = newLength;
            for (int i = 0; i < streams.length; i++) {
                streams[i].truncate(newLength, open[i]);
            }
        });
    }

    /** What a truncation into packed blocks needs, before it changes anything. */
    private @Nullable Extent[] openBlocks(int newLength) {
        @Nullable Extent[] open = new Extent[streams.length];
        boolean done = false;
        try {
            for (int i = 0; i < streams.length; i++) {
                open[i] = streams[i].openAt(newLength, memory);
            }
            done = true;
            return open;
        } finally {
            for (int i = 0; i < streams.length && !done; i++) {
                Extent unused = open[i];
                if (unused != null) {
                    memory.release(unused);
                }
            }
        }
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
            return new TornadoCache(this);
        });
    }

    @Override
    public CacheBytes bytes() {
        if (closed) {
            return CacheBytes.ZERO;
        }
        long keys = 0;
        long values = 0;
        for (int i = 0; i < streams.length; i += 2) {
            keys += streams[i].blocks.bytes();
            values += streams[i + 1].blocks.bytes();
        }
        long dense = 2L * length * heads.kvWidth() * heads.layers();
        return new CacheBytes(keys, values, dense, dense);
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
            StreamExport export = new StreamExport(stream, memory);
            return outside ? export.of(sinks[index / 2], from) : export.of(0, 0);
        });
    }

    @Override
    public void close() {
        if (!closed) {
            owner.whileOpen(() -> {
                for (CacheStream stream : streams) {
                    stream.close();
                }
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
        forgetRun();
        if (request().tokens() == 0) {
            declare(length + rows);
        }
    }

    /**
     * Makes memory present for so many more rows of a layer. It asks the strategy, which may throw.
     */
    void prepare(int layer, int rows, Lender lender) {
        AttentionStrategy.Request request = windows.widestRequest();
        for (int i = 0; i < streams.length; i++) {
            RowName name = streams[i].name;
            if (name.layer() == layer) {
                int window = strategy.window(layer, name.kvHead(), request);
                streams[i].prepare(length + rows, window, lender);
            }
        }
    }

    /** Sends thresholds and formats that the device has not. */
    void sendRules() {
        for (CacheStream stream : streams) {
            if (!stream.exact() && stream.blocks.knownRule() == null) {
                sendRule(stream);
            }
        }
    }

    private void sendRule(CacheStream stream) {
        memory.storeFloats(List.of(stream.blocks.ownRule()), List.of(stream.rule()));
    }

    /** What the queries of a run see, layer by layer, head by head, row by row. */
    void see(VisibleRuns[] now) {
        runs = now;
    }

    /** Fixes steps and sigma of a layer from rows that are on the device now. */
    void fix(int layer, int end) {
        for (CacheStream stream : streams) {
            if (stream.name.layer() == layer && stream.fixesWith(end)) {
                int dim = heads.headDim();
                float[] rows = new StreamReader(stream, memory).exact(0, Encoding.Delta.FIRST_ROWS);
                FirstRows first = FirstRows.of((Encoding.Delta) stream.encoding, rows, dim);
                fixing.put(stream, first);
                memory.storeFloats(List.of(stream.blocks.ownRule()), List.of(stream.rule(first)));
            }
        }
    }

    /** Whether so many more rows fill a block of encoded ones. */
    boolean fillsBlock(int rows) {
        int end = length + rows;
        return Arrays.stream(streams)
                .anyMatch(stream -> stream.encodeFrom(end) >= 0 && stream.blocks.fills(end) > 0);
    }

    /**
     * Takes memory for the encoded blocks of a layer that a run fills.
     *
     * @param rowCounts changed or kept channels, {@code [rows, streams]}
     * @return what is to be packed
     */
    List<Packing> pack(int layer, int rows, int[] rowCounts) {
        List<Packing> packings = new ArrayList<>();
        int end = length + rows;
        for (int i = 0; i < streams.length; i++) {
            CacheStream stream = streams[i];
            if (stream.name.layer() == layer && stream.encodeFrom(end) >= 0) {
                int from = stream.blocks.packed();
                int[] more = earlierCounts(stream);
                for (int block = from; block < end / Places.BLOCK; block++) {
                    int count = block == 0 ? -heads.headDim() : 0;
                    for (int k = 0; k < Places.BLOCK; k++) {
                        int row = block * Places.BLOCK + k;
                        count +=
                                row < length
                                        ? more[row]
                                        : rowCounts[(row - length) * streams.length + i];
                    }
                    packings.add(stream.blocks.close(block, count));
                }
            }
        }
        return packings;
    }

    /** Changed channels of the rows before a run. */
    private int[] earlierCounts(CacheStream stream) {
        int[] known = new int[length];
        if (fixing.containsKey(stream) && length > 0) {
            int dim = heads.headDim();
            float[] events = new StreamReader(stream, memory).events(length);
            for (int i = 0; i < events.length; i++) {
                known[i / dim] += Float.isNaN(events[i]) ? 0 : 1;
            }
            recounted.put(stream, known);
        } else {
            for (int row = stream.blocks.packed() * Places.BLOCK; row < length; row++) {
                known[row] = (int) stream.channels(row, row + 1);
            }
        }
        return known;
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
                int[] counted = recounted.getOrDefault(stream, new int[0]);
                for (int row = 0; row < counted.length; row++) {
                    stream.recount(row, counted[row]);
                }
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
        for (CacheStream stream : streams) {
            stream.commit();
        }
        length = end;
        forgetRun();
    }

    private void forgetRun() {
        fixing.clear();
        recounted.clear();
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
        for (CacheStream stream : streams) {
            if (fixing.containsKey(stream)) {
                // The rule on the device is that of a run which never was.
                stream.blocks.forgetRule();
            }
            stream.rollback();
        }
        runs = new VisibleRuns[0];
        forgetRun();
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
        float[] row = new StreamReader(streams[index], memory).exact(position, position + 1);
        int channel = 0;
        for (int c = dim - 1; c >= 0; c--) {
            channel = Float.isFinite(row[c]) ? channel : c;
        }
        return streams[index].name.refused(position, channel, row[channel]);
    }
}
