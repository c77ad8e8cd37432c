package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.engine.AttentionReport;

import java.util.List;

/** Collects what one question of a group gets. */
final class Asked {
    private final Question question;
    private final List<double[]> logLikelihoods;
    private String text = "";
    private long tokens;
    private AttentionCounts prefill = AttentionCounts.ZERO;
    private AttentionCounts decode = AttentionCounts.ZERO;
    private CacheBytes bytes = CacheBytes.ZERO;

    Asked(Question question) {
        this.question = question;
        logLikelihoods =
                question.sequences().stream()
                        .map(sequence -> new double[sequence.ids().length - sequence.scoredFrom()])
                        .toList();
    }

    Question question() {
        return question;
    }

    /** Where the log-likelihoods of a sequence's scored tokens go. */
    double[] logLikelihoods(int sequence) {
        return logLikelihoods.get(sequence);
    }

    void generated(String continuation) {
        text = continuation;
    }

    /** Adds what a session has done since an earlier report, for this question first of all. */
    void did(long computed, AttentionReport since, AttentionReport now) {
        tokens += computed;
        prefill = prefill.plus(now.prefill().minus(since.prefill()));
        decode = decode.plus(now.decode().minus(since.decode()));
    }

    /** A session of this question has ended. */
    void held(CacheBytes atTheEnd) {
        bytes = Usage.larger(bytes, atTheEnd);
    }

    Question.Answers answers() {
        return new Question.Answers(logLikelihoods, text);
    }

    /** What it took; the time is not known here. */
    Usage usage() {
        return new Usage(tokens, 0, prefill, decode, bytes);
    }
}
