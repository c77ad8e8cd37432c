package io.github.deltallm.backend.opencl;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;
import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Appends a step's keys and values of one layer to the caches, encodes them, and attends. */
final class AttentionLaunch implements Launch {

    private final ClQueue queue;
    private final HeadShape shape;
    private final AttentionStep step;
    private final AttentionScratch scratch;
    private final Op.Attention op;
    private final Activation key;
    private final Activation value;
    private final AttentionKernels attention;
    private final ClKernel append;
    private final ClKernel encode;
    private final ClKernel close;
    private final Resources resources = new Resources();
    private final int parts;
    private final int dim;
    private final int rowLanes;
    private final int encodeLanes;

    AttentionLaunch(
            OpenClDevice device,
            ClQueue queue,
            HeadShape shape,
            AttentionStep step,
            AttentionScratch scratch,
            AttentionTiles tiles,
            Op.Attention op,
            Activation query,
            Activation key,
            Activation value,
            Activation out) {
        this.queue = queue;
        this.shape = shape;
        this.step = step;
        this.scratch = scratch;
        this.op = op;
        this.key = key;
        this.value = value;
        parts = 2 * shape.kvHeads();
        dim = shape.headDim();
        try {
            ClProgram program = AttentionTiles.program(device);
            append = resources.add(program.kernel("cache_append"));
            encode = resources.add(program.kernel("delta_encode"));
            close = resources.add(program.kernel("delta_close"));
            rowLanes = AttentionTiles.lanes(append, 32);
            encodeLanes = AttentionTiles.lanes(encode, dim);
            attention = new AttentionKernels(device, queue, shape, scratch, tiles, op, query, out);
            resources.add(attention, attention::close);
        } catch (RuntimeException | Error e) {
            resources.closeAfter(e);
            throw e;
        }
    }

    @Override
    public void enqueue(StepState state) {
        for (AttentionSpan span : step.spans()) {
            step.closeRows(); // of the span, or the layer, before: its events are overwritten now
            append(span);
            fix(span);
            encode(span);
            if (closes(span)) {
                step.closeLater(span, op.layer(), () -> closeRows(span));
            }
            attention.enqueue(span);
        }
    }

    private void append(AttentionSpan span) {
        CachePool pool = span.cache.pool();
        CacheDirectory directory = span.cache.directory();
        append.arg(0, key.buffer()).arg(1, value.buffer());
        append.arg(2, span.row).arg(3, span.rows).arg(4, span.position);
        append.arg(5, shape.kvHeads()).arg(6, dim);
        append.arg(7, pool.keys(op.layer()).buffer()).arg(8, pool.values(op.layer()).buffer());
        append.arg(9, scratch.lent.get());
        append.arg(10, directory.buffer()).arg(11, directory.at(op.layer()));
        append.arg(12, directory.stride());
        append.arg(13, scratch.status.get()).arg(14, span.errorsAt(op.layer()));
        append.arg(15, span.countsAt(op.layer())).arg(16, span.countStride());
        append.arg(17, span.countFrom).local(18, 4L * rowLanes);
        queue.launch2(append, (long) span.rows * rowLanes, parts, rowLanes, 1);
    }

    /** Takes steps and sigmas from the first rows; waits for them, once a sequence. */
    private void fix(AttentionSpan span) {
        for (int h = 0; h < shape.kvHeads(); h++) {
            CacheHead head = span.cache.head(op.layer(), h);
            fix(span, head, head.keys, true);
            fix(span, head, head.values, false);
        }
    }

    private void fix(AttentionSpan span, CacheHead head, CachePart part, boolean keys) {
        DeltaStream stream = part.stream;
        if (stream != null && stream.fixesAt(span.length())) {
            CachePool pool = span.cache.pool();
            CacheSlab slab = keys ? pool.keys(op.layer()) : pool.values(op.layer());
            stream.fix(
                    part.exact.rows(
                            0, FIRST_ROWS, page -> page.lent ? lent(page) : slab.read(page)));
            span.cache.directory().updateRule(head, keys, stream.rulePlace());
        }
    }

