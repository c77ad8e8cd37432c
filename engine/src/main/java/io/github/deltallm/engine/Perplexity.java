package io.github.deltallm.engine;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * How well a model predicts a text: the exponential of the mean negative log-likelihood.
 *
 * <p>The tokens are cut into consecutive windows; in each, every token but the first is scored
 * given all before it in the window. A short last window counts if it has two tokens or more.
 *
 * @param nll mean negative log-likelihood a scored token, in nats
 * @param tokens number of scored tokens
 * @param nanos time taken
 * @param attention what attention computed, summed over the windows; the bytes are the largest
 *     window's
 */
public record Perplexity(double nll, long tokens, long nanos, AttentionReport attention) {

    /** {@code exp(nll)}. */
    public double value() {
        return Math.exp(nll);
    }

    /** Scored tokens a second. */
    public double tokensPerSecond() {
        return nanos == 0 ? 0 : tokens * 1e9 / nanos;
    }

    /**
     * Measures a text.
     *
     * @param ids its tokens, taken as they are
     * @param window tokens a window, at least 2 and at most the model's context
     * @param progress is told the number of tokens done
     * @throws InvalidOptionException if there are fewer than two tokens, or the window does not fit
     *     the context
     */
    public static Perplexity of(
            Model model,
            AttentionSpec spec,
            int[] ids,
            int window,
            Cancellation cancellation,
            IntConsumer progress) {
        if (ids.length < 2) {
            throw new InvalidOptionException(
                    "a perplexity needs at least 2 tokens, the text has " + ids.length);
        }
        if (window < 2 || window > model.context()) {
            throw new InvalidOptionException(
                    "a window of "
                            + window
                            + " tokens is not from 2 to the context of "
                            + model.context());
        }
        model.requireKnown(ids);
        Scorer scorer = new Scorer(ids, model.vocabulary());
        Optional<AttentionReport> report = Optional.empty();
        long start = System.nanoTime();
        int size = Math.min(window, ids.length);
        for (int from = 0; from + 1 < ids.length; from += Math.min(size, ids.length - from)) {
            int to = from + Math.min(size, ids.length - from);
            try (Session session = model.newSession(spec)) {
                session.declare(to - from);
                score(session, scorer, from, to, cancellation, progress);
                AttentionReport windowReport = session.report();
                report =
                        Optional.of(
                                report.map(sum -> larger(sum, windowReport)).orElse(windowReport));
            }
        }
        long nanos = System.nanoTime() - start;
        return new Perplexity(scorer.sum / scorer.count, scorer.count, nanos, report.orElseThrow());
    }

    private static void score(
            Session session,
            Scorer scorer,
            int from,
            int to,
            Cancellation cancellation,
            IntConsumer progress) {
        int chunk = session.model().executable().maxRows();
        for (int done = from; done < to; ) {
            cancellation.check();
            int rows = Math.min(chunk, to - done);
            scorer.first = done;
            scorer.end = to;
            session.appendScored(scorer.ids, done, rows, scorer::accept, cancellation);
            done += rows;
            progress.accept(done);
        }
    }

    private static AttentionReport larger(AttentionReport sum, AttentionReport next) {
        AttentionReport both = sum.plus(next);
        boolean grown = next.bytes().denseKeys() > sum.bytes().denseKeys();
        return new AttentionReport(
                both.spec(),
                both.requested(),
                both.note(),
                both.prefill(),
                both.decode(),
                both.layers(),
                grown ? next.bytes() : sum.bytes());
    }

    /** Sums the negative log-likelihoods of the tokens that follow the rows of a step. */
    private static final class Scorer {
        private final int[] ids;
        private final float[] logits;
        private int first;
        private int end;
        private double sum;
        private long count;

        Scorer(int[] ids, int vocabulary) {
            this.ids = ids;
            logits = new float[vocabulary];
        }

        void accept(int row, MemorySegment values) {
            int next = first + row + 1;
            if (next >= end) {
                return;
            }
            MemorySegment.copy(values, ValueLayout.JAVA_FLOAT, 0, logits, 0, logits.length);
            double nll = logSumExp(logits) - logits[ids[next]];
            if (!Double.isFinite(nll)) {
                throw new DeltaLlmException(
                        "the model's logits after token "
                                + (next - 1)
                                + " are not finite numbers; its file is probably damaged");
            }
            sum += nll;
            count++;
        }

        private static double logSumExp(float[] logits) {
            float top = Float.NEGATIVE_INFINITY;
            for (float logit : logits) {
                top = Math.max(top, logit);
            }
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit - top);
            }
            return top + Math.log(sum);
        }
    }
}
