package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.RANGE_KEYS;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;
import static io.github.deltallm.backend.cpu.SparseBlocks.LIST;

import io.github.deltallm.api.spi.Encoding.Events;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Single queries over encoded keys and values: outside the window only masks and packed events are
 * read. Scores of a range are the prefix sums of the products with the events, from the range's
 * anchor on; values are events times the weights of all rows that they last for.
 */
final class SparseDecode {
    private SparseDecode() {}

    /** Scores of a range's encoded keys, for all query heads of a group. */
    static void scores(Worker worker, DecodeRange range) {
        AttentionScratch scratch = worker.attention;
        SparseRows rows = range.keys();
        int to = Math.min(range.end, range.keyBoundary);
        int closed = closedIn(range, rows, to);
        if (closed > range.first) {
            scaleQuery(scratch, rows);
        }
        for (int key = range.first; key < closed; key += BLOCK) {
            for (int quad = 0; quad < scratch.quads; quad++) {
                blockScores(scratch, range, rows, key, quad);
            }
        }
        for (int key = closed; key < to; key += BLOCK) {
            decode(worker, rows, range.openKeys, key);
            for (int quad = 0; quad < scratch.quads; quad++) {
                DecodeKernels.scores(
                        worker.encode.block,
                        0,
                        rows.dim,
                        scratch.query,
                        quad * 4 * rows.dim,
                        scratch.keyWeights,
                        range.weights + quad * 4 * RANGE_KEYS + key - range.first,
                        RANGE_KEYS);
            }
            range.macs += range.blockMacs(scratch);
        }
        if (rows.cumulative()) {
            sum(scratch, rows, range, to);
            range.macs += (long) scratch.quads * 4 * rows.dim;
        }
    }

    /** Position up to which a range's rows are read as they are packed. */
    private static int closedIn(DecodeRange range, SparseRows rows, int to) {
        if (!SparseKernels.FAST) {
            return range.first;
        }
        return Math.clamp(rows.closedRows(), range.first, Lanes.ceilDiv(to, BLOCK) * BLOCK);
    }

    /** The query as the kernel for packed events wants it. */
    private static void scaleQuery(AttentionScratch scratch, SparseRows rows) {
        Events format = rows.format.events;
        float unit = SparseKernels.unit(format);
        int dim = rows.dim;
        for (int quad = 0; quad < scratch.quads; quad++) {
            int at = quad * 4 * dim;
            for (int c = 0; c < dim; c++) {
                float factor = format == Events.INT8 ? rows.steps()[c] * unit : unit;
                for (int h = 0; h < 4; h++) {
                    scratch.stepQuery[at + 4 * c + h] = scratch.query[at + 4 * c + h] * factor;
                }
            }
        }
    }

    private static void blockScores(
            AttentionScratch scratch, DecodeRange range, SparseRows rows, int key, int quad) {
        SparseBlocks format = rows.format;
        int block = key / BLOCK;
        long masks = rows.offset(block);
        long events = masks + format.maskBytes();
        float[] sums = scratch.listSums;
        long end =
                SparseKernels.add(
                        format.events,
                        rows.chunk(block),
                        masks,
                        events,
                        format.listsOfGroup(),
                        scratch.stepQuery,
                        quad * 4 * rows.dim,
                        scratch.noSums,
                        sums,
                        0);
        int to = range.weights + quad * 4 * RANGE_KEYS + key - range.first;
        for (int h = 0; h < 4; h++) {
            SparseKernels.ordered(
                    format.events, sums, h * LIST, scratch.keyWeights, to + h * RANGE_KEYS);
        }
        range.macs += (end - events) / format.eventBytes() * 4;
    }

    /** Decodes a block's events in a block's order; the sequence's first row has none. */
    private static void decode(Worker worker, SparseRows rows, OpenRows open, int row) {
        EncodeScratch encode = worker.encode;
        if (row < rows.closedRows()) {
            rows.events(row, encode.block);
            return;
        }
        encode.rowsToBlock(rows.keys, rows.dim, open.events, open.at(row));
        if (row == 0 && rows.cumulative()) {
            rows.forgetFirstRow(encode.block);
        }
    }

    /** Adds up the scores of the keys before {@code to}, beginning with that of the anchor. */
    private static void sum(AttentionScratch scratch, SparseRows rows, DecodeRange range, int to) {
        float[] anchors = rows.anchors();
        int anchor = range.first / RANGE_KEYS * rows.width;
        int count = Lanes.ceilDiv(to - range.first, BLOCK) * BLOCK;
        for (int quad = 0; quad < scratch.quads; quad++) {
            int q = quad * 4 * rows.dim;
            float a = 0;
            float b = 0;
            float c = 0;
            float d = 0;
            for (int i = 0; i < rows.dim; i++) {
                float value = anchors[anchor + i];
                a = Math.fma(scratch.query[q + 4 * i], value, a);
                b = Math.fma(scratch.query[q + 4 * i + 1], value, b);
                c = Math.fma(scratch.query[q + 4 * i + 2], value, c);
                d = Math.fma(scratch.query[q + 4 * i + 3], value, d);
            }
            int at = range.weights + quad * 4 * RANGE_KEYS;
            DecodeKernels.prefixSums(scratch.keyWeights, at, count, a);
            DecodeKernels.prefixSums(scratch.keyWeights, at + RANGE_KEYS, count, b);
            DecodeKernels.prefixSums(scratch.keyWeights, at + 2 * RANGE_KEYS, count, c);
            DecodeKernels.prefixSums(scratch.keyWeights, at + 3 * RANGE_KEYS, count, d);
        }
    }

