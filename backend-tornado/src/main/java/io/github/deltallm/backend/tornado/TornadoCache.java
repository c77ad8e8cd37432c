package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.FirstRows;
import io.github.deltallm.api.spi.HeadAttention;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvCounts;
import io.github.deltallm.api.spi.KvSequence;
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
    private final KvSequence sequence;
    private final CacheStream[] streams;
    private final KvCounts counts;
    private final Map<CacheStream, FirstRows> fixing = new HashMap<>();

    /** Changed channels of rows that were there before they could be encoded. */
    private final Map<CacheStream, int[]> recounted = new HashMap<>();

    private VisibleRuns[] runs = {};
    private volatile boolean closed;

    TornadoCache(
            TornadoExecutable owner,
            DeviceMemory memory,
            AttentionStrategy strategy,
            int capacity) {
        this.owner = owner;
        this.memory = memory;
        heads = owner.program().heads();
        sequence = new KvSequence(strategy, heads, capacity);
        streams = new CacheStream[memory.streams()];
        for (int i = 0; i < streams.length; i++) {
            HeadAttention head = sequence.head(i / 2 / heads.kvHeads(), i / 2 % heads.kvHeads());
            KvStream.Kind kind = i % 2 == 0 ? KvStream.Kind.KEYS : KvStream.Kind.VALUES;
            streams[i] = new CacheStream(head, kind, heads.headDim(), memory);
        }
        counts = new KvCounts(heads);
    }

    private TornadoCache(TornadoCache other) {
        owner = other.owner;
        memory = other.memory;
        heads = other.heads;
        sequence = other.sequence.copy();
        streams = Arrays.stream(other.streams).map(CacheStream::new).toArray(CacheStream[]::new);
        counts = other.counts.copy();
    }

    KvSequence sequence() {
        return sequence;
    }

    CacheStream[] streams() {
        return streams;
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

    KvCounts counts() {
        return counts;
    }

    @Override
    public void truncate(int newLength) {
        owner.exclusively(() -> {
            requireOpen();
            sequence.requireTruncation(newLength, this::holdsAllFor);
            @Nullable Extent[] open = openBlocks(newLength);
            sequence.truncate(newLength);
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
        return sequence.truncationFloor(this::holdsAllFor);
    }

    /** Whether all rows are there that the query at a position may see. */
    boolean holdsAllFor(int position) {
        return Arrays.stream(streams).allMatch(stream -> stream.holdsAllFor(position, sequence));
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
        if (closed || owner.closed()) {
            return CacheBytes.ZERO;
        }
        long keys = 0;
        long values = 0;
        for (int i = 0; i < streams.length; i += 2) {
            keys += streams[i].blocks.bytes();
            values += streams[i + 1].blocks.bytes();
        }
        long dense = 2L * sequence.length() * heads.kvWidth() * heads.layers();
        return new CacheBytes(keys, values, dense, dense);
    }

    @Override
    public AttentionCounts counts(int layer, Stage stage) {
        return counts.of(layer, stage);
    }

    @Override
    public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
        return owner.exclusively(() -> {
            requireOpen();
            sequence.requireHead(layer, kvHead);
            int index =
                    2 * (layer * heads.kvHeads() + kvHead) + (kind == KvStream.Kind.KEYS ? 0 : 1);
            CacheStream stream = streams[index];
            int from = sequence.outside(layer, kvHead);
            boolean outside = from > 0 && (stream.head.dropsMiddle() || stream.rebuildsMiddle());
            StreamExport export = new StreamExport(stream, memory);
            return outside ? export.of(stream.head.sinks(), from) : export.of(0, 0);
        });
    }

    @Override
    public void close() {
        owner.whileOpen(() -> {
            if (!closed) {
                closed = true;
                for (CacheStream stream : streams) {
                    stream.close();
                }
            }
        });
        closed = true;
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
        forgetRun();
        sequence.begin(rows);
    }

    /**
     * Makes memory present for so many more rows of a layer. It asks the strategy, which may throw.
     */
    void prepare(int layer, int rows, Lender lender) {
        for (CacheStream stream : streams) {
            if (stream.head.layer() == layer) {
                int window = stream.head.window(sequence.widestRequest());
                stream.prepare(sequence.length() + rows, window, lender);
            }
        }
    }

    /** What a layer takes for so many more rows; asks the strategy as {@link #prepare} does. */
    void demand(int layer, int rows, Demand demand) {
        int end = (int) Math.min(sequence.capacity(), (long) sequence.length() + rows);
        for (CacheStream stream : streams) {
            if (stream.head.layer() == layer) {
                stream.demand(end, stream.head.window(sequence.widestRequest()), demand);
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
        boolean done = false;
        try {
            memory.storeFloats(List.of(stream.blocks.ownRule()), List.of(stream.rule()));
            done = true;
        } finally {
            if (!done) {
                stream.blocks.forgetRule();
            }
        }
    }

    /** What the queries of a run see, layer by layer, head by head, row by row. */
    void see(VisibleRuns[] now) {
        runs = now;
    }

    /** Fixes steps and sigma of a layer from rows that are on the device now. */
    void fix(int layer, int end) {
        for (CacheStream stream : streams) {
            if (stream.head.layer() == layer && stream.fixesWith(end)) {
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
        int end = sequence.length() + rows;
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
        int length = sequence.length();
        int end = length + rows;
        for (int i = 0; i < streams.length; i++) {
            CacheStream stream = streams[i];
            if (stream.head.layer() == layer && stream.encodeFrom(end) >= 0) {
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
        int length = sequence.length();
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
        int end = sequence.length() + rows;
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
                    counts.encoded(
                            stream.head.layer(),
                            sequence.stage(row),
                            stream.kind,
                            heads.headDim(),
                            stream.channels(row, row + 1));
                }
            }
        }
        countAttention(rows);
        for (CacheStream stream : streams) {
            stream.commit();
        }
        counts.commit();
        sequence.commit(rows);
        forgetRun();
    }

    private void forgetRun() {
        fixing.clear();
        recounted.clear();
    }

    private void countAttention(int rows) {
        CacheCounts attention = new CacheCounts(counts, heads.group(), heads.headDim());
        for (int i = 0; i < runs.length; i++) {
            int stream = 2 * (i / rows);
            int position = sequence.length() + i % rows;
            attention.attended(
                    sequence.stage(position), runs[i], streams[stream], streams[stream + 1]);
        }
        runs = new VisibleRuns[0];
    }

    /** Takes a run back. */
    void rollback() {
        sequence.rollback();
        counts.rollback();
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

    /** Fails where a row of a run can't be encoded, naming it. */
    void requireEncodable(int rows, int[] rowCounts) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < streams.length; i++) {
                if (rowCounts[row * streams.length + i] < 0) {
                    throw refused(i, sequence.length() + row);
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
        return streams[index].refused(position, channel, row[channel]);
    }
}
