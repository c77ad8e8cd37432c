package io.github.deltallm.api.spi;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * For backends: reads a saved state, stream by stream, each of them once, and hands over only what
 * is sound and has the rows that the sequence needs.
 *
 * <p>The source may be slow, or another cache that has to wait for its backend: call it under no
 * lock.
 */
public final class KvRestore {
    private final KvSequence sequence;
    private final KvStream.Source source;
    private final int length;

    /** The first stream, read for its length, until it is asked for. */
    private @Nullable KvStream first;

    /**
     * A stream of a head.
     *
     * @param gone position behind the last exact row that it lacks; 0 if it has all. Rows before
     *     are dropped, or in the delta stream, which then has all of the sequence's; behind the
     *     sinks all the same, so a cache may take none of them as exact
     */
    public record Rows(KvStream stream, int gone) {}

    /**
     * Reads how long the sequence is.
     *
     * @throws ContextOverflowException if it is longer than the new sequence's capacity
     */
    public KvRestore(KvSequence sequence, KvStream.Source source) {
        this.sequence = sequence;
        this.source = source;
        KvStream stream = source.stream(0, 0, KvStream.Kind.KEYS);
        first = stream;
        length = stream.length();
        if (length > sequence.capacity()) {
            throw new ContextOverflowException(
                    "the restored sequence has "
                            + length
                            + " positions, more than the capacity of "
                            + sequence.capacity());
        }
        if (length < 0) {
            throw new InvalidOptionException(
                    "the restored sequence has " + length + " positions; the state is damaged");
        }
    }

    /** Positions of the restored sequence. */
    public int length() {
        return length;
    }

    /**
     * Reads a stream.
     *
     * @throws InvalidOptionException if it is damaged, or lacks rows that the strategy needs
     */
    public Rows rows(HeadAttention head, KvStream.Kind kind) {
        KvStream stream = stream(head, kind);
        int dim = sequence.shape().headDim();
        new KvStreamCheck(head.name(kind).toString(), dim, head.encoding(kind), stream)
                .check(length);
        int from = length;
        int to = 0;
        int end = 0;
        for (KvStream.Rows rows : stream.exact()) {
            if (rows.from() > end) {
                from = Math.min(from, end);
                to = rows.from();
            }
            end = rows.from() + rows.values().length / dim;
        }
        if (end < length) {
            from = Math.min(from, end);
            to = length;
        }
        if (from < to && !mayLack(head, kind, stream, from, to)) {
            throw lacking();
        }
        return new Rows(stream, to);
    }

    private KvStream stream(HeadAttention head, KvStream.Kind kind) {
        KvStream known = first;
        boolean keys = kind == KvStream.Kind.KEYS;
        if (known != null && keys && head.layer() == 0 && head.kvHead() == 0) {
            first = null;
            return known;
        }
        return source.stream(head.layer(), head.kvHead(), kind);
    }

    /**
     * Whether the strategy can do without exact rows {@code [from, to)}: no sinks, nothing of its
     * least window, and what is not dropped is in the delta stream.
     */
    private boolean mayLack(
            HeadAttention head, KvStream.Kind kind, KvStream stream, int from, int to) {
        int window = head.window(new AttentionStrategy.Request(0));
        boolean encoded =
                !(head.encoding(kind) instanceof Encoding.Delta)
                        || stream.delta().count() == length;
        return head.releases(kind)
                && encoded
                && from >= Math.min(head.sinks(), length)
                && to <= Math.max(0, length - window);
    }

    /** The error for a state that lacks rows, for what only the backend can know. */
    public InvalidOptionException lacking() {
        return new InvalidOptionException(
                "the restored state lacks rows that "
                        + sequence.strategy().spec()
                        + " needs; restore it with the attention that it was saved with");
    }

    /** Exact rows of a stream from position 0 on as one array, {@code [length, dim]}. */
    public static float[] together(KvStream stream, int dim) {
        List<KvStream.Rows> runs = stream.exact();
        if (runs.size() == 1 && runs.get(0).values().length == stream.length() * dim) {
            return runs.get(0).values();
        }
        float[] all = new float[Math.multiplyExact(stream.length(), dim)];
        for (KvStream.Rows rows : runs) {
            System.arraycopy(rows.values(), 0, all, rows.from() * dim, rows.values().length);
        }
        return all;
    }
}
