package io.github.deltallm.api.spi;

import java.util.Arrays;

/**
 * What one run of an {@link Executable} works on: rows of tokens, each span of rows belonging to
 * one sequence.
 *
 * <p>A span continues its cache: its first row has position {@code cache.length()} before the run.
 * A cache occurs in at most one span of a step. A step is a buffer to be cleared and filled again,
 * so that decoding allocates nothing; it is not thread-safe, and must not change during a run.
 */
public final class Step {
    /** Which rows of a span have their logits computed. */
    public enum Logits {
        NONE,
        LAST,
        ALL
    }

    private int[] tokens = new int[64];
    private int rows;
    private int spans;
    private KvCache[] caches = new KvCache[1];
    private int[] firstRows = new int[2];
    private Logits[] logits = new Logits[1];

    /** An empty step. */
    public Step() {}

    /** Empties the step. */
    public Step clear() {
        Arrays.fill(caches, 0, spans, null);
        rows = 0;
        spans = 0;
        return this;
    }

    /**
     * Adds the next tokens of a sequence.
     *
     * @param from index of the first token in {@code source}
     * @param count how many, at least 1
     */
    public Step add(KvCache cache, int[] source, int from, int count, Logits wanted) {
        if (count < 1) {
            throw new IllegalArgumentException("a span has at least one row, not " + count);
        }
        if (holds(cache)) {
            throw new IllegalArgumentException("a sequence can't have two spans in one step");
        }
        if (rows + count > tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.max(rows + count, 2 * tokens.length));
        }
        if (spans == caches.length) {
            caches = Arrays.copyOf(caches, 2 * spans);
            logits = Arrays.copyOf(logits, 2 * spans);
            firstRows = Arrays.copyOf(firstRows, 2 * spans + 1);
        }
        System.arraycopy(source, from, tokens, rows, count);
        caches[spans] = cache;
        logits[spans] = wanted;
        rows += count;
        firstRows[++spans] = rows;
        return this;
    }

    @SuppressWarnings("ReferenceEquality") // a cache is an identity, not a value
    private boolean holds(KvCache cache) {
        for (int span = 0; span < spans; span++) {
            if (caches[span] == cache) {
                return true;
            }
        }
        return false;
    }

    /** Total number of rows. */
    public int rows() {
        return rows;
    }

    /** The token of a row. */
    public int token(int row) {
        return tokens[row];
    }

    /** Number of spans. */
    public int spans() {
        return spans;
    }

    /** The sequence of a span. */
    public KvCache cache(int span) {
        return caches[span];
    }

    /** The first row of a span; {@code firstRow(spans())} is {@link #rows()}. */
    public int firstRow(int span) {
        return firstRows[span];
    }

    /** Number of rows of a span. */
    public int rows(int span) {
        return firstRows[span + 1] - firstRows[span];
    }

    /** Which rows of a span have their logits computed. */
    public Logits logits(int span) {
        return logits[span];
    }
}
