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
    private int length;
    private int declared;

    /** The most that was declared since the sequence was empty. */
    private int widest;

    /** The length when windows last grew; no truncation goes below. */
    private int widenedAt;

    /** By layer and head: exact runs begin no earlier. */
    private int[] outside;

    private boolean closed;

    ReferenceCache(ReferenceExecutable owner, AttentionStrategy strategy, int capacity) {
        this.owner = owner;
        this.heads = owner.program().heads();
        this.strategy = strategy;
        this.capacity = capacity;
        for (int layer = 0; layer < heads.layers(); layer++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                for (KvStream.Kind kind : KvStream.Kind.values()) {
                    RowName name = new RowName(layer, head, kind);
                    rows.put(name, HeadRows.of(name, heads.headDim(), encoding(name)));
                }
            }
            tallies.add(tallies(stage -> AttentionCounts.ZERO));
        }
        outside = new int[heads.layers() * heads.kvHeads()];
    }

    private ReferenceCache(ReferenceCache other) {
        owner = other.owner;
        heads = other.heads;
        strategy = other.strategy;
        capacity = other.capacity;
        length = other.length;
        declared = other.declared;
        widest = other.widest;
        widenedAt = other.widenedAt;
        outside = other.outside.clone();
        other.rows.forEach((name, head) -> rows.put(name, head.copy()));
        for (Map<Stage, Tally> tally : other.tallies) {
            tallies.add(tallies(stage -> requireNonNull(tally.get(stage)).counts()));
        }
    }

    private Encoding encoding(RowName name) {
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
        declared = Math.max(declared, tokens);
        if (declared > widest) {
            widen();
        }
    }

    private void widen() {
        AttentionStrategy.Request before = new AttentionStrategy.Request(widest);
        AttentionStrategy.Request now = new AttentionStrategy.Request(declared);
        widest = declared;
        for (int i = 0; i < outside.length && length > 0; i++) {
            int layer = i / heads.kvHeads();
            int head = i % heads.kvHeads();
            int window = strategy.window(layer, head, before);
            if (window < strategy.window(layer, head, now) && length > window) {
                outside[i] = Math.max(outside[i], length - window);
                widenedAt = length;
            }
        }
    }

    /** What the query at a position sees. */
    VisibleRuns runs(int layer, int kvHead, int position) {
        VisibleRuns declaredRuns = VisibleRuns.of(strategy, layer, kvHead, position, request());
        return declaredRuns.from(outside[layer * heads.kvHeads() + kvHead]);
    }

    @Override
    public AttentionStrategy.Request request() {
        return new AttentionStrategy.Request(declared);
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
                            + " positions: it was restored without exact rows that "
                            + strategy.spec()
                            + " then needs; the smallest length is "
                            + truncationFloor()
                            + ", or 0");
        }
        declared = Math.min(declared, newLength);
        cut(newLength);
        if (newLength == 0) {
            widest = 0;
            widenedAt = 0;
            outside = new int[outside.length];
        }
    }

    /** Truncates without asking what is held. */
    void cut(int newLength) {
        length = newLength;
        rows.values().forEach(head -> head.truncate(newLength));
    }

    @Override
    public int truncationFloor() {
        int floor = length;
        while (floor > widenedAt && missing(floor - 1).isEmpty()) {
            floor--;
        }
        return floor;
    }

    /** The rows, by name, that lack something that a query at {@code position} would see. */
    List<RowName> missing(int position) {
        List<RowName> missing = new ArrayList<>();
        for (HeadRows head : rows.values()) {
            VisibleRuns runs = runs(head.name.layer(), head.name.kvHead(), position);
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
        int from = outside[layer * heads.kvHeads() + kvHead];
        KvStream stream = rows(layer, kvHead, kind).export();
        return from == 0 ? stream : without(stream, strategy.sinks(layer, kvHead), from);
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
        return position < declared ? Stage.PREFILL : Stage.DECODE;
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
        if (declared == 0) {
            declare(length + added);
        }
    }

    /** Makes {@code added} more positions part of the sequence, after a run. */
    void advance(int added) {
        length += added;
    }

    /** Fills an empty cache with the state of another. */
    void restore(int newLength, KvStream.Source source) {
        length = newLength;
        for (int i = 0; i < outside.length; i++) {
            int layer = i / heads.kvHeads();
            int head = i % heads.kvHeads();
            for (KvStream.Kind kind : KvStream.Kind.values()) {
                int from = gapEnd(source.stream(layer, head, kind));
                if (from > Math.max(0, newLength - strategy.window(layer, head, request()))) {
                    outside[i] = Math.max(outside[i], from);
                    widenedAt = newLength;
                }
            }
        }
        for (HeadRows head : rows.values()) {
            RowName name = head.name;
            head.restore(
                    source.stream(name.layer(), name.kvHead(), name.kind()),
                    encodedTally(name.layer(), name.kind()));
        }
    }

    /** The first row behind the last ones that are not held exactly; 0 if all are. */
    private int gapEnd(KvStream stream) {
        if (stream.exact().isEmpty()) {
            return stream.length();
        }
        KvStream.Rows last = stream.exact().getLast();
        boolean reachesEnd =
                last.from() + last.values().length / heads.headDim() == stream.length();
        return reachesEnd ? last.from() : stream.length();
    }

    /** What a failed run goes back to. */
    Runnable snapshot() {
        int before = length;
        int declaredBefore = declared;
        int widestBefore = widest;
        List<Map<Stage, Tally>> counts = new ArrayList<>();
        for (Map<Stage, Tally> tally : tallies) {
            counts.add(tallies(stage -> requireNonNull(tally.get(stage)).counts()));
        }
        return () -> {
            cut(before);
            declared = declaredBefore;
            widest = widestBefore;
            tallies.clear();
            tallies.addAll(counts);
        };
    }
}
