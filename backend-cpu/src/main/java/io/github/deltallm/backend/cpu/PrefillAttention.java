package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.TILE_KEYS;
import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import io.github.deltallm.api.spi.HeadShape;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention of many queries to one KV head: a tile's lanes are its (query head, row) pairs, whose
 * queries lie transposed as {@code [channel][lane]}. Keys come in tiles of {@link
 * AttentionScratch#TILE_KEYS}; scores, softmax and mix are matrix products and columns over lanes.
 */
final class PrefillAttention {
    private final HeadShape shape;
    private final int layer;
    private final float scale;
    private final AttentionPlan plan;

    PrefillAttention(HeadShape shape, int layer, float scale, AttentionPlan plan) {
        this.shape = shape;
        this.layer = layer;
        this.scale = scale * VectorMath.LOG2_E;
        this.plan = plan;
    }

    /** One tile of queries. */
    void tile(Worker worker, StepState step, int task, Rows query, Rows out) {
        AttentionScratch scratch = worker.attention;
        CpuKvCache cache = step.cache(plan.span(task));
        HeadCache head = cache.head(layer, plan.kvHead(task));
        int first = step.firstRow(plan.span(task)) + plan.first(task);
        int rows = plan.rows(task);
        int last = step.position(first + rows - 1);
        int heads = Math.min(plan.headsATile(), shape.group() - plan.inGroup(task));
        int registers = Lanes.ceilDiv(heads * rows, N);
        int width = Tiles.width(2 * registers - 1);
        begin(worker, step, task, heads, width, query);
        int recent = step.recent(layer, plan.kvHead(task), first);
        long macs = 0;
        for (int key = 0; key <= last; ) {
            if (key >= head.sinks() && key + BLOCK <= recent) {
                key = recent / BLOCK * BLOCK;
                continue;
            }
            int count = Math.min(TILE_KEYS, last + 1 - key);
            boolean all =
                    key + count <= step.position(first) + 1
                            && step.recent(layer, plan.kvHead(task), first + rows - 1) <= key;
            load(worker, head, key, count, recent);
            macs += score(scratch, width, count);
            weigh(scratch, width, key, count, all, head.sinks());
            macs += mix(scratch, width, count);
            key += TILE_KEYS;
        }
        finish(worker, step, task, heads, width, out);
        cache.counts().execute(layer, cache.stage(step.position(first)), macs);
    }

    /** Transposes and scales the queries, and clears the tile's state. */
    private void begin(Worker worker, StepState step, int task, int heads, int width, Rows query) {
        AttentionScratch scratch = worker.attention;
        int rows = plan.rows(task);
        int first = step.firstRow(plan.span(task)) + plan.first(task);
        int firstHead = plan.kvHead(task) * shape.group() + plan.inGroup(task);
        int lanes = width * N;
        for (int lane = 0; lane < lanes; lane++) {
            // Lanes that are left over repeat the last one, so that their numbers are ordinary.
            int used = Math.min(lane, heads * rows - 1);
            int row = first + used % rows;
            int head = firstHead + used / rows;
            scratch.laneRows[lane] = query.at(row) + 4L * head * shape.headDim();
            setLane(scratch, 0, lane, -1e30f);
            setLane(scratch, 1, lane, 0);
            setLane(scratch, 3, lane, step.recent(layer, plan.kvHead(task), row));
            setLane(scratch, 4, lane, step.position(row));
        }
        for (int v = 0; v < width; v++) {
            for (int c = 0; c < shape.headDim(); c += N) {
                Transpose.gathered(
                        query.data(),
                        scratch.laneRows,
                        v * N,
                        4L * c,
                        scratch.queries,
                        ((long) c * width + v) * BYTES,
                        (long) width * BYTES,
                        worker.square);
            }
        }
        AttentionColumns.scale(scratch.queries, shape.headDim() * width, scale);
        Arrays.fill(scratch.mixed, 0, scratch.valueRows() * lanes, 0);
    }

    /** Per-lane state: maximum, sum, correction, first recent key, position. */
    private static void setLane(AttentionScratch scratch, int which, int lane, float value) {
        scratch.lanes.set(FLOAT, ((long) which * scratch.width * N + lane) * 4, value);
    }

    /** Decodes a tile's keys to rows and its values to columns. */
    private void load(Worker worker, HeadCache head, int from, int count, int recent) {
        AttentionScratch scratch = worker.attention;
        for (int i = 0; i < count; i += BLOCK) {
            int key = from + i;
            if (key >= head.sinks() && key + BLOCK <= recent) {
                clear(scratch, i);
                continue;
            }
            head.keys.expand(key, scratch.block, 0);
            for (int k = 0; k < BLOCK; k += N) {
                for (int c = 0; c < shape.headDim(); c += N) {
                    int to = (i + k) * scratch.keyStride + c;
                    square(
                            worker,
                            4L * (c * BLOCK + k),
                            4L * BLOCK,
                            scratch.keyPanel,
                            to,
                            scratch.keyStride);
                }
            }
            head.values.expand(key, scratch.block, 0);
            for (int c = 0; c < scratch.channels; c += N) {
                for (int k = 0; k < BLOCK; k += N) {
                    int to = c * scratch.valueStride + i + k;
                    square(
                            worker,
                            4L * (k * scratch.channels + c),
                            4L * scratch.channels,
                            scratch.valuePanel,
                            to,
                            scratch.valueStride);
                }
            }
        }
    }

    private static void square(
            Worker worker, long from, long fromStride, float[] to, int at, int stride) {
        Transpose.tile(worker.attention.block, from, fromStride, to, at, stride, worker.square);
    }

    /** Puts zeros in place of a block that no lane sees. */
    private static void clear(AttentionScratch scratch, int i) {
        Arrays.fill(scratch.keyPanel, i * scratch.keyStride, (i + BLOCK) * scratch.keyStride, 0);
        for (int c = 0; c < scratch.channels; c++) {
            int at = c * scratch.valueStride + i;
            Arrays.fill(scratch.valuePanel, at, at + BLOCK, 0);
        }
    }

    /** Returns the multiplications. */
    private long score(AttentionScratch scratch, int width, int count) {
        int step = Tiles.rowsAtATime(width);
        int rows = Lanes.ceilDiv(count, step) * step;
        int dim = shape.headDim();
        Tiles.pass(
                width,
                scratch.queries,
                0,
                dim,
                scratch.keyPanel,
                0,
                scratch.keyStride,
                rows,
                scratch.scores,
                0,
                scratch.zerosAt());
        return (long) rows * dim * width * N;
    }

    /** Online softmax: scores become weights, and the sums so far follow the new maximum. */
    private static void weigh(
            AttentionScratch scratch, int width, int key, int count, boolean all, int sinks) {
        long plane = (long) scratch.width * BYTES;
        for (int v = 0; v < width; v++) {
            if (!all) {
                AttentionColumns.hide(
                        scratch.scores, width, v, scratch.lanes, plane, key, count, sinks);
            }
            if (AttentionColumns.softmax(
                    scratch.scores, scratch.weights, width, v, scratch.lanes, plane, count)) {
                AttentionColumns.correct(
                        scratch.mixed, width, v, scratch.lanes, 2 * plane, scratch.channels);
            }
        }
    }

    private long mix(AttentionScratch scratch, int width, int count) {
        int step = Tiles.rowsAtATime(width);
        int rows = Lanes.ceilDiv(shape.headDim(), step) * step;
        int half = Lanes.ceilDiv(count, 2);
        for (int k = 0; k < count; k += half) {
            Tiles.pass(
                    width,
                    scratch.weights,
                    (long) k * width * BYTES,
                    Math.min(half, count - k),
                    scratch.valuePanel,
                    k,
                    scratch.valueStride,
                    rows,
                    scratch.mixed,
                    0,
                    -1);
        }
        return (long) rows * count * width * N;
    }

    /** Divides by the sums and writes the rows back. */
    private void finish(Worker worker, StepState step, int task, int heads, int width, Rows out) {
        AttentionScratch scratch = worker.attention;
        int rows = plan.rows(task);
        int first = step.firstRow(plan.span(task)) + plan.first(task);
        int firstHead = plan.kvHead(task) * shape.group() + plan.inGroup(task);
        int dim = shape.headDim();
        long plane = (long) scratch.width * BYTES;
        for (int v = 0; v < width; v++) {
            AttentionColumns.divide(
                    scratch.mixed, width, v, scratch.lanes, plane, scratch.channels);
            int used = Math.min(N, heads * rows - v * N);
            for (int c = 0; c < dim; c += N) {
                Transpose.tile(
                        scratch.mixed,
                        (c * width + v) * N,
                        width * N,
                        scratch.square,
                        0,
                        BYTES,
                        worker.square);
                for (int i = 0; i < used; i++) {
                    int lane = v * N + i;
                    long to =
                            out.at(first + lane % rows)
                                    + 4L * ((firstHead + lane / rows) * dim + c);
                    if (c + N <= dim) {
                        FloatVector.fromMemorySegment(F, scratch.square, (long) i * BYTES, NATIVE)
                                .intoMemorySegment(out.data(), to, NATIVE);
                    } else {
                        MemorySegment.copy(
                                scratch.square, (long) i * BYTES, out.data(), to, 4L * (dim - c));
                    }
                }
            }
        }
    }
}
