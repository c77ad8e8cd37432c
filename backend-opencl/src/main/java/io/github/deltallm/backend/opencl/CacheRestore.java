package io.github.deltallm.backend.opencl;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;
import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import static java.util.Objects.requireNonNull;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.FirstRows;
import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.KvRestore;
import io.github.deltallm.api.spi.KvSequence;
import io.github.deltallm.api.spi.KvStream;

import java.util.Arrays;

/** Fills an empty cache with a saved state, after checking it; encodes on the host. */
final class CacheRestore {
    private final CacheSequence cache;
    private final KvSequence sequence;
    private final KvRestore restore;
    private final int dim;

    CacheRestore(CacheSequence cache, KvStream.Source source) {
        this.cache = cache;
        sequence = cache.sequence();
        restore = new KvRestore(sequence, source);
        dim = cache.shape().headDim();
    }

    void run() {
        sequence.restore(restore.length());
        for (CacheHead head : cache.heads()) {
            for (KvStream.Kind kind : KvStream.Kind.values()) {
                fill(head, kind, restore.rows(head.attention(), kind));
            }
        }
        cache.restored();
        if (!cache.holdsAllFor(restore.length())) {
            throw restore.lacking();
        }
    }

    private void fill(CacheHead head, KvStream.Kind kind, KvRestore.Rows rows) {
        CachePart part = head.part(kind);
        KvStream stream = rows.stream();
        int length = restore.length();
        int window = head.attention().window(sequence.widestRequest());
        int gone = part.planRestore(length, window, rows.gone());
        part.exact.restore(stream.exact(), length, part.kept(), gone);
        if (part.stream == null) {
            countPruned(part, stream);
        } else if (rows.gone() == 0) {
            encode(head, kind, stream);
        } else {
            events(part, part.stream, stream.delta(), rows.gone());
        }
        part.commit(length);
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
        CachePart part = head.part(kind);
        DeltaStream delta = requireNonNull(part.stream);
        float[] rows = rounded(part, KvRestore.together(stream, dim));
        requireFinite(part, rows, "rows");
        if (delta.fixesAt(stream.length())) {
            float[] first = Arrays.copyOf(rows, FIRST_ROWS * dim);
            delta.take(FirstRows.of(delta.encoding, first, dim));
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
            Stage stage = sequence.stage(row);
            cache.tallies().encoded(layer, stage, kind, dim, count(events, row));
        }
    }

    /** Takes the rows before {@code end} from a stream; those behind it are there exactly. */
    private void events(CachePart part, DeltaStream delta, KvStream.DeltaRows rows, int end) {
        if (delta.encoding.waits()) {
            delta.take(new FirstRows(rows.steps(), rows.sigma()));
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
}