    /** Adds a range's encoded values, weighted, to the sums of all query heads of a group. */
    static void mix(Worker worker, DecodeRange range) {
        AttentionScratch scratch = worker.attention;
        SparseRows rows = range.values();
        int to = Math.min(range.end, range.valueBoundary);
        int closed = closedIn(range, rows, to);
        for (int quad = 0; quad < scratch.quads; quad++) {
            split(scratch, range, to, rows.cumulative(), quad);
        }
        if (closed > range.first) {
            mixPacked(scratch, range, rows, closed);
        }
        for (int key = closed; key < to; key += BLOCK) {
            int count = Math.min(BLOCK, to - key);
            decode(worker, rows, range.openValues, key);
            mixBlock(worker.encode.block, rows.width, count, scratch, key - range.first);
            range.macs += range.blockMacs(scratch);
        }
        if (rows.cumulative()) {
            int anchor = range.first / RANGE_KEYS * rows.width;
            for (int c = 0; c < rows.dim; c++) {
                worker.encode.block.set(Lanes.FLOAT, 4L * c, rows.anchors()[anchor + c]);
            }
            mixBlock(worker.encode.block, rows.width, 1, scratch, 0);
            range.macs += (long) scratch.quads * 4 * rows.dim;
        }
    }

    private static void mixBlock(
            MemorySegment block, int width, int count, AttentionScratch scratch, int at) {
        RowFormat.mixFloats(block, width, count, scratch, scratch.exactWeights, at);
    }

    /** Rows before {@code closed}, as they are packed. */
    private static void mixPacked(
            AttentionScratch scratch, DecodeRange range, SparseRows rows, int closed) {
        SparseBlocks format = rows.format;
        int groups = format.groups();
        Arrays.fill(scratch.listSums, 0);
        for (int key = range.first; key < closed; key += BLOCK) {
            int block = key / BLOCK;
            MemorySegment data = rows.chunk(block);
            long masks = rows.offset(block);
            long events = masks + format.maskBytes();
            for (int group = 0; group < groups; group++) {
                long end = events;
                for (int quad = 0; quad < scratch.quads; quad++) {
                    end =
                            SparseKernels.add(
                                    format.events,
                                    data,
                                    masks + 4L * group * BLOCK,
                                    events,
                                    BLOCK,
                                    scratch.factors,
                                    4 * (quad * RANGE_KEYS + key - range.first),
                                    scratch.listSums,
                                    scratch.listSums,
                                    4 * LIST * (quad * groups + group));
                }
                range.macs += (end - events) / format.eventBytes() * 4 * scratch.quads;
                events = end;
            }
        }
        for (int quad = 0; quad < scratch.quads; quad++) {
            for (int group = 0; group < groups; group++) {
                for (int h = 0; h < 4; h++) {
                    int from = 4 * LIST * (quad * groups + group) + h * LIST;
                    int to = (quad * 4 + h) * rows.width + group * LIST;
                    SparseKernels.ordered(
                            format.events, scratch.listSums, from, scratch.listSums, from);
                    addSums(scratch, rows, from, to, group * LIST);
                }
            }
        }
    }

    private static void addSums(
            AttentionScratch scratch, SparseRows rows, int from, int to, int channel) {
        Events format = rows.format.events;
        float unit = SparseKernels.unit(format);
        int count = Math.min(LIST, rows.dim - channel);
        for (int c = 0; c < count; c++) {
            float factor = format == Events.INT8 ? rows.steps()[channel + c] * unit : unit;
            scratch.sums[to + c] =
                    Math.fma(scratch.listSums[from + c], factor, scratch.sums[to + c]);
        }
    }

    /**
     * Moves the weights of encoded rows away from those of exact ones; where an event lasts for all
     * rows behind it, it gets the sum of theirs. For four heads, as rows and as factors of lists.
     */
    private static void split(
            AttentionScratch scratch, DecodeRange range, int to, boolean sum, int quad) {
        int from = Math.clamp(range.head().sinks() - range.first, 0, to - range.first);
        int end = to - range.first;
        int at = quad * 4 * RANGE_KEYS;
        int in = range.weights + at;
        float[] weights = scratch.keyWeights;
        float[] factors = scratch.factors;
        Arrays.fill(factors, at + 4 * end, at + 4 * Lanes.ceilDiv(end, BLOCK) * BLOCK, 0);
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        for (int i = end - 1; i >= 0; i--) {
            boolean seen = i >= from;
            a = (sum ? a : 0) + (seen ? weights[in + i] : 0);
            b = (sum ? b : 0) + (seen ? weights[in + RANGE_KEYS + i] : 0);
            c = (sum ? c : 0) + (seen ? weights[in + 2 * RANGE_KEYS + i] : 0);
            d = (sum ? d : 0) + (seen ? weights[in + 3 * RANGE_KEYS + i] : 0);
            factors[at + 4 * i] = a;
            factors[at + 4 * i + 1] = b;
            factors[at + 4 * i + 2] = c;
            factors[at + 4 * i + 3] = d;
            scratch.exactWeights[at + i] = a;
            scratch.exactWeights[at + RANGE_KEYS + i] = b;
            scratch.exactWeights[at + 2 * RANGE_KEYS + i] = c;
            scratch.exactWeights[at + 3 * RANGE_KEYS + i] = d;
        }
        for (int h = 0; h < 4; h++) {
            Arrays.fill(weights, in + h * RANGE_KEYS + from, in + h * RANGE_KEYS + end, 0);
        }
    }
}
