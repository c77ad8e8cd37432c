package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;

import java.util.Arrays;

/** Whole models, run for their logits. */
final class ModelRun implements AutoCloseable {
    private final Executable executable;

    ModelRun(Backend backend, Program program, int maxRows) {
        executable = backend.compile(program, maxRows);
    }

    Executable executable() {
        return executable;
    }

    /** All logits of a prompt in a sequence of its own, {@code [tokens, vocabulary]}. */
    float[] logits(int[] tokens, AttentionStrategy strategy, int chunk) {
        try (KvCache cache = executable.newCache(strategy, tokens.length)) {
            cache.declare(tokens.length);
            return logits(cache, tokens, chunk);
        }
    }

    /** All logits of tokens that are appended to a sequence. */
    float[] logits(KvCache cache, int[] tokens, int chunk) {
        float[] all = {};
        for (int from = 0; from < tokens.length; from += chunk) {
            int count = Math.min(chunk, tokens.length - from);
            float[] part = new float[count * executable.program().vocabulary()];
            executable.run(new Step().add(cache, tokens, from, count, Step.Logits.ALL), into(part));
            all = Sequence.joined(all, part);
        }
        return all;
    }

    /** A sink that copies row after row into {@code [rows, vocabulary]}. */
    static LogitsSink into(float[] logits) {
        return (row, values) -> {
            float[] one = LinearRules.floats(values);
            System.arraycopy(one, 0, logits, row * one.length, one.length);
        };
    }

    /** The largest logit's index in one row. */
    static int best(float[] logits, int vocabulary, int row) {
        int best = 0;
        for (int i = 1; i < vocabulary; i++) {
            if (logits[row * vocabulary + i] > logits[row * vocabulary + best]) {
                best = i;
            }
        }
        return best;
    }

    /** How far the largest logit of a row is above the second. */
    static double margin(float[] logits, int vocabulary, int row) {
        float[] sorted = Numbers.rows(logits, vocabulary, row, row + 1);
        Arrays.sort(sorted);
        return (double) sorted[vocabulary - 1] - sorted[vocabulary - 2];
    }

    @Override
    public void close() {
        executable.close();
    }
}
