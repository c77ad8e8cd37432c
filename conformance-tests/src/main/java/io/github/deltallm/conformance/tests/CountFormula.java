package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.KvStream.Kind;

/** What the definition counts for one layer of a trial, pair by pair. */
record CountFormula(DeltaTrial trial, Declared declared) {
    /** All counts but the executed MACs, which are given. */
    AttentionCounts of(Stage stage, long executed) {
        long[] keys = new long[4];
        long[] values = new long[4];
        HeadShape heads = trial.heads();
        for (int head = 0; head < heads.kvHeads(); head++) {
            add(keys, head, Kind.KEYS, stage);
            add(values, head, Kind.VALUES, stage);
        }
        return new AttentionCounts(
                keys[0], keys[1], keys[2], keys[3], values[0], values[1], values[2], values[3],
                executed);
    }

    /** Adds elements, unchanged elements, MACs and cost of a head. */
    private void add(long[] sums, int head, Kind kind, Stage stage) {
        HeadShape heads = trial.heads();
        int dim = heads.headDim();
        DeltaFormula encoded =
                declared.encoding(head, kind) instanceof Encoding.Delta
                        ? trial.encoded(declared, head, kind)
                        : null;
        float[] exact = trial.exact(declared, head, kind);
        for (int i = 0; i < trial.length(); i++) {
            if (declared.inPrompt(i) != (stage == Stage.PREFILL)) {
                continue;
            }
            if (encoded != null && i < encoded.count()) {
                sums[0] += dim;
                sums[1] += dim - encoded.changes(i, dim);
            }
            sums[2] += (long) (i + 1) * dim * heads.group();
            int recent = declared.recent(head, i);
            int middle = Math.min(declared.sinks(head), recent);
            for (int j = 0; j <= i; j++) {
                int cost = dim;
                if (j >= middle && j < recent && declared.drops(head)) {
                    cost = 0;
                } else if (j >= middle && j < recent && declared.encoded(head, kind, i)) {
                    if (encoded == null) {
                        cost = nonzero(declared.encoding(head, kind), exact, j * dim, dim);
                    } else {
                        cost = j == middle ? dim : encoded.changes(j, dim);
                    }
                }
                sums[3] += (long) cost * heads.group();
            }
        }
    }

    private static int nonzero(Encoding encoding, float[] exact, int at, int dim) {
        float theta = ((Encoding.Pruned) encoding).theta();
        int nonzero = 0;
        for (int c = 0; c < dim; c++) {
            nonzero += Math.abs(exact[at + c]) > theta ? 1 : 0;
        }
        return nonzero;
    }
}
