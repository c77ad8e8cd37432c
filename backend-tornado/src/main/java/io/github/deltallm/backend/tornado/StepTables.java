package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.HeadShape;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Writes a step's tables, asking the strategies of its sequences what their queries see. */
final class StepTables {
    private final HeadShape heads;
    private final StepRows rows;
    private final IntArray step;
    private int end;

    StepTables(HeadShape heads, StepRows rows, IntArray step) {
        this.heads = heads;
        this.rows = rows;
        this.step = step;
    }

    /** The most pages that a query of a step sees. */
    static int pages(StepRows rows) {
        int pages = 1;
        for (StepRows.Span span : rows.spans()) {
            pages = Math.max(pages, PageList.pagesOf(span.position() + span.count()));
        }
        return pages;
    }

    /**
     * Fills all tables; the sequences have their pages.
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
        step.set(StepTable.PAGES, pages(rows));
        int rowTable = StepTable.HEADER;
        int spanTable = rowTable + StepTable.ROW_STRIDE * rows.count();
        int streamTable = spanTable + StepTable.SPAN_STRIDE * spans;
        int runTable = streamTable + StepTable.STREAM_STRIDE * streams * spans;
        step.set(StepTable.ROW_TABLE, rowTable);
        step.set(StepTable.SPAN_TABLE, spanTable);
        step.set(StepTable.STREAM_TABLE, streamTable);
        step.set(StepTable.RUN_TABLE, runTable);
        end = runTable + StepTable.RUN_STRIDE * (streams / 2) * rows.count();
        for (int i = 0; i < spans; i++) {
            StepRows.Span span = rows.spans().get(i);
            rows(span, i, rowTable);
            span(span, spanTable + i * StepTable.SPAN_STRIDE);
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

    private void span(StepRows.Span span, int at) {
        step.set(at + StepTable.FIRST_ROW, span.row());
        step.set(at + StepTable.COUNT, span.count());
        step.set(at + StepTable.POSITION, span.position());
        step.set(at + StepTable.EXACT_PAGES, list(span.cache().exactPages()));
        step.set(at + StepTable.ENCODED_PAGES, list(span.cache().encodedPages()));
        step.set(at + StepTable.RULE_PAGE, span.cache().rulePage());
    }

    private int list(PageList pages) {
        int first = end;
        for (int i = 0; i < pages.count(); i++) {
            step.set(end++, pages.page(i));
        }
        return first;
    }

    private void streams(StepRows.Span span, int table) {
        CacheStream[] streams = span.cache().streams();
        for (int i = 0; i < streams.length; i++) {
            int at = table + i * StepTable.STREAM_STRIDE;
            CacheStream stream = streams[i];
            step.set(at + StepTable.MODE, stream.mode());
            step.set(at + StepTable.STORE, stream.store());
            step.set(
                    at + StepTable.ENCODE_FROM,
                    stream.encodeFrom(span.position() + span.count()));
            step.set(at + StepTable.ENCODED_FOR, stream.encodedFor());
            step.set(at + StepTable.DROPPED, span.cache().dropsMiddle(i / 2) ? 1 : 0);
        }
    }

    private void runs(StepRows.Span span, int table) {
        int layerHeads = heads.layers() * heads.kvHeads();
        VisibleRuns[] seen = new VisibleRuns[layerHeads * span.count()];
        for (int layerHead = 0; layerHead < layerHeads; layerHead++) {
            int layer = layerHead / heads.kvHeads();
            int head = layerHead % heads.kvHeads();
            for (int i = 0; i < span.count(); i++) {
                VisibleRuns runs =
                        span.cache().windows().runs(layer, head, span.position() + i);
                seen[layerHead * span.count() + i] = runs;
                int at =
                        table
                                + (layerHead * rows.count() + span.row() + i)
                                        * StepTable.RUN_STRIDE;
                step.set(at, runs.middle());
                step.set(at + 1, runs.recent());
            }
        }
        span.cache().see(seen);
    }
}
