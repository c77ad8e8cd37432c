package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.Encoding;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

import java.util.Arrays;

/**
 * One stream's pages on the host, so that a restored sequence is rounded and encoded by the very
 * code that does it on the device, run as the plain Java it is.
 */
final class SequenceImage {
    private static final int RULE_SLOTS = 2;

    private final int dim;
    private final int pages;
    private final IntArray step;
    private final FloatArray pool;
    private final FloatArray floats = new FloatArray(FloatTables.SIZE);

    SequenceImage(int dim, int length) {
        this.dim = dim;
        pages = (length + Pages.POSITIONS - 1) / Pages.POSITIONS;
        pool = new FloatArray(Math.max(1, 2 * pages * Pages.SLOTS * dim));
        step = new IntArray(StepTable.HEADER + StepTable.SPAN_STRIDE + 2 * pages);
        FloatTables.fill(floats);
        int spans = StepTable.HEADER;
        int exact = spans + StepTable.SPAN_STRIDE;
        step.set(StepTable.DIM, dim);
        step.set(StepTable.STREAMS, 1);
        step.set(StepTable.SPAN_TABLE, spans);
        step.set(spans + StepTable.EXACT_PAGES, exact);
        step.set(spans + StepTable.ENCODED_PAGES, exact + pages);
        step.set(spans + StepTable.RULE_PAGE, 0);
        for (int page = 0; page < 2 * pages; page++) {
            step.set(exact + page, page);
        }
    }

    /** Puts exact rows from a position on, rounded to the stream's store. */
    void put(CacheStream stream, int position, float[] rows) {
        FloatArray from = new FloatArray(Math.max(1, rows.length));
        for (int i = 0; i < rows.length; i++) {
            from.set(i, rows[i]);
        }
        for (int row = 0; row < rows.length / dim; row++) {
            int to = Pages.exact(step, 0, 0, position + row);
            float size = stepSize(stream, from, row * dim);
            for (int c = 0; c < dim; c++) {
                float x = from.get(row * dim + c);
                pool.set(
                        to + c,
                        switch (stream.store()) {
                            case F32 -> x;
                            case BF16 -> Floats.bf16(x, floats);
                            case INT8, INT4 -> size * Floats.rounded(x / size);
                        });
            }
        }
    }

    private float stepSize(CacheStream stream, FloatArray from, int at) {
        float largest = 0;
        for (int c = 0; c < dim; c++) {
            largest = Math.max(largest, Math.abs(from.get(at + c)));
        }
        return Floats.stepSize(largest, stream.mostSteps(), floats);
    }

    /** A row as its store rounded it. */
    float[] exact(int position) {
        return copy(Pages.exact(step, 0, 0, position), dim);
    }

    private float[] copy(int at, int count) {
        float[] copy = new float[count];
        for (int i = 0; i < count; i++) {
            copy[i] = pool.get(at + i);
        }
        return copy;
    }

    /** The first rows, for what is fixed from them. */
    float[] firstRows() {
        float[] rows = new float[Encoding.Delta.FIRST_ROWS * dim];
        for (int row = 0; row < Encoding.Delta.FIRST_ROWS; row++) {
            System.arraycopy(exact(row), 0, rows, row * dim, dim);
        }
        return rows;
    }

    /** Puts an encoded row that a state brought, and the reference where a page begins. */
    void putEvents(int position, float[] events, float[] before) {
        int to = Pages.events(step, 0, 0, position);
        int anchor = Pages.anchor(step, 0, 0, position);
        for (int c = 0; c < dim; c++) {
            pool.set(to + c, events[c]);
            if (position % Pages.POSITIONS == 0) {
                pool.set(anchor + c, before[c]);
            }
        }
    }

    /** Encodes the rows {@code [from, end)}, which are all held exactly. */
    void encode(CacheStream stream, int from, int end) {
        float[] rule = rule(stream, dim);
        for (int c = 0; c < dim; c++) {
            float reference = EncodeKernels.before(step, pool, 0, 0, from, c);
            for (int position = from; position < end; position++) {
                if (position % Pages.POSITIONS == 0) {
                    pool.set(Pages.anchor(step, 0, 0, position) + c, reference);
                }
                float input = pool.get(Pages.exact(step, 0, 0, position) + c);
                float change = input - reference;
                float event = Float.NaN;
                if (position == 0 || EncodeKernels.changed(change, rule[c], rule[dim + c]) == 1) {
                    event = position == 0 ? input : event(stream, change, rule[dim + c]);
                    reference += event;
                    event = Float.isFinite(reference) ? event : Float.POSITIVE_INFINITY;
                }
                pool.set(Pages.events(step, 0, 0, position) + c, event);
            }
        }
    }

    private float event(CacheStream stream, float change, float size) {
        return switch (stream.events()) {
            case F32 -> change;
            case BF16 -> EncodeKernels.halved(change, floats);
            case INT8 -> EncodeKernels.stepped(change, size);
        };
    }

    /** Thresholds, then steps. */
    static float[] rule(CacheStream stream, int dim) {
        float[] rule = new float[RULE_SLOTS * dim];
        for (int c = 0; c < dim; c++) {
            rule[c] = stream.threshold(c);
            rule[dim + c] = stream.step(c);
        }
        return rule;
    }

    /**
     * Channels of a row that are transmitted, or for pruned rows kept.
     *
     * @throws DeltaLlmException if the row can't be encoded
     */
    int channels(CacheStream stream, int position) {
        boolean pruned = stream.pruned();
        int at = pruned ? Pages.exact(step, 0, 0, position) : Pages.events(step, 0, 0, position);
        int count = 0;
        for (int c = 0; c < dim; c++) {
            float value = pool.get(at + c);
            if (pruned ? Math.abs(value) > stream.threshold(c) : !Float.isNaN(value)) {
                count++;
                if (!Float.isFinite(value)) {
                    throw stream.name.refused(position, c, value);
                }
            }
        }
        return count;
    }

    /** Refuses a row that no encoder can follow. */
    void requireFinite(CacheStream stream, int position) {
        float[] row = exact(position);
        for (int c = 0; c < dim; c++) {
            if (!Float.isFinite(row[c])) {
                throw stream.name.refused(position, c, row[c]);
            }
        }
    }

    /** Exact pages as they go to the device. */
    float[] exactPages() {
        return copy(0, pages * Pages.SLOTS * dim);
    }

    float[] encodedPages() {
        int size = pages * Pages.SLOTS * dim;
        return copy(size, size);
    }

    /** The first slots of a rule page, in a whole chunk. */
    static float[] ruleChunk(CacheStream stream, int dim) {
        return Arrays.copyOf(rule(stream, dim), Pages.SLOTS * dim);
    }
}
