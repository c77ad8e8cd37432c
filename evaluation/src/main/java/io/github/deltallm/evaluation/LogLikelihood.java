package io.github.deltallm.evaluation;

import io.github.deltallm.api.DeltaLlmException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Log-likelihoods of tokens from logits; keeps one row of them. */
final class LogLikelihood {
    private final float[] logits;
    private double logSum;

    LogLikelihood(int vocabulary) {
        logits = new float[vocabulary];
    }

    /**
     * Takes a row.
     *
     * @throws DeltaLlmException if it holds what is no number
     */
    void take(MemorySegment row) {
        MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, 0, logits, 0, logits.length);
        float top = logits[largest()];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - top);
        }
        logSum = top + Math.log(sum);
        if (!Double.isFinite(logSum)) {
            throw new DeltaLlmException(
                    "the model's logits are not finite numbers; its file is probably damaged");
        }
    }

    /** Of a token, in nats. */
    double of(int token) {
        return logits[token] - logSum;
    }

    /** The likeliest token, of equal ones the first. */
    int largest() {
        int largest = 0;
        for (int token = 1; token < logits.length; token++) {
            if (logits[token] > logits[largest]) {
                largest = token;
            }
        }
        return largest;
    }
}
