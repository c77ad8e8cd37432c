package io.github.deltallm.backend.opencl;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;
import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import static java.util.Objects.requireNonNull;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStreamCheck;

import java.util.Arrays;

/** Fills an empty cache with a saved state, after checking it; encodes on the host. */
final class CacheRestore {
    private final CacheSequence cache;
    private final KvStream.Source source;
    private final int dim;

    CacheRestore(CacheSequence cache, KvStream.Source source) {
        this.cache = cache;
        this.source = source;
        dim = cache.shape().headDim();
    }

    /** The exact rows {@code [from, to)} that a stream lacks, all in one. */
    private record Gap(int from, int to) {
        boolean isEmpty() {
            return to <= from;
        }
    }

    void run() {
        int length = source.stream(0, 0, KvStream.Kind.KEYS).length();
        if (length > cache.capacity()) {
            throw new ContextOverflowException(
                    "the restored sequence has "
                            + length
                            + " positions, more than the capacity of "
                            + cache.capacity());
        }
        for (CacheHead head : cache.heads()) {
            for (KvStream.Kind kind : KvStream.Kind.values()) {
                check(head, kind, length);
            }
        }
        for (CacheHead head : cache.heads()) {
            for (KvStream.Kind kind : KvStream.Kind.values()) {
                restore(head, kind, length);
            }
        }
        cache.restored(length);
        if (!cache.holdsAllFor(length)) {
            throw lacking();
        }
    }

    private static CachePart part(CacheHead head, KvStream.Kind kind) {
        return kind == KvStream.Kind.KEYS ? head.keys : head.values;
    }

    private void check(CacheHead head, KvStream.Kind kind, int length) {
        CachePart part = part(head, kind);
        KvStream stream = source.stream(head.layer, head.kvHead, kind);
        new KvStreamCheck(part.name, dim, part.encoding, stream).check(length);
    }

    private Gap gap(KvStream stream) {
        int from = stream.length();
        int to = 0;
        int end = 0;
        for (KvStream.Rows rows : stream.exact()) {
            if (rows.from() > end) {
                from = Math.min(from, end);
                to = rows.from();
            }
            end = rows.from() + rows.values().length / dim;
        }
        return end < stream.length()
                ? new Gap(Math.min(from, end), stream.length())
                : new Gap(from, to);
    }

    private void restore(CacheHead head, KvStream.Kind kind, int length) {
        CachePart part = part(head, kind);
        KvStream stream = source.stream(head.layer, head.kvHead, kind);
        Gap gap = gap(stream);
        if (!gap.isEmpty() && !mayLack(head, part, gap, length)) {
            throw lacking();
        }
        DeltaStream delta = part.stream;
        if (delta != null && !gap.isEmpty() && stream.delta().count() != length) {
            throw lacking();
        }
        int gone = part.planRestore(length, head.window(cache.windows().widestRequest()), gap.to());
        part.exact.restore(stream.exact(), length, part.kept(), gone);
        if (delta == null) {
            countPruned(part, stream);
        } else if (gap.isEmpty()) {
            encode(head, kind, stream);
        } else {
            events(part, delta, stream.delta(), gap.to());
        }
        part.commit(length);
    }

    /** Whether the strategy can do without exact rows: no sinks, nothing of its least window. */
    private boolean mayLack(CacheHead head, CachePart part, Gap gap, int length) {
        AttentionStrategy.Request least = new AttentionStrategy.Request(0);
        int window = head.window(least);
        return part.leaves()
                && gap.from() >= Math.min(head.sinks(), length)
                && gap.to() <= Math.max(0, length - window);
    }

    private void countPruned(CachePart part, KvStream stream) {
        if (part.encoding instanceof Encoding.Pruned pruned && part.counts != null) {
            int known = 0;
            for (KvStream.Rows rows : stream.exact()) {
                for (; known < rows.from(); known++) {
                    part.counts.put(known, 0);
                }
                float[] rounded = rounded(part, rows.values());
                for (int at = 0; at < rounded.length; at += dim) {
                    int kept = 0;
                    for (int c = 0; c < dim; c++) {
                        kept += Math.abs(rounded[at + c]) > pruned.theta() ? 1 : 0;
                    }
                    part.counts.put(known++, kept);
                }
            }
        }
    }

