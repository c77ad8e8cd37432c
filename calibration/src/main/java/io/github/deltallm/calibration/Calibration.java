package io.github.deltallm.calibration;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds the thresholds that skip the most work while the perplexity of a text stays within a
 * budget.
 *
 * <ol>
 *   <li>The text runs once, densely. From its queries, keys and values follows, for every channel
 *       and a ladder of thresholds, what they leave unchanged and what that costs ({@link
 *       KeySensitivity}, {@link ThresholdCurves}).
 *   <li>Some layers are encoded one at a time: what their errors do to the predictions gives each
 *       layer its weight ({@link LayerWeights}).
 *   <li>A fraction of unchanged elements is shared out at equal marginal cost ({@link Allocation}).
 *   <li>How large it may be is found by bisection, with trials on the whole text.
 * </ol>
 *
 * <p>The same model, text, options and backend give the same profile.
 */
public final class Calibration {
    /** The budget is met to less than a hundredth of the zeros. */
    private static final int BISECTIONS = 7;

    private final Model model;
    private final CalibrationOptions options;
    private final List<int[]> sequences;

    private Calibration(Model model, int[] ids, CalibrationOptions options) {
        this.model = model;
        this.options = options;
        sequences = sequences(ids, model.context(), options);
    }

    /**
     * Calibrates a model.
     *
     * @param ids the text's tokens, taken as they are; the first {@link CalibrationOptions#tokens}
     *     are used
     * @throws InvalidOptionException if there are too few tokens for what is asked for
     * @throws DeltaLlmException if no thresholds keep the budget
     * @throws io.github.deltallm.api.CancelledException between chunks
     */
    public static CalibrationResult run(
            Model model,
            int[] ids,
            CalibrationOptions options,
            Cancellation cancellation,
            CalibrationListener listener) {
        return new Calibration(model, ids, options).run(cancellation, listener);
    }

    /** Cuts the text; a last piece that is too short is left out. */
    private static List<int[]> sequences(int[] ids, int context, CalibrationOptions options) {
        int end = Math.min(ids.length, options.tokens());
        int length = Math.min(Math.min(options.sequence(), context), end);
        if (length < CalibrationOptions.FEWEST_TOKENS) {
            throw new InvalidOptionException(
                    "a calibration needs sequences of at least "
                            + CalibrationOptions.FEWEST_TOKENS
                            + " tokens, but "
                            + (end <= context
                                    ? "the text has " + ids.length
                                    : "the context is " + context));
        }
        List<int[]> sequences = new ArrayList<>();
        for (int from = 0; end - from >= CalibrationOptions.FEWEST_TOKENS; from += length) {
            sequences.add(Arrays.copyOfRange(ids, from, Math.min(end, from + length)));
        }
        if (2 * options.window().of(length) > length) {
            throw new InvalidOptionException(
                    "a window of "
                            + options.window()
                            + " leaves too few keys of a sequence of "
                            + length
                            + " tokens to calibrate on; give a smaller window or longer sequences");
        }
        return sequences;
    }

    private CalibrationResult run(Cancellation cancellation, CalibrationListener listener) {
        Progress progress = new Progress(listener, work());
        try (Probe probe = new Probe(model, cancellation, progress::add)) {
            Trials trials = new Trials(probe, sequences);
            Statistics statistics = Statistics.of(probe, sequences, options.window());
            double[] weights =
                    LayerWeights.of(
                            statistics,
                            options.window(),
                            attention -> trials.of(attention, 1).divergence());
            return search(trials, statistics, weights);
        }
    }

    private CalibrationResult search(Trials trials, Statistics statistics, double[] weights) {
        ProfileMaker maker =
                new ProfileMaker(
                        model.identity(),
                        options.withCalibratedOn(description()),
                        statistics,
                        weights);
        Optional<CalibrationResult> best = Optional.empty();
        double low = 0;
        double high = 1;
        for (int i = 0; i < BISECTIONS; i++) {
            double zeros = (low + high) / 2;
            CalibrationProfile profile = maker.leaving(zeros);
            CalibrationResult found = result(trials, profile);
            if (loss(found) <= options.budget()) {
                best = Optional.of(found);
                low = zeros;
            } else {
                high = zeros;
            }
        }
        return best.orElseThrow(() ->
                new DeltaLlmException(
                        "no thresholds were found that keep the perplexity within "
                                + 100 * options.budget()
                                + " %; allow a larger budget"));
    }

    private String description() {
        String text = options.calibratedOn().isEmpty() ? "a text" : options.calibratedOn();
        return String.format(
                Locale.ROOT,
                "%s: %d tokens in sequences of %d",
                text,
                tokens(),
                sequences.getFirst().length);
    }

    private int tokens() {
        return sequences.stream().mapToInt(ids -> ids.length).sum();
    }

    private CalibrationResult result(Trials trials, CalibrationProfile profile) {
        Trials.Outcome outcome = trials.of(TrialAttention.of(profile, options.window()));
        return new CalibrationResult(
                profile,
                tokens(),
                Math.exp(trials.denseNll()),
                Math.exp(outcome.nll()),
                outcome.divergence(),
                outcome.attention());
    }

    /**
     * The perplexity of one text moves by chance. Were the text drawn from the model, the mean rise
     * of its negative log-likelihood would be the divergence, which has no such noise; on eight
     * natural texts both came to about the same on average. So neither may be above the budget.
     */
    private static double loss(CalibrationResult result) {
        return Math.max(result.perplexityChange(), Math.expm1(result.divergence()));
    }

    /** Tokens to be read in all. */
    private long work() {
        HeadShape heads = model.heads();
        long all = 0;
        for (int[] ids : sequences) {
            all += (long) ids.length * (1 + Statistics.runs(heads, ids.length) + BISECTIONS);
        }
        int layers = LayerWeights.measured(heads.layers()).size();
        return all + (long) layers * sequences.getFirst().length;
    }

    /** Adds up tokens. */
    private static final class Progress {
        private final CalibrationListener listener;
        private final long total;
        private long done;

        Progress(CalibrationListener listener, long total) {
            this.listener = listener;
            this.total = total;
        }

        void add(int tokens) {
            done += tokens;
            listener.progress(done, total);
        }
    }
}
