package io.github.deltallm.engine;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Step;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The next tokens of several sessions of one model, computed together in one step: many short
 * sequences take little longer than one long one.
 *
 * <p>A buffer to be filled, run, and filled again; used by one thread. {@link Session#logits()} of
 * its sessions are not set.
 */
public final class SessionBatch {
    private final Model model;
    private final Step step = new Step();
    private final List<Span> spans = new ArrayList<>();

    /** An empty batch for sessions of a model. */
    public SessionBatch(Model model) {
        this.model = model;
    }

    private record Span(Session session, int[] ids, int from, int count, LogitsSink sink) {}

    /** How many more tokens fit into this step. */
    public int room() {
        return model.executable().maxRows() - step.rows();
    }

    /**
     * Adds the next tokens of a session.
     *
     * @param count how many of {@code ids} from index {@code from} on, 1 to {@link #room()}
     * @param wanted which of them are to have their logits computed
     * @param sink gets those logits; its rows count from the first of these tokens
     * @throws ContextOverflowException if they don't fit into the session
     * @throws InvalidOptionException if a token is outside the vocabulary, or the batch is too full
     * @throws IllegalArgumentException if the session is already in the batch, or of another model
     */
    public void add(
            Session session,
            int[] ids,
            int from,
            int count,
            Step.Logits wanted,
            LogitsSink sink,
            Cancellation cancellation) {
        if (!session.model().equals(model)) {
            throw new IllegalArgumentException("the session is one of another model");
        }
        if (count > room()) {
            throw new InvalidOptionException(
                    count + " tokens do not fit into a step that has room for " + room());
        }
        session.addTo(step, ids, from, count, wanted, cancellation);
        spans.add(new Span(session, ids, from, count, sink));
    }

    /**
     * Computes what was added and empties the batch.
     *
     * @throws io.github.deltallm.api.CancelledException before anything is computed
     */
    public void run(Cancellation cancellation) {
        try {
            cancellation.check();
            if (step.rows() > 0) {
                model.executable().run(step, this::hand);
                spans.forEach(span -> span.session().added(span.ids(), span.from(), span.count()));
            }
        } finally {
            spans.clear();
            step.clear();
        }
    }

    private void hand(int row, MemorySegment logits) {
        int span = 0;
        while (row >= step.firstRow(span + 1)) {
            span++;
        }
        spans.get(span).sink().accept(row - step.firstRow(span), logits);
    }
}
