package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadAttention;
import io.github.deltallm.api.spi.HeadShape;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Writes a step's tables, asking the strategies of its sequences what their queries see. */
final class StepTables {
    private final HeadShape heads;
    private final StepRows rows;
    private final IntArray step;

    StepTables(HeadShape heads, StepRows rows, IntArray step) {
        this.heads = heads;
        this.rows = rows;
        this.step = step;
    }

    /** The most blocks that a query of a step sees. */
    static int blocks(StepRows rows) {
        int blocks = 1;
        for (StepRows.Span span : rows.spans()) {
            int end = span.position() + span.count();
            blocks = Math.max(blocks, Math.ceilDiv(end, Places.BLOCK));
        }
        return blocks;
    }

    /**
     * Fills all tables.
     *
     * @param scores floats between the scores of two heads
     */
    void fill(int scores) {
        int spans = rows.spans().size();
        int streams = 2 * heads.layers() * heads.kvHeads();
        step.set(StepTable.ROWS, rows.count());
        step.set(StepTable.SPANS, spans);
        step.set(StepTable.KV_HEADS, heads.kvHeads());
        step.set(StepTable.HEADS, heads.heads());
        step.set(StepTable.DIM, heads.headDim());
        step.set(StepTable.STREAMS, streams);
        step.set(StepTable.SCORES, scores);
        step.set(StepTable.BLOCKS, blocks(rows));
        int rowTable = StepTable.HEADER;
        int streamTable = rowTable + StepTable.ROW_STRIDE * rows.count();
        int runTable = streamTable + StepTable.STREAM_STRIDE * streams * spans;
        step.set(StepTable.ROW_TABLE, rowTable);
        step.set(StepTable.STREAM_TABLE, streamTable);
        step.set(StepTable.RUN_TABLE, runTable);
        for (int i = 0; i < spans; i++) {
            StepRows.Span span = rows.spans().get(i);
            rows(span, i, rowTable);
            streams(span, streamTable + i * StepTable.STREAM_STRIDE * streams);
            runs(span, runTable);
        }
    }

    private void rows(StepRows.Span span, int index, int table) {
        for (int i = 0; i < span.count(); i++) {
            int at = table + (span.row() + i) * StepTable.ROW_STRIDE;
            step.set(at, rows.token(span.row() + i));
            step.set(at + 1, span.position() + i);
            step.set(at + 2, index);
        }
    }

    private void streams(StepRows.Span span, int table) {
        CacheStream[] streams = span.cache().streams();
        for (int i = 0; i < streams.length; i++) {
            int end = span.position() + span.count();
            int at = table + i * StepTable.STREAM_STRIDE;
            stream(step, at, streams[i], streams[i].encodeFrom(end), end);
        }
    }

    /**
     * Writes how the rows of a stream are kept.
     *
     * @param from the first row to encode; -1 if none is
     */
    static void stream(IntArray step, int at, CacheStream stream, int from, int end) {
        flag(step, at + StepTable.STORE_F32, stream.store() == Store.F32);
        flag(step, at + StepTable.STORE_BF16, stream.store() == Store.BF16);
        flag(step, at + StepTable.STORE_STEPS, stream.mostSteps() > 0);
        step.set(at + StepTable.MOST_STEPS, stream.mostSteps());
        flag(step, at + StepTable.PRUNED, stream.pruned());
        step.set(at + StepTable.ENCODE_FROM, Math.max(0, from));
        step.set(at + StepTable.ENCODE_TO, from < 0 ? 0 : end);
        flag(step, at + StepTable.EVENTS_F32, stream.events() == Events.F32);
        flag(step, at + StepTable.EVENTS_BF16, stream.events() == Events.BF16);
        flag(step, at + StepTable.EVENTS_INT8, stream.events() == Events.INT8);
        flag(step, at + StepTable.CHECKED, !stream.exact());
        step.set(at + StepTable.ROW_WORDS, stream.blocks.format.rowWords());
    }

    private static void flag(IntArray step, int at, boolean set) {
        step.set(at, set ? 1 : 0);
    }

    private void runs(StepRows.Span span, int table) {
        int layerHeads = heads.layers() * heads.kvHeads();
        VisibleRuns[] seen = new VisibleRuns[layerHeads * span.count()];
        CacheStream[] streams = span.cache().streams();
        for (int layerHead = 0; layerHead < layerHeads; layerHead++) {
            HeadAttention head = streams[2 * layerHead].head;
            for (int i = 0; i < span.count(); i++) {
                VisibleRuns runs =
                        VisibleRuns.of(span.cache().sequence(), head, span.position() + i);
                seen[layerHead * span.count() + i] = runs;
                int at = table + (layerHead * rows.count() + span.row() + i) * StepTable.RUN_STRIDE;
                step.set(at + StepTable.MIDDLE, runs.middle());
                step.set(at + StepTable.RECENT, runs.recent());
                step.set(at + StepTable.RESUMED, runs.dropped() ? runs.recent() : runs.middle());
                ends(at + StepTable.KEYS_EXACT, runs, streams[2 * layerHead]);
                ends(at + StepTable.VALUES_EXACT, runs, streams[2 * layerHead + 1]);
            }
        }
        span.cache().see(seen);
    }

    /** Ends of a middle that is seen exactly, pruned or encoded. */
    private void ends(int at, VisibleRuns runs, CacheStream stream) {
        boolean encoded = runs.length() - 1 >= stream.encodedFor();
        int end = runs.dropped() ? runs.middle() : runs.recent();
        step.set(at, encoded ? runs.middle() : end);
        step.set(at + 1, encoded && stream.pruned() ? end : runs.middle());
        step.set(at + 2, encoded && stream.delta() ? end : runs.middle());
    }
}
