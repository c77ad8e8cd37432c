package io.github.deltallm.backend.reference;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvStream;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Rows whose changes alone are seen in the middle. */
final class DeltaRows extends HeadRows {
    private final Encoding.Delta encoding;
    private final List<EncodedRow> encoded = new ArrayList<>();
    private float[] steps;
    private float sigma = 1;

    /** Absent while it waits for the first rows. */
    private @Nullable DeltaRule rule;

    DeltaRows(RowName name, int dim, Encoding.Delta encoding) {
        super(name, dim, encoding.store());
        this.encoding = encoding;
        steps = givenSteps();
        rule = encoding.waits() ? null : new DeltaRule(encoding, steps, sigma);
    }

    private DeltaRows(DeltaRows other) {
        super(other);
        encoding = other.encoding;
        rule = other.rule;
        encoded.addAll(other.encoded);
        steps = other.steps;
        sigma = other.sigma;
    }

    private float[] givenSteps() {
        return encoding.events() == Encoding.Events.INT8 ? encoding.steps() : new float[0];
    }

    @Override
    void check(int row) {
        requireFinite(row);
    }

    @Override
    void encode(EncodedTally tally) {
        if (rule == null && length() >= FIRST_ROWS && holds(0, FIRST_ROWS)) {
            fix();
        }
        DeltaRule fixed = rule;
        while (fixed != null && end() < length() && holds(end(), end() + 1)) {
            EncodedRow row = encodeRow(fixed, end());
            tally.encoded(end(), dim, dim - row.channels().length);
            encoded.add(row);
        }
    }

    private EncodedRow encodeRow(DeltaRule rule, int row) {
        float[] before = reference(row - 1);
        float[] after = before.clone();
        int[] channels = new int[dim];
        float[] events = new float[dim];
        int count = 0;
        for (int c = 0; c < dim; c++) {
            float input = exact(row, c);
            if (row == 0 || rule.changed(c, input, before[c])) {
                float event = row == 0 ? input : rule.event(c, input, before[c]);
                channels[count] = c;
                events[count++] = event;
                after[c] = before[c] + event;
                if (!Float.isFinite(after[c])) {
                    throw name.refused(row, c, after[c]);
                }
            }
        }
        return new EncodedRow(Arrays.copyOf(channels, count), Arrays.copyOf(events, count), after);
    }

    /** {@code kh} after a row. */
    float[] reference(int row) {
        return row < 0 ? new float[dim] : encoded.get(row).reference();
    }

    /** Position behind the last encoded row. */
    private int end() {
        return encoded.size();
    }

    private void fix() {
        if (encoding.events() == Encoding.Events.INT8 && steps.length == 0) {
            steps = stepsOfFirstRows();
        }
        if (encoding.relative()) {
            sigma = sigmaOfFirstRows();
        }
        rule = new DeltaRule(encoding, steps, sigma);
    }

    private float sigmaOfFirstRows() {
        double sum = 0;
        for (int row = 0; row < FIRST_ROWS; row++) {
            for (int c = 0; c < dim; c++) {
                sum += exact(row, c);
            }
        }
        double mean = sum / (FIRST_ROWS * dim);
        double squares = 0;
        for (int row = 0; row < FIRST_ROWS; row++) {
            for (int c = 0; c < dim; c++) {
                double distance = exact(row, c) - mean;
                squares += distance * distance;
            }
        }
        return (float) Math.sqrt(squares / (FIRST_ROWS * dim));
    }

    private float[] stepsOfFirstRows() {
        float[] fixed = new float[dim];
        for (int c = 0; c < dim; c++) {
            float largest = 0;
            for (int row = 0; row < FIRST_ROWS; row++) {
                largest = Math.max(largest, Math.abs(exact(row, c)));
            }
            fixed[c] = largest / 63.5f; // 2 largest / 127, but 2 largest may be infinite
        }
        return fixed;
    }

    @Override
    void truncate(int newLength) {
        super.truncate(newLength);
        if (encoding.waits() && length() < FIRST_ROWS) {
            steps = givenSteps();
            sigma = 1;
            rule = null;
            encoded.clear();
        }
        encoded.subList(Math.min(encoded.size(), length()), encoded.size()).clear();
    }

