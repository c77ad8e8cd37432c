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
     * The encoded rows from position 0 on.
     *
     * <p>Row 0 transmits itself in all channels, whatever the format of events.
     *
     * @param count number of rows
     * @param changed {@code [count, headDim]} as bits, row after row, least significant first
     * @param events the transmitted changes in the order of {@code changed}, as fp32
     * @param steps the step of each channel, as given or as fixed from the first rows; empty unless
     *     events are {@link Encoding.Events#INT8}
     * @param sigma what thresholds are multiples of; 1 unless they are {@link
     *     Encoding.Delta#relative}
     */
    public record DeltaRows(int count, long[] changed, float[] events, float[] steps, float sigma) {
        /** No rows. */
        public static final DeltaRows NONE =
                new DeltaRows(0, new long[0], new float[0], new float[0], 1);
    }
}
