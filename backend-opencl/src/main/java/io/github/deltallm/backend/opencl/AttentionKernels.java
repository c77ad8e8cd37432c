package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;

/**
 * Attends to one layer's rows: ranges of keys, apart from each other, whose sums are then merged.
 */
final class AttentionKernels implements AutoCloseable {
    private static final int BLOCK = RowsFormat.BLOCK;

    private final ClQueue queue;
    private final HeadShape shape;
    private final AttentionScratch scratch;
    private final AttentionTiles tiles;
    private final Op.Attention op;
    private final Activation query;
    private final Activation out;
    private final Resources resources = new Resources();
    private final ClKernel range;
    private final ClKernel tile;
    private final ClKernel merge;
    private final int dim;

    AttentionKernels(
            OpenClDevice device,
            ClQueue queue,
            HeadShape shape,
            AttentionScratch scratch,
            AttentionTiles tiles,
            Op.Attention op,
            Activation query,
            Activation out) {
        this.queue = queue;
        this.shape = shape;
        this.scratch = scratch;
        this.tiles = tiles;
        this.op = op;
        this.query = query;
        this.out = out;
        dim = shape.headDim();
        try {
            ClProgram program = AttentionTiles.program(device);
            range = resources.add(tiles.rangeProgram(device.programs()).kernel("attention_range"));
            tile = resources.add(program.kernel("attention_tile"));
            merge = resources.add(program.kernel("attention_merge"));
        } catch (RuntimeException | Error e) {
            resources.closeAfter(e);
            throw e;
        }
    }

    void enqueue(AttentionSpan span) {
        int ranges = tiles.ranges(span);
        scratch.partials.reserve((long) span.rows * shape.heads() * ranges * (dim + 2));
        if (tiles.isShort(span)) {
            ranges(span, ranges);
        } else {
            tiles(span, ranges);
        }
        merge.arg(0, scratch.partials.get()).arg(1, span.rows).arg(2, shape.heads()).arg(3, dim);
        merge.arg(4, span.position).arg(5, tiles.rangeKeys(span)).arg(6, ranges);
        merge.arg(7, out.buffer()).arg(8, span.row);
        int lanes = tiles.mergeLanes();
        queue.launch2(merge, (long) span.rows * lanes, shape.heads(), lanes, 1);
    }

    private void ranges(AttentionSpan span, int ranges) {
        int next = shape(range, span);
        range.arg(next, ranges);
        next = rows(range, span, next + 1);
        int queries = tiles.queries();
        range.local(next, 4L * queries * dim);
        range.local(next + 1, 4L * queries * tiles.rangeKeys(span));
        range.local(next + 2, 4L * queries * tiles.rangeKeys(span));
        range.local(next + 3, 8L * queries * tiles.rangeKeys(span) / BLOCK);
        int lanes = tiles.rangeLanes();
        long groups = (long) span.rows * Math.ceilDiv(shape.group(), queries);
        queue.launch3(range, groups * lanes, shape.kvHeads(), ranges, lanes, 1, 1);
    }

    private void tiles(AttentionSpan span, int ranges) {
        int next = shape(tile, span);
        tile.arg(next, tiles.rangeKeys(span)).arg(next + 1, ranges);
        next = rows(tile, span, next + 2);
        int lanes = tiles.lanes(span);
        tile.local(next, 4L * dim * lanes).local(next + 1, 4L * dim * lanes);
        tile.local(next + 2, 4L * BLOCK * lanes).local(next + 3, 4L * BLOCK * lanes);
        tile.local(next + 4, 4L * dim);
        int items = tiles.items(span);
        long count = (long) Math.ceilDiv(span.rows * shape.group(), lanes) * items;
        queue.launch3(tile, count, shape.kvHeads(), ranges, items, 1, 1);
    }

    /** Arguments that both kernels begin with; returns the index of the next one. */
    private int shape(ClKernel kernel, AttentionSpan span) {
        kernel.arg(0, query.buffer()).arg(1, span.row).arg(2, span.rows).arg(3, span.position);
        kernel.arg(4, shape.kvHeads()).arg(5, shape.group()).arg(6, dim).arg(7, op.scale());
        return 8;
    }

    /** Arguments that say where rows lie; returns the index of the next one. */
    private int rows(ClKernel kernel, AttentionSpan span, int at) {
        CachePool pool = span.cache.pool();
        CacheDirectory directory = span.cache.directory();
        kernel.arg(at, pool.keys(op.layer()).buffer());
        kernel.arg(at + 1, pool.values(op.layer()).buffer());
        kernel.arg(at + 2, scratch.lent.get());
        kernel.arg(at + 3, directory.buffer()).arg(at + 4, directory.at(op.layer()));
        kernel.arg(at + 5, directory.stride());
        kernel.arg(at + 6, scratch.info.get()).arg(at + 7, span.recentsAt(op.layer(), 0));
        kernel.arg(at + 8, scratch.events.get());
        kernel.arg(at + 9, span.partWords()).arg(at + 10, span.blockWords);
        kernel.arg(at + 11, scratch.partials.get());
        return at + 12;
    }

    @Override
    public void close() {
        resources.close();
    }
}