    private int[] lent(CacheExtent page) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(ValueLayout.JAVA_INT, page.words);
            queue.read(scratch.lent.get(), 4L * page.place, copy, 0, 4L * page.words);
            return copy.toArray(ValueLayout.JAVA_INT);
        }
    }

    private boolean encodes(AttentionSpan span) {
        for (int h = 0; h < shape.kvHeads(); h++) {
            CacheHead head = span.cache.head(op.layer(), h);
            if (isFixed(head.keys.stream) || isFixed(head.values.stream)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isFixed(@Nullable DeltaStream stream) {
        return stream != null && stream.isFixed();
    }

    private void encode(AttentionSpan span) {
        if (!encodes(span)) {
            return;
        }
        CachePool pool = span.cache.pool();
        CacheDirectory directory = span.cache.directory();
        encode.arg(0, span.position).arg(1, span.length()).arg(2, span.countFrom);
        encode.arg(3, shape.kvHeads()).arg(4, dim);
        encode.arg(5, pool.keys(op.layer()).buffer()).arg(6, pool.values(op.layer()).buffer());
        encode.arg(7, scratch.lent.get());
        encode.arg(8, directory.buffer()).arg(9, directory.at(op.layer()));
        encode.arg(10, directory.stride());
        encode.arg(11, scratch.info.get()).arg(12, span.infoAt(op.layer()));
        encode.arg(13, scratch.events.get()).arg(14, span.partWords()).arg(15, span.blockWords);
        encode.arg(16, scratch.status.get()).arg(17, span.errorsAt(op.layer()));
        encode.arg(18, span.countsAt(op.layer())).arg(19, span.countStride());
        int lists = Math.max(dim, BLOCK * Math.ceilDiv(dim, Integer.SIZE));
        encode.local(20, 4L * dim).local(21, 4L * dim).local(22, 4L * dim);
        encode.local(23, 4L * lists).local(24, 4L * (lists + Math.ceilDiv(lists, 8)));
        queue.launch1(encode, (long) parts * encodeLanes, encodeLanes);
    }

    /** Closes rows whose events are counted: that decides how much memory they need. */
    private void closeRows(AttentionSpan span) {
        List<Integer> moves = new ArrayList<>();
        for (int h = 0; h < shape.kvHeads(); h++) {
            CacheHead head = span.cache.head(op.layer(), h);
            closeRows(span, head.keys, h, moves, 1);
            closeRows(span, head.values, shape.kvHeads() + h, moves, 0);
        }
        int[] words = moves.stream().mapToInt(Integer::intValue).toArray();
        scratch.moves.reserve(words.length);
        queue.write(scratch.moves.get(), 0, step.kept(words), 0, 4L * words.length);
        CachePool pool = span.cache.pool();
        close.arg(0, scratch.events.get());
        close.arg(1, pool.keys(op.layer()).buffer()).arg(2, pool.values(op.layer()).buffer());
        close.arg(3, scratch.moves.get()).arg(4, words.length / 4);
        queue.launch1(close, (long) words.length / 4 * rowLanes, rowLanes);
    }

    private boolean closes(AttentionSpan span) {
        for (int h = 0; h < shape.kvHeads(); h++) {
            CacheHead head = span.cache.head(op.layer(), h);
            if (closes(head.keys) || closes(head.values)) {
                return true;
            }
        }
        return false;
    }

    private static boolean closes(CachePart part) {
        return part.stream != null && part.nextClosed() * BLOCK > part.closedRows();
    }

    private static void closeRows(
            AttentionSpan span, CachePart part, int index, List<Integer> moves, int isKey) {
        DeltaStream stream = part.stream;
        RowsCounts counts = part.counts;
        if (stream != null && counts != null && closes(part)) {
            stream.close(
                    part.nextClosed(),
                    counts,
                    index * span.partWords(),
                    span.blockWords,
                    (from, to, words) -> moves.addAll(List.of(isKey, from, to.place, words)));
        }
    }

    @Override
    public void close() {
        resources.close();
    }
}
