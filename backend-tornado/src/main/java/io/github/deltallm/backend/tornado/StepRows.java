package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.RunCheck;
import io.github.deltallm.api.spi.Step;

import java.util.ArrayList;
import java.util.List;

/** A checked step: its spans with their caches, and for each row its span and position. */
final class StepRows {
    /**
     * Consecutive rows of one sequence.
     *
     * @param row the first of them
     * @param position of the first row
     */
    record Span(TornadoCache cache, int row, int count, int position, Step.Logits logits) {
        /** Whether the step asks for the logits of a row. */
        boolean wanted(int stepRow) {
            return switch (logits) {
                case NONE -> false;
                case LAST -> stepRow == row + count - 1;
                case ALL -> true;
            };
        }
    }

    private final Step step;
    private final List<Span> spans = new ArrayList<>();

    /** A step that is checked apart from its caches. */
    StepRows(Step step, TornadoExecutable executable) {
        this.step = step;
        for (int span = 0; span < step.spans(); span++) {
            spans.add(span(span, executable));
        }
    }

    private Span span(int span, TornadoExecutable executable) {
        KvCache given = step.cache(span);
        if (!(given instanceof TornadoCache cache) || !cache.belongsTo(executable)) {
            throw RunCheck.foreignCache(span);
        }
        cache.requireOpen();
        int count = step.rows(span);
        cache.sequence().requireRoom(count);
        return new Span(cache, step.firstRow(span), count, cache.length(), step.logits(span));
    }

    int count() {
        return step.rows();
    }

    int token(int row) {
        return step.token(row);
    }

    List<Span> spans() {
        return spans;
    }

    Span spanOf(int row) {
        for (Span span : spans) {
            if (row < span.row() + span.count()) {
                return span;
            }
        }
        throw new IllegalArgumentException("the step has no row " + row);
    }

    int position(int row) {
        Span span = spanOf(row);
        return span.position() + row - span.row();
    }
}
