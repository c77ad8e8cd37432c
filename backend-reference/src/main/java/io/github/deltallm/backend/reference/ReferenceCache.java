package io.github.deltallm.backend.reference;

import static java.util.Objects.requireNonNull;

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
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The keys and values of one sequence as plain arrays, one {@link HeadRows} a layer, head and kind.
 */
final class ReferenceCache implements KvCache {
    private final ReferenceExecutable owner;
    private final HeadShape heads;
    private final AttentionStrategy strategy;
    private final int capacity;
    private final Map<RowName, HeadRows> rows = new LinkedHashMap<>();
    private final List<Map<Stage, Tally>> tallies = new ArrayList<>();
    private Windows windows;
    private int length;
    private boolean closed;

    ReferenceCache(ReferenceExecutable owner, AttentionStrategy strategy, int capacity) {
        this.owner = owner;
        this.heads = owner.program().heads();
        this.strategy = strategy;
        this.capacity = capacity;
        windows = new Windows(heads, strategy);
        for (int layer = 0; layer < heads.layers(); layer++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                for (KvStream.Kind kind : KvStream.Kind.values()) {
                    RowName name = new RowName(layer, head, kind);
                    rows.put(name, HeadRows.of(name, heads.headDim(), encoding(name)));
                }
            }
            tallies.add(tallies(stage -> AttentionCounts.ZERO));
        }
    }

    private ReferenceCache(ReferenceCache other) {
        owner = other.owner;
        heads = other.heads;
        strategy = other.strategy;
        capacity = other.capacity;
        length = other.length;
        windows = other.windows.copy();
        other.rows.forEach((name, head) -> rows.put(name, head.copy()));
        for (Map<Stage, Tally> tally : other.tallies) {
            tallies.add(tallies(stage -> requireNonNull(tally.get(stage)).counts()));
        }
    }

    Set<RowName> rowNames() {
        return rows.keySet();
    }

    Encoding encoding(RowName name) {
        return name.kind() == KvStream.Kind.KEYS
                ? strategy.keys(name.layer(), name.kvHead())
                : strategy.values(name.layer(), name.kvHead());
    }

    private static Map<Stage, Tally> tallies(Function<Stage, AttentionCounts> counts) {
        Map<Stage, Tally> tallies = new EnumMap<>(Stage.class);
        for (Stage stage : Stage.values()) {
            tallies.put(stage, new Tally(counts.apply(stage)));
        }
        return tallies;
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

    /** What the query at a position sees. */
    VisibleRuns runs(int layer, int kvHead, int position) {
        return windows.runs(layer, kvHead, position);
    }

    @Override
    public AttentionStrategy.Request request() {
        return windows.request();
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
                            + " positions: exact rows that "
                            + strategy.spec()
                            + " then needs were outside its window or not restored; the smallest"
                            + " length is "
                            + truncationFloor()
                            + ", or 0");
        }
        windows.truncate(newLength);
        cut(newLength);
    }

    /** Truncates without asking what is held. */
    void cut(int newLength) {
        length = newLength;
        rows.values().forEach(head -> head.truncate(newLength));
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
        for (HeadRows head : rows.values()) {
            VisibleRuns runs = windows.widestRuns(head.name.layer(), head.name.kvHead(), position);
            int end = Math.min(position, head.length());
            boolean all =
                    head.holds(0, Math.min(runs.middle(), end))
                            && head.holds(runs.recent(), end)
                            && (runs.dropped()
                                    || head.holdsMiddle(
                                            runs.middle(), Math.min(runs.recent(), end), position));
            if (!all) {
                missing.add(head.name);
            }
        }
        return missing;
    }

    @Override
    public KvCache fork() {
        requireOpen();
        return new ReferenceCache(this);
    }

    @Override
    public CacheBytes bytes() {
        if (closed) {
            return CacheBytes.ZERO;
        }
        CacheBytes sum = CacheBytes.ZERO;
        for (HeadRows head : rows.values()) {
            long dense = 2L * length * heads.headDim();
            sum =
                    sum.plus(
                            head.name.kind() == KvStream.Kind.KEYS
                                    ? new CacheBytes(head.bytes(), 0, dense, 0)
                                    : new CacheBytes(0, head.bytes(), 0, dense));
        }
        return sum;
    }

    @Override
    public AttentionCounts counts(int layer, Stage stage) {
        return tally(layer, stage).counts();
    }

    @Override
    public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
        requireOpen();
        HeadRows head = rows(layer, kvHead, kind);
        KvStream stream = head.export();
        int from = windows.outside(layer, kvHead);
        return from > 0 && (strategy.dropsMiddle(layer, kvHead) || head.rebuildsMiddle())
                ? without(stream, strategy.sinks(layer, kvHead), from)
                : stream;
    }

    /** A stream without its exact rows {@code [sinks, from)}. */
    private KvStream without(KvStream stream, int sinks, int from) {
        List<KvStream.Rows> kept = new ArrayList<>();
        for (KvStream.Rows rows : stream.exact()) {
            addPart(kept, rows, 0, Math.min(sinks, from));
            addPart(kept, rows, from, stream.length());
        }
        return new KvStream(stream.length(), kept, stream.delta());
    }

    private void addPart(List<KvStream.Rows> parts, KvStream.Rows rows, int from, int to) {
        int dim = heads.headDim();
        int first = Math.max(from, rows.from());
        int end = Math.min(to, rows.from() + rows.values().length / dim);
        if (first < end) {
            float[] values =
                    Arrays.copyOfRange(
                            rows.values(), (first - rows.from()) * dim, (end - rows.from()) * dim);
            parts.add(new KvStream.Rows(first, values));
        }
    }

    @Override
    public void close() {
        closed = true;
        rows.clear();
    }

    boolean belongsTo(ReferenceExecutable executable) {
        return owner == executable;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the sequence's cache is closed");
        }
    }

    HeadRows rows(int layer, int kvHead, KvStream.Kind kind) {
        HeadRows head = rows.get(new RowName(layer, kvHead, kind));
        if (head == null) {
            throw new IllegalArgumentException(
                    "there is no head " + kvHead + " of layer " + layer + " in " + heads);
        }
        return head;
    }

    Tally tally(int layer, Stage stage) {
        if (layer < 0 || layer >= heads.layers()) {
            throw new IllegalArgumentException("there is no layer " + layer + " in " + heads);
        }
        return requireNonNull(tallies.get(layer).get(stage));
    }

    /** The stage to which a position counts. */
    Stage stage(int position) {
        return position < request().tokens() ? Stage.PREFILL : Stage.DECODE;
    }

    /** Appends one head's row and counts what its encoder does. */
    void append(int layer, int kvHead, KvStream.Kind kind, float[] source, int at) {
        rows(layer, kvHead, kind).append(source, at, encodedTally(layer, kind));
    }

    private EncodedTally encodedTally(int layer, KvStream.Kind kind) {
        return (position, elements, unchanged) ->
                tally(layer, stage(position)).encoded(kind, elements, unchanged);
    }

    /** A sequence for which nothing was declared declares the rows of its first run. */
    void begin(int added) {
        if (request().tokens() == 0) {
            declare(length + added);
        }
    }

    /** Makes {@code added} more positions part of the sequence, after a run. */
    void advance(int added) {
        length += added;
    }

    /**
     * Fills an empty cache with the state of another.
     *
     * @return the rows, by name, that lack something that the next query may see
     */
    List<RowName> restore(int newLength, KvStream.Source source) {
        length = newLength;
        List<RowName> missing = new ArrayList<>();
        for (HeadRows head : rows.values()) {
            RowName name = head.name;
            KvStream stream = source.stream(name.layer(), name.kvHead(), name.kind());
            head.restore(stream, encodedTally(name.layer(), name.kind()));
            if (!windows.restore(name.layer(), name.kvHead(), head.heldFrom(), newLength)) {
                missing.add(name);
            }
        }
        missing.addAll(missing(newLength));
        return missing;
    }

    /** What a failed run goes back to. */
    Runnable snapshot() {
        int before = length;
        Windows windowsBefore = windows.copy();
        List<Map<Stage, Tally>> counts = new ArrayList<>();
        for (Map<Stage, Tally> tally : tallies) {
            counts.add(tallies(stage -> requireNonNull(tally.get(stage)).counts()));
        }
        return () -> {
            cut(before);
            windows = windowsBefore;
            tallies.clear();
            tallies.addAll(counts);
        };
    }
}
