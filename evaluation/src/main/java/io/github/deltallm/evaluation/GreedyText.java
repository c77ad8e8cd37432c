package io.github.deltallm.evaluation;

import io.github.deltallm.api.spi.Step;
import io.github.deltallm.engine.AttentionReport;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Session;
import io.github.deltallm.engine.SessionBatch;
import io.github.deltallm.engine.tokenizer.StreamingDecoder;
import io.github.deltallm.engine.tokenizer.Tokenizer;

/**
 * A prompt's greedy continuation up to a line break, the end of the text, or a number of tokens.
 */
final class GreedyText {
    private final Session session;
    private final Asked asked;
    private final LogLikelihood likelihood;
    private final Tokenizer tokenizer;
    private final StreamingDecoder decoder;
    private final AttentionReport before;
    private final StringBuilder text = new StringBuilder();
    private final int[] next = new int[1];
    private final int most;
    private int tokens;
    private boolean ended;

    /**
     * @param session holds the prompt
     * @param first the first generated token
     */
    GreedyText(Session session, Target target, LogLikelihood likelihood, int first) {
        this.session = session;
        asked = target.asked();
        this.likelihood = likelihood;
        tokenizer = session.model().tokenizer();
        decoder = tokenizer.streamingDecoder();
        before = session.report();
        most =
                Math.min(
                        target.prompt().orElseThrow().maxTokens(),
                        session.capacity() - session.length() + 1);
        generated(first);
    }

    private void generated(int token) {
        if (ended || tokenizer.isEndOfGeneration(token)) {
            ended = true;
            return;
        }
        next[0] = token;
        text.append(decoder.push(token));
        ended = ++tokens >= most || text.indexOf("\n") >= 0;
    }

    boolean ended() {
        return ended;
    }

    /** Adds the last generated token; the next one is drawn when the batch runs. */
    void addTo(SessionBatch batch, Cancellation cancellation) {
        batch.add(
                session,
                next,
                0,
                1,
                Step.Logits.LAST,
                (row, logits) -> {
                    likelihood.take(logits);
                    generated(likelihood.largest());
                },
                cancellation);
    }

    /** Hands over the text and closes the session. */
    void finish() {
        if (text.indexOf("\n") < 0) {
            text.append(decoder.finish());
        }
        int line = text.indexOf("\n");
        asked.generated(line < 0 ? text.toString() : text.substring(0, line));
        AttentionReport now = session.report();
        asked.did(Math.max(0, tokens - 1), before, now);
        asked.held(now.bytes());
        session.close();
    }
}
