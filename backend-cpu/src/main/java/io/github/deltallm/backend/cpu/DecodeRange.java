package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.RANGE_KEYS;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import static java.util.Objects.requireNonNull;

import io.github.deltallm.api.spi.HeadShape;

import org.jspecify.annotations.Nullable;

/** A range of keys as the query of one row sees it; a buffer. */
final class DecodeRange {
    private final HeadShape shape;
    private @Nullable HeadCache cache;
    int position;

    /** Where its weights begin in {@link AttentionScratch#keyWeights}. */
    int weights;

    /** The range's first key, and the one behind its last that the query may see. */
    int first;

    int end;

    /** From where on keys are seen at all, are seen exactly, and values are. */
    int recent;

    int keyBoundary;
    int valueBoundary;
    OpenRows openKeys = new OpenRows();
    OpenRows openValues = new OpenRows();

    /** Multiplications so far. */
    long macs;

    DecodeRange(HeadShape shape) {
        this.shape = shape;
    }

    /** A row's query of one head; {@link #select} is next. */
    void begin(int layer, StepState step, int span, int kvHead, int row) {
        cache = step.cache(span).head(layer, kvHead);
        position = step.position(row);
        recent = step.recent(layer, kvHead, row);
        keyBoundary = step.boundary(true, layer, kvHead, row);
        valueBoundary = step.boundary(false, layer, kvHead, row);
        openKeys = step.open(true, span, kvHead);
        openValues = step.open(false, span, kvHead);
        macs = 0;
    }

    /**
     * A range's keys.
     *
     * @param place of its weights among those of several ranges
     */
    void select(int range, int place, AttentionScratch scratch) {
        first = range * RANGE_KEYS;
        end = Math.min(first + RANGE_KEYS, position + 1);
        weights = place * scratch.quads * 4 * RANGE_KEYS;
    }

    HeadCache head() {
        return requireNonNull(cache);
    }

    /** The encoded keys. */
    SparseRows keys() {
        return requireNonNull(head().keys.sparse);
    }

    /** The encoded values. */
    SparseRows values() {
        return requireNonNull(head().values.sparse);
    }

    /** Whether a key of the range is seen encoded. */
    boolean seesEncoded(int boundary) {
        return Math.min(boundary, end) > Math.max(first, head().sinks());
    }

    /** Whether a key of a block is seen exactly; those after the query are cut off elsewhere. */
    boolean seesExactly(int key, int boundary) {
        return key < head().sinks() || (key + BLOCK > recent && key + BLOCK > boundary);
    }

    /** Multiplications for a block of exact keys or values. */
    long blockMacs(AttentionScratch scratch) {
        return (long) BLOCK * scratch.quads * 4 * shape.headDim();
    }
}
