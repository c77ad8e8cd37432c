package io.github.deltallm.api.spi;

import java.util.List;

/**
 * The keys or the values of one head of a sequence, in a backend-neutral form: for saving, for
 * conformance, for study.
 *
 * @param length positions of the sequence
 * @param exact the runs of rows that are held exactly, in order, not overlapping
 * @param delta the delta stream; without positions where the encoding has none
 */
public record KvStream(int length, List<Rows> exact, DeltaRows delta) {
    public KvStream {
        exact = List.copyOf(exact);
    }

    /** Keys or values. */
    public enum Kind {
        KEYS,
        VALUES
    }

    /** Where the streams of a whole sequence come from: another cache, or a file. */
    @FunctionalInterface
    public interface Source {
        KvStream stream(int layer, int kvHead, Kind kind);
    }

    /**
     * Consecutive rows as fp32, which holds every store's values without loss.
     *
     * @param from position of the first row
     * @param values {@code [count, headDim]}
     */
    public record Rows(int from, float[] values) {}

    /**
     * Consecutive encoded rows.
     *
     * @param from position of the first row
     * @param count number of rows
     * @param start {@code [headDim]}: the reference before the first row; all zero at the start of
     *     a sequence
     * @param changed {@code [count, headDim]} as bits, row after row, least significant first
     * @param events the transmitted changes in the order of {@code changed}, as fp32
     */
    public record DeltaRows(int from, int count, float[] start, long[] changed, float[] events) {
        /** No rows. */
        public static final DeltaRows NONE =
                new DeltaRows(0, 0, new float[0], new long[0], new float[0]);
    }
}
