package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.TILE_KEYS;
import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import io.github.deltallm.api.spi.HeadShape;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention of many queries to one KV head: a tile's lanes are its (query head, row) pairs, whose
 * queries lie transposed as {@code [half][channel][lane]}. Keys come in tiles of {@link
 * AttentionScratch#TILE_KEYS}. Exact keys and values are matrix products, encoded ones lists of
 * events; the softmax works on columns of lanes.
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
        PrefillTile tile = scratch.tile;
        CpuKvCache cache = step.cache(plan.span(task));
        HeadCache head = cache.head(layer, plan.kvHead(task));
        tile.fill(shape, layer, plan, step, task);
        begin(worker, step, tile, query);
        for (int key = 0; key <= tile.last; key += TILE_KEYS) {
            int count = Math.min(TILE_KEYS, tile.last + 1 - key);
            if (key >= head.sinks() && key + count <= tile.seenFrom) {
                continue;
            }
            boolean changes = tile.seesChanges(head, key, count);
            score(worker, step, head, tile, key, count);
            weigh(scratch, tile, key, count, head.sinks(), changes);
            if (changes) {
                mixEvents(step, tile, key, scratch.weights, scratch);
            } else {
                mix(worker, step, head, tile, key, count);
            }
        }
        finish(worker, tile, out);
        cache.counts().execute(layer, cache.stage(step.position(tile.firstRow)), tile.macs);
    }

    /** Transposes and scales the queries, and clears the tile's state. */
    private void begin(Worker worker, StepState step, PrefillTile tile, Rows query) {
        AttentionScratch scratch = worker.attention;
        for (int lane = 0; lane < tile.lanes(); lane++) {
            int row = tile.row(lane);
            scratch.laneRows[lane] = query.at(row) + 4L * tile.head(lane) * shape.headDim();
            setLane(scratch, 0, lane, -1e30f);
            setLane(scratch, 1, lane, 0);
            setLane(scratch, 3, lane, step.recent(layer, tile.kvHead, row));
            setLane(scratch, 4, lane, step.position(row));
            setLane(scratch, 5, lane, step.boundary(true, layer, tile.kvHead, row));
            setLane(scratch, 6, lane, step.boundary(false, layer, tile.kvHead, row));
        }
        for (int half = 0; half < tile.halves; half++) {
            long to = scratch.queries(half);
            for (int v = 0; v < tile.width; v++) {
                for (int c = 0; c < shape.headDim(); c += N) {
                    Transpose.gathered(
                            query.data(),
                            scratch.laneRows,
                            (half * tile.width + v) * N,
                            4L * c,
                            scratch.queries,
                            to + ((long) c * tile.width + v) * BYTES,
                            (long) tile.width * BYTES,
                            worker.square);
                }
            }
            AttentionColumns.scale(scratch.queries, to, shape.headDim() * tile.width, scale);
            int mixed = scratch.mixed(half);
            Arrays.fill(scratch.mixed, mixed, mixed + scratch.valueRows() * tile.width * N, 0);
        }
    }

    /** Per-lane state: see {@link AttentionColumns}. */
    private static void setLane(AttentionScratch scratch, int which, int lane, float value) {
        scratch.lanes.set(FLOAT, which * scratch.plane() + 4L * lane, value);
    }

    /** Scores of a tile of keys: by events where lanes see them encoded, products elsewhere. */
    private void score(
            Worker worker, StepState step, HeadCache head, PrefillTile tile, int key, int count) {
        AttentionScratch scratch = worker.attention;
        boolean encoded = key < tile.keysTo && key + count > head.sinks();
        if (encoded) {
            EventTile events = step.events(true, tile.span, tile.kvHead).at(key);
            int rows = Math.min(count, tile.keysTo - key);
            EventKernels.scores(
                    tile.width,
                    scratch.queries,
                    scratch.queries(0),
                    scratch.queries(tile.halves - 1),
                    events,
                    rows,
                    head.keys.isCumulative(),
                    scratch.scores,
                    scratch.scores(0),
                    scratch.scores(tile.halves - 1));
            tile.macs += (long) events.events(rows) * tile.lanes();
        }
        if (encoded && key >= head.sinks() && key + count <= tile.keysFrom) {
            return;
        }
        int kernelRows = Tiles.rowsAtATime(tile.width);
        int from = count;
        int to = 0;
        for (int i = 0; i < count; i += RowFormat.BLOCK) {
            if (tile.exact(head, key + i, encoded ? tile.keysFrom : 0)) {
                loadKeys(worker, head, key + i, i);
                from = Math.min(from, i / kernelRows * kernelRows);
                to = Math.min(count, i + RowFormat.BLOCK);
            } else if (!encoded) {
                clearKeys(scratch, i);
            }
        }
        if (!encoded) {
            from = 0;
            to = count;
        }
        int rows = Lanes.ceilDiv(to - from, kernelRows) * kernelRows;
        float[] target = encoded ? scratch.exactScores : scratch.scores;
        for (int half = 0; half < tile.halves; half++) {
            Tiles.pass(
                    tile.width,
                    scratch.queries,
                    scratch.queries(half),
                    shape.headDim(),
                    scratch.keyPanel,
                    from,
                    1,
                    TILE_KEYS,
                    rows,
                    target,
                    scratch.scores(half) + from * tile.width * N,
                    scratch.zerosAt());
            for (int v = 0; v < tile.width && encoded; v++) {
                AttentionColumns.choose(
                        scratch.exactScores,
                        scratch.scores,
                        scratch.scores(half),
                        tile.width,
                        v,
                        scratch.lanes,
                        5 * scratch.plane() + (long) (half * tile.width + v) * BYTES,
                        key,
                        from,
                        to,
                        head.sinks());
            }
        }
        tile.macs += (long) rows * shape.headDim() * tile.lanes();
    }

    /** Decodes a block of exact keys to columns {@code [i, i + 32)} of the panel. */
    private void loadKeys(Worker worker, HeadCache head, int key, int i) {
        AttentionScratch scratch = worker.attention;
        head.keys.exact.expand(key, scratch.block, 0);
        for (int c = 0; c < shape.headDim(); c++) {
            for (int k = 0; k < RowFormat.BLOCK; k += N) {
                FloatVector.fromMemorySegment(
                                F, scratch.block, 4L * (c * RowFormat.BLOCK + k), NATIVE)
                        .intoArray(scratch.keyPanel, c * TILE_KEYS + i + k);
            }
        }
    }

    /** Puts zeros in place of a block that no lane sees exactly. */
    private void clearKeys(AttentionScratch scratch, int i) {
        for (int c = 0; c < shape.headDim(); c++) {
            int at = c * TILE_KEYS + i;
            Arrays.fill(scratch.keyPanel, at, at + RowFormat.BLOCK, 0);
        }
    }

    /** Online softmax: scores become weights, and the sums so far follow the new maximum. */
    private static void weigh(
            AttentionScratch scratch,
            PrefillTile tile,
            int key,
            int count,
            int sinks,
            boolean sums) {
        boolean all = key + count <= tile.first + 1 && tile.seenTo <= key;
        for (int half = 0; half < tile.halves; half++) {
            int scores = scratch.scores(half);
            for (int v = 0; v < tile.width; v++) {
                long column = (long) (half * tile.width + v) * BYTES;
                if (!all) {
                    AttentionColumns.hide(
                            scratch.scores,
                            scores,
                            tile.width,
                            v,
                            scratch.lanes,
                            scratch.plane(),
                            column,
                            key,
                            count,
                            sinks);
                }
                if (AttentionColumns.softmax(
                        scratch.scores,
                        scores,
                        scratch.weights,
                        scratch.weights(half),
                        tile.width,
                        v,
                        scratch.lanes,
                        scratch.plane(),
                        column,
                        count,
                        sums,
                        scratch.register)) {
                    AttentionColumns.correct(
                            scratch.mixed,
                            scratch.mixed(half),
                            tile.width,
                            v,
                            scratch.lanes,
                            2 * scratch.plane() + column,
                            scratch.channels);
                }
            }
        }
    }

    /** Adds a tile's weighted values: by events where lanes see them encoded. */
    private void mix(
            Worker worker, StepState step, HeadCache head, PrefillTile tile, int key, int count) {
        AttentionScratch scratch = worker.attention;
        boolean encoded = key < tile.valuesTo && key + count > head.sinks();
        if (encoded) {
            for (int half = 0; half < tile.halves; half++) {
                for (int v = 0; v < tile.width; v++) {
                    AttentionColumns.last(
                            scratch.weights,
                            scratch.weights(half),
                            scratch.lasting,
                            tile.width,
                            v,
                            scratch.lanes,
                            6 * scratch.plane() + (long) (half * tile.width + v) * BYTES,
                            key,
                            count,
                            head.sinks(),
                            head.values.isCumulative());
                }
            }
            mixEvents(step, tile, key, scratch.lasting, scratch);
        }
        if (encoded && key >= head.sinks() && key + count <= tile.valuesFrom) {
            return;
        }
        for (int i = 0; i < count; i += RowFormat.BLOCK) {
            if (tile.exact(head, key + i, encoded ? tile.valuesFrom : 0)) {
                loadValues(worker, head, key + i, i);
            } else {
                clearValues(scratch, i);
            }
        }
        mixExact(scratch, tile, count);
    }

    /**
     * Adds a tile's encoded values.
     *
     * @param weights what events are multiplied with
     */
    private void mixEvents(
            StepState step,
            PrefillTile tile,
            int key,
            MemorySegment weights,
            AttentionScratch scratch) {
        EventTile events = step.events(false, tile.span, tile.kvHead).at(key);
        EventKernels.mix(
                tile.width,
                weights,
                scratch.weights(0),
                scratch.weights(tile.halves - 1),
                events,
                shape.headDim(),
                scratch.mixed,
                scratch.mixed(0),
                scratch.mixed(tile.halves - 1));
        tile.macs += (long) events.events(shape.headDim()) * tile.lanes();
    }

    private void mixExact(AttentionScratch scratch, PrefillTile tile, int count) {
        int step = Tiles.rowsAtATime(tile.width);
        int rows = Lanes.ceilDiv(shape.headDim(), step) * step;
        int part = Lanes.ceilDiv(count, 2);
        for (int half = 0; half < tile.halves; half++) {
            for (int k = 0; k < count; k += part) {
                Tiles.pass(
                        tile.width,
                        scratch.weights,
                        scratch.weights(half) + (long) k * tile.width * BYTES,
                        Math.min(part, count - k),
                        scratch.valuePanel,
                        k * scratch.channels,
                        1,
                        scratch.channels,
                        rows,
                        scratch.mixed,
                        scratch.mixed(half),
                        -1);
            }
        }
        tile.macs += (long) rows * count * tile.lanes();
    }

    /** Decodes a block of exact values to rows {@code [i, i + 32)} of the panel. */
    private static void loadValues(Worker worker, HeadCache head, int key, int i) {
        AttentionScratch scratch = worker.attention;
        head.values.exact.expand(key, scratch.block, 0);
        int count = RowFormat.BLOCK * scratch.channels;
        MemorySegment.copy(
                scratch.block, FLOAT, 0, scratch.valuePanel, i * scratch.channels, count);
    }

    /** Puts zeros in place of a block that no lane sees exactly. */
    private static void clearValues(AttentionScratch scratch, int i) {
        int at = i * scratch.channels;
        Arrays.fill(scratch.valuePanel, at, at + RowFormat.BLOCK * scratch.channels, 0);
    }

    /** Divides by the sums and writes the rows back. */
    private void finish(Worker worker, PrefillTile tile, Rows out) {
        for (int half = 0; half < tile.halves; half++) {
            for (int v = 0; v < tile.width; v++) {
                finish(worker, tile, half, v, out);
            }
        }
    }

    private void finish(Worker worker, PrefillTile tile, int half, int v, Rows out) {
        AttentionScratch scratch = worker.attention;
        int dim = shape.headDim();
        int mixed = scratch.mixed(half);
        int column = half * tile.width + v;
        AttentionColumns.divide(
                scratch.mixed,
                mixed,
                tile.width,
                v,
                scratch.lanes,
                scratch.plane() + (long) column * BYTES,
                scratch.channels);
        int used = Math.min(N, tile.used() - column * N);
        for (int c = 0; c < dim && used > 0; c += N) {
            Transpose.tile(
                    scratch.mixed,
                    mixed + (c * tile.width + v) * N,
                    tile.width * N,
                    scratch.square,
                    0,
                    BYTES,
                    worker.square);
            for (int i = 0; i < used; i++) {
                int lane = column * N + i;
                long to = out.at(tile.row(lane)) + 4L * (tile.head(lane) * dim + c);
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
