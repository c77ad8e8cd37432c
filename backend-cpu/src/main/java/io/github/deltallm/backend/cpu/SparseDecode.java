package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.RANGE_KEYS;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.HeadShape;

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
    static void scores(Worker worker, DecodeRange range, HeadShape shape) {
        AttentionScratch scratch = worker.attention;
        SparseRows rows = range.keys();
        int to = Math.min(range.end, range.keyBoundary);
        boolean steps = rows.format.events == Events.INT8 && SparseKernels.FAST;
        if (steps) {
            scaleQuery(scratch, rows.steps());
        }
        for (int key = range.first; key < to; key += BLOCK) {
            int at = key - range.first;
            if (SparseKernels.FAST && key < rows.closedRows()) {
                for (int quad = 0; quad < scratch.quads; quad++) {
                    range.macs +=
                            SparseKernels.scores(
                                    rows,
                                    key / BLOCK,
                                    steps ? scratch.stepQuery : scratch.query,
                                    quad * 4 * rows.dim,
                                    scratch.keyWeights,
                                    quad * 4 * RANGE_KEYS + at);
                }
                continue;
            }
            decode(worker, rows, range.openKeys, key);
            for (int quad = 0; quad < scratch.quads; quad++) {
                DecodeKernels.scores(
                        worker.encode.block,
                        0,
                        rows.dim,
                        scratch.query,
                        quad * 4 * rows.dim,
                        scratch.keyWeights,
                        quad * 4 * RANGE_KEYS + at,
                        RANGE_KEYS);
            }
            range.macs += range.blockMacs(scratch);
        }
        if (rows.cumulative()) {
            sum(scratch, rows, range.first, to, shape.group());
            range.macs += (long) scratch.quads * 4 * rows.dim;
        }
    }

    private static void scaleQuery(AttentionScratch scratch, float[] steps) {
        for (int i = 0; i < scratch.query.length; i++) {
            scratch.stepQuery[i] = scratch.query[i] * steps[i / 4 % steps.length];
        }
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

    /** Adds up the scores of keys {@code [from, to)}, beginning with that of the anchor. */
    private static void sum(
            AttentionScratch scratch, SparseRows rows, int from, int to, int group) {
        float[] anchors = rows.anchors();
        int anchor = from / RANGE_KEYS * rows.width;
        Arrays.fill(scratch.carries, 0);
        for (int quad = 0; quad < scratch.quads; quad++) {
            int q = quad * 4 * rows.dim;
            int carry = quad * 4;
            for (int c = 0; c < rows.dim; c++) {
                float value = anchors[anchor + c];
                for (int h = 0; h < 4; h++) {
                    scratch.carries[carry + h] += scratch.query[q + 4 * c + h] * value;
                }
            }
        }
        int count = Lanes.ceilDiv(to - from, BLOCK) * BLOCK;
        for (int h = 0; h < group; h++) {
            DecodeKernels.prefixSum(scratch.keyWeights, h * RANGE_KEYS, count, scratch.carries[h]);
        }
    }

    /** Adds a range's encoded values, weighted, to the sums of all query heads of a group. */
    static void mix(Worker worker, DecodeRange range, HeadShape shape) {
        AttentionScratch scratch = worker.attention;
        SparseRows rows = range.values();
        int to = Math.min(range.end, range.valueBoundary);
        split(scratch, range, to, rows.cumulative(), shape.group());
        for (int key = range.first; key < to; key += BLOCK) {
            int at = key - range.first;
            int count = Math.min(BLOCK, to - key);
            decode(worker, rows, range.openValues, key);
            mixBlock(worker.encode.block, rows.width, count, scratch, at);
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

    /**
     * Moves the weights of encoded rows away from those of exact ones; where an event lasts for all
     * rows behind it, it gets the sum of theirs.
     */
    private static void split(
            AttentionScratch scratch, DecodeRange range, int to, boolean sum, int group) {
        int from = Math.clamp(range.head().sinks() - range.first, 0, to - range.first);
        int end = to - range.first;
        for (int h = 0; h < group; h++) {
            int at = h * RANGE_KEYS;
            float lasting = 0;
            for (int i = end - 1; i >= 0; i--) {
                float weight = i < from ? 0 : scratch.keyWeights[at + i];
                lasting = sum ? lasting + weight : weight;
                scratch.exactWeights[at + i] = lasting;
            }
            Arrays.fill(scratch.keyWeights, at + from, at + end, 0);
        }
    }
}