    @Override
    long bytes() {
        return super.bytes()
                + encoded.stream().mapToLong(EncodedRow::bytes).sum()
                + (long) steps.length * Float.BYTES;
    }

    @Override
    boolean rebuildsMiddle() {
        return rule != null;
    }

    @Override
    boolean encodedFor(int query) {
        return !encoding.waits() || query + 1 >= FIRST_ROWS;
    }

    /** A row that is appended at {@code query} may have to be encoded with all before it. */
    @Override
    boolean holdsMiddle(int from, int to, int query) {
        if (encoding.waits() && query < FIRST_ROWS) {
            return holds(from, to);
        }
        return from >= to || end() >= to;
    }

    @Override
    double middleScore(
            float[] q, int at, int row, boolean first, double previous, MacCounter macs) {
        float[] after = encoded.get(row).reference();
        if (first) {
            return dot(q, at, after, macs);
        }
        float[] before = reference(row - 1);
        double sum = previous;
        int executed = 0;
        for (int c : encoded.get(row).channels()) {
            sum += q[at + c] * ((double) after[c] - before[c]);
            executed++;
        }
        macs.add(executed);
        return sum;
    }

    private double dot(float[] q, int at, float[] row, MacCounter macs) {
        double sum = 0;
        int executed = 0;
        for (int c = 0; c < dim; c++) {
            sum += (double) q[at + c] * row[c];
            executed++;
        }
        macs.add(executed);
        return sum;
    }

    /**
     * {@code sum_j p_j vh_j = sum_j dv_j (p_j + p_j+1 + ...)}, the first row of the middle being
     * all of {@code vh}. Differences are taken in fp64, so that they telescope.
     */
    @Override
    void middleMix(double[] weights, int from, int to, double[] out, MacCounter macs) {
        double suffix = 0;
        int executed = 0;
        for (int row = to - 1; row > from; row--) {
            suffix += weights[row];
            float[] after = encoded.get(row).reference();
            float[] before = reference(row - 1);
            for (int c : encoded.get(row).channels()) {
                out[c] += suffix * ((double) after[c] - before[c]);
                executed++;
            }
        }
        suffix += weights[from];
        float[] first = encoded.get(from).reference();
        for (int c = 0; c < dim; c++) {
            out[c] += suffix * first[c];
            executed++;
        }
        macs.add(executed);
    }

    @Override
    int middleCost(int row, boolean first) {
        return first ? dim : encoded.get(row).channels().length;
    }

    @Override
    KvStream.DeltaRows exportEncoded() {
        if (encoded.isEmpty()) {
            return KvStream.DeltaRows.NONE;
        }
        int rows = encoded.size();
        BitSet changed = new BitSet(rows * dim);
        float[] events = new float[rows * dim];
        int count = 0;
        for (int row = 0; row < rows; row++) {
            EncodedRow one = encoded.get(row);
            for (int i = 0; i < one.channels().length; i++) {
                changed.set(row * dim + one.channels()[i]);
                events[count++] = one.events()[i];
            }
        }
        return new KvStream.DeltaRows(
                rows,
                Arrays.copyOf(changed.toLongArray(), words(rows * dim)),
                Arrays.copyOf(events, count),
                steps.clone(),
                sigma);
    }

    private static int words(int bits) {
        return (bits + Long.SIZE - 1) / Long.SIZE;
    }

    @Override
    void restoreEncoded(KvStream.DeltaRows rows) {
        if (rows.count() == 0) {
            return;
        }
        if (encoding.waits()) {
            // In the stream of an encoding that is given one of them, that one is the same.
            steps = rows.steps().clone();
            sigma = rows.sigma();
            rule = new DeltaRule(encoding, steps, sigma);
        }
        BitSet changed = BitSet.valueOf(rows.changed());
        int event = 0;
        for (int row = 0; row < rows.count(); row++) {
            int from = row * dim;
            int[] channels = changed.get(from, from + dim).stream().toArray();
            float[] events = Arrays.copyOfRange(rows.events(), event, event + channels.length);
            float[] after = reference(row - 1).clone();
            for (int i = 0; i < channels.length; i++) {
                after[channels[i]] += events[i];
            }
            event += channels.length;
            encoded.add(new EncodedRow(channels, events, after));
        }
    }

    @Override
    HeadRows copy() {
        return new DeltaRows(this);
    }
}
