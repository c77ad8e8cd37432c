package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
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
            int end = span.position() + span.count();
            int from = stream.encodeFrom(end);
            flag(at + StepTable.STORE_F32, stream.store() == Store.F32);
            flag(at + StepTable.STORE_BF16, stream.store() == Store.BF16);
            flag(at + StepTable.STORE_STEPS, stream.mostSteps() > 0);
            step.set(at + StepTable.MOST_STEPS, stream.mostSteps());
            flag(at + StepTable.PRUNED, stream.pruned());
            step.set(at + StepTable.ENCODE_FROM, Math.max(0, from));
            step.set(at + StepTable.ENCODE_TO, from < 0 ? 0 : end);
            flag(at + StepTable.EVENTS_F32, stream.events() == Events.F32);
            flag(at + StepTable.EVENTS_BF16, stream.events() == Events.BF16);
            flag(at + StepTable.EVENTS_INT8, stream.events() == Events.INT8);
            flag(at + StepTable.CHECKED, !stream.exact());
        }
    }

    private void flag(int at, boolean set) {
        step.set(at, set ? 1 : 0);
    }

    private void runs(StepRows.Span span, int table) {
        int layerHeads = heads.layers() * heads.kvHeads();
        VisibleRuns[] seen = new VisibleRuns[layerHeads * span.count()];
        for (int layerHead = 0; layerHead < layerHeads; layerHead++) {
            int layer = layerHead / heads.kvHeads();
            int head = layerHead % heads.kvHeads();
            for (int i = 0; i < span.count(); i++) {
                VisibleRuns runs = span.cache().windows().runs(layer, head, span.position() + i);
                seen[layerHead * span.count() + i] = runs;
                int at = table + (layerHead * rows.count() + span.row() + i) * StepTable.RUN_STRIDE;
                CacheStream[] streams = span.cache().streams();
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
