package io.github.deltallm.backend.opencl;

import java.util.Arrays;

/** Encodes rows on the host, as {@code delta_encode} does on the device. */
final class DeltaEncoder {
    private DeltaEncoder() {}

    /** An element that transmits nothing. */
    private static final float NOTHING = Float.intBitsToFloat(EventFormat.NOTHING);

    /**
     * Encodes consecutive rows.
     *
     * @param from position of the first row
     * @param given events of the first rows, which are known
     * @param rows the rows behind those, rounded to their store
     * @param r the reference before the first row; goes on to the last one, where a channel that
     *     becomes infinite shows as such
     * @return events row after row, -0 where there is none
     */
    static float[] encode(
            DeltaRule rule, int dim, int from, float[] given, float[] rows, float[] r) {
        float[] events = Arrays.copyOf(given, given.length + rows.length);
        for (int i = 0; i < given.length; i++) {
            if (Float.floatToRawIntBits(given[i]) != EventFormat.NOTHING) {
                r[i % dim] += given[i];
            }
        }
        for (int i = 0; i < rows.length; i++) {
            int at = given.length + i;
            int c = i % dim;
            events[at] = NOTHING;
            if (from == 0 && at < dim) {
                events[at] = rows[i];
                r[c] = rows[i];
            } else if (rule.changed(c, rows[i], r[c])) {
                events[at] = rule.event(c, rows[i], r[c]);
                r[c] += events[at];
            }
        }
        return events;
    }
}
