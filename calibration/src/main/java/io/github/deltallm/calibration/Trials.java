package io.github.deltallm.calibration;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.AttentionStrategy;

import java.util.ArrayList;
import java.util.List;

/** Runs a text under different attentions and compares the predictions with the dense ones. */
final class Trials {
    private final Probe probe;
    private final List<int[]> sequences;
    private final List<Predictions> dense = new ArrayList<>();
    private final double denseNll;

    /** Runs the sequences densely. */
    Trials(Probe probe, List<int[]> sequences) {
        this.probe = probe;
        this.sequences = sequences;
        double[] nll = new double[1];
        long count = 0;
        for (int[] ids : sequences) {
            Predictions predictions = new Predictions(ids, probe.vocabulary());
            probe.score(
                    TrialAttention.dense(),
                    ids,
                    (position, logits) -> nll[0] += predictions.keep(position, logits));
            dense.add(predictions);
            count += predictions.count();
        }
        denseNll = nll[0] / count;
    }

    /** The mean negative log-likelihood of a token with dense attention, in nats. */
    double denseNll() {
        return denseNll;
    }

    /**
     * What came of a trial.
     *
     * @param nll mean negative log-likelihood of a token, in nats
     * @param divergence mean divergence of the predictions from the dense ones, in nats
     * @param attention what attention computed
     */
    record Outcome(double nll, double divergence, AttentionCounts attention) {}

    /** Tries an attention on all of the text. */
    Outcome of(AttentionStrategy strategy) {
        return of(strategy, sequences.size());
    }

    /** Tries an attention on the first sequences. */
    Outcome of(AttentionStrategy strategy, int count) {
        double[] sums = new double[2];
        long scored = 0;
        AttentionCounts counts = AttentionCounts.ZERO;
        for (int s = 0; s < count; s++) {
            Predictions predictions = dense.get(s);
            counts =
                    counts.plus(
                            probe.score(
                                    strategy,
                                    sequences.get(s),
                                    (position, logits) -> {
                                        var found = predictions.compare(position, logits);
                                        sums[0] += found.nll();
                                        sums[1] += found.divergence();
                                    }));
            scored += predictions.count();
        }
        return new Outcome(sums[0] / scored, sums[1] / scored, counts);
    }
}
