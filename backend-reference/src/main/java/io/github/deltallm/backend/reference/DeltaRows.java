package io.github.deltallm.backend.reference;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvStream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Rows whose changes alone are seen in the middle. */
final class DeltaRows extends HeadRows {
    /** Rows from which INT8 steps are fixed where none are given; they stay exact until then. */
    static final int STEP_ROWS = 256;

    private final Encoding.Delta encoding;
    private final DeltaRule rule;

    /** Position of the first encoded row: 0 unless a restored stream begins later. */
    private int begin;

    private final List<EncodedRow> encoded = new ArrayList<>();
    private float[] start;
    private float[] steps;

    DeltaRows(RowName name, int dim, Encoding.Delta encoding) {
        super(name, dim, encoding.store());
        this.encoding = encoding;
        rule = new DeltaRule(encoding);
        start = new float[dim];
        steps = encoding.steps();
    }

    private DeltaRows(DeltaRows other) {
        super(other);
        encoding = other.encoding;
        rule = other.rule;
        begin = other.begin;
        encoded.addAll(other.encoded);
        start = other.start;
        steps = other.steps;
    }

    @Override
    void check(int row) {
        requireFinite(row);
    }

    @Override
    void encode(EncodedTally tally) {
        if (stepsMissing() && length() >= STEP_ROWS && holds(0, STEP_ROWS)) {
            steps = stepsOfFirstRows();
        }
        while (!stepsMissing() && end() < length() && holds(end(), end() + 1)) {
            EncodedRow row = encodeRow(end());
            tally.encoded(end(), dim, dim - row.channels().length);
            encoded.add(row);
        }
    }

    private EncodedRow encodeRow(int row) {
        float[] before = reference(row - 1);
        float[] after = before.clone();
        int[] channels = new int[dim];
        float[] events = new float[dim];
        int count = 0;
        for (int c = 0; c < dim; c++) {
            float input = exact(row, c);
            if (row == 0 || rule.changed(c, input, before[c])) {
                float step = steps.length == 0 ? 0 : steps[c];
                float event = row == 0 ? input : rule.event(input, before[c], step);
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
        return row < begin ? start : encoded(row).reference();
    }

    private EncodedRow encoded(int row) {
        return encoded.get(row - begin);
    }

    /** Position behind the last encoded row. */
    private int end() {
        return begin + encoded.size();
    }

    private boolean stepsFromRows() {
        return encoding.events() == Encoding.Events.INT8 && encoding.steps().length == 0;
    }

    private boolean stepsMissing() {
        return stepsFromRows() && steps.length == 0;
    }

    private float[] stepsOfFirstRows() {
        float[] fixed = new float[dim];
        for (int c = 0; c < dim; c++) {
            float largest = 0;
            for (int row = 0; row < STEP_ROWS; row++) {
                largest = Math.max(largest, Math.abs(exact(row, c)));
            }
            fixed[c] = 2 * largest / 127;
        }
        return fixed;
    }

    @Override
    void truncate(int newLength) {
        super.truncate(newLength);
        if (length() < begin || (stepsFromRows() && length() < STEP_ROWS)) {
            begin = 0;
            start = new float[dim];
            steps = encoding.steps();
            encoded.clear();
        }
        encoded.subList(Math.min(encoded.size(), length() - begin), encoded.size()).clear();
    }

    @Override
    long bytes() {
        return super.bytes()
                + encoded.stream().mapToLong(EncodedRow::bytes).sum()
                + (long) (start.length + steps.length) * Float.BYTES;
    }

    @Override
    boolean encodedFor(int query) {
        return !stepsFromRows() || query + 1 >= STEP_ROWS;
    }

    @Override
    boolean holdsMiddle(int from, int to, int query) {
        return encodedFor(query) ? from >= to || (begin <= from && end() >= to) : holds(from, to);
    }

    @Override
    double middleScore(
            float[] q, int at, int row, boolean first, double previous, MacCounter macs) {
        float[] after = encoded(row).reference();
        if (first) {
            return dot(q, at, after, macs);
        }
        float[] before = reference(row - 1);
        double sum = previous;
        int executed = 0;
        for (int c : encoded(row).channels()) {
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
            float[] after = encoded(row).reference();
            float[] before = reference(row - 1);
            for (int c : encoded(row).channels()) {
                out[c] += suffix * ((double) after[c] - before[c]);
                executed++;
            }
        }
        suffix += weights[from];
        float[] first = encoded(from).reference();
        for (int c = 0; c < dim; c++) {
            out[c] += suffix * first[c];
            executed++;
        }
        macs.add(executed);
    }

    @Override
    int middleCost(int row, boolean first) {
        return first ? dim : encoded(row).channels().length;
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
                begin,
                rows,
                start.clone(),
                Arrays.copyOf(changed.toLongArray(), words(rows * dim)),
                Arrays.copyOf(events, count));
    }

    private static int words(int bits) {
        return (bits + Long.SIZE - 1) / Long.SIZE;
    }

    @Override
    void restoreEncoded(KvStream.DeltaRows rows) {
        if (rows.count() == 0) {
            return;
        }
        if (stepsMissing()) {
            if (!holds(0, STEP_ROWS)) {
                throw new InvalidOptionException(
                        "the "
                                + name
                                + " have INT8 events whose steps came from the first "
                                + STEP_ROWS
                                + " rows, which the restored state no longer holds; restore with a"
                                + " profile that gives the steps");
            }
            steps = stepsOfFirstRows();
        }
        begin = rows.from();
        start = rows.start().clone();
        BitSet changed = BitSet.valueOf(rows.changed());
        int event = 0;
        for (int row = 0; row < rows.count(); row++) {
            int from = row * dim;
            int[] channels = changed.get(from, from + dim).stream().toArray();
            float[] events = Arrays.copyOfRange(rows.events(), event, event + channels.length);
            float[] after = reference(begin + row - 1).clone();
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