    /** Encodes rows that are all there exactly. */
    private void encode(CacheHead head, KvStream.Kind kind, KvStream stream) {
        CachePart part = part(head, kind);
        DeltaStream delta = requireNonNull(part.stream);
        float[] all = new float[stream.length() * dim];
        for (KvStream.Rows rows : stream.exact()) {
            System.arraycopy(rows.values(), 0, all, rows.from() * dim, rows.values().length);
        }
        float[] rows = rounded(part, all);
        requireFinite(part, rows, "rows");
        if (delta.fixesAt(stream.length())) {
            DeltaRule fixed =
                    DeltaRule.fixed(delta.encoding, dim, Arrays.copyOf(rows, FIRST_ROWS * dim));
            delta.restoreRule(fixed.steps(), fixed.sigma);
        }
        if (!delta.isFixed()) {
            return;
        }
        float[] r = new float[dim];
        float[] events = DeltaEncoder.encode(delta.rule(), dim, 0, new float[0], rows, r);
        requireFinite(part, r, "changes");
        count(part, events);
        delta.restore(events, part.nextClosed(), false);
        if (stream.delta().count() == 0) {
            tally(head.layer, kind, events);
        }
    }

    /** A state that was not encoded yet is encoded now: that counts. */
    private void tally(int layer, KvStream.Kind kind, float[] events) {
        for (int row = 0; row < events.length / dim; row++) {
            Stage stage = cache.windows().stage(row);
            boolean keys = kind == KvStream.Kind.KEYS;
            int changed = count(events, row);
            cache.tallies().add(layer, stage, keys, CacheCounts.ELEMENTS, dim);
            cache.tallies().add(layer, stage, keys, CacheCounts.UNCHANGED, dim - changed);
        }
    }

    /** Takes the rows before {@code end} from a stream; those behind it are there exactly. */
    private void events(CachePart part, DeltaStream delta, KvStream.DeltaRows rows, int end) {
        if (delta.encoding.waits()) {
            delta.restoreRule(rows.steps(), rows.sigma());
        }
        float[] all = new float[rows.count() * dim];
        int event = 0;
        for (int i = 0; i < all.length; i++) {
            boolean changed = (rows.changed()[i / 64] >>> i & 1) != 0;
            // A change of minus zero is one of zero: the other means none.
            all[i] = changed ? rows.events()[event++] + 0f : nothing();
        }
        count(part, all);
        delta.restore(Arrays.copyOf(all, end * dim), part.nextClosed(), true);
    }

    private static float nothing() {
        return Float.intBitsToFloat(EventFormat.NOTHING);
    }

    private void count(CachePart part, float[] events) {
        RowsCounts counts = requireNonNull(part.counts);
        int rows = events.length / dim;
        for (int row = 0; row < rows; row++) {
            counts.put(row, count(events, row));
        }
    }

    /** Events of a row; the first one transmits all channels. */
    private int count(float[] events, int row) {
        return row == 0
                ? dim
                : EventFormat.count(Arrays.copyOfRange(events, row * dim, (row + 1) * dim));
    }

    /** Rows as their store rounds them. */
    private float[] rounded(CachePart part, float[] rows) {
        RowsFormat format = part.exact.format;
        float[] rounded = new float[rows.length];
        int[] page = new int[format.words()];
        for (int i = 0; i < rows.length / dim; i++) {
            format.put(page, i % BLOCK, rows, i * dim);
            for (int c = 0; c < dim; c++) {
                rounded[i * dim + c] = format.get(page, i % BLOCK, c);
            }
        }
        return rounded;
    }

    private void requireFinite(CachePart part, float[] values, String what) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new InvalidOptionException(
                        "the restored "
                                + part.name
                                + " have "
                                + what
                                + " that are too large to be encoded as "
                                + cache.strategy().spec()
                                + " does; restore them with dense attention");
            }
        }
    }

    private InvalidOptionException lacking() {
        return new InvalidOptionException(
                "the restored state lacks rows that "
                        + cache.strategy().spec()
                        + " needs; restore it with the attention that it was saved with");
    }
}
