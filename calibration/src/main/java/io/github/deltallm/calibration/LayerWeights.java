package io.github.deltallm.calibration;

import io.github.deltallm.api.spi.Encoding;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What an error in a layer's keys does to the model's predictions, measured: one layer at a time is
 * encoded, and its weight is the divergence of the predictions over the cost that the layer's
 * curves tell.
 *
 * <p>Weights change smoothly from layer to layer (they follow the growth of the residual stream),
 * the first layers apart. So in deep models not every layer is measured; between those that are,
 * the logarithm is interpolated.
 */
final class LayerWeights {
    /** What a layer leaves unchanged while it is measured. */
    private static final double ZEROS = 0.75;

    /** The first layers are measured one by one. */
    private static final int EARLY = 4;

    /** Of the others every so many. */
    private static final int STRIDE = 3;

    /** Rounding alone makes a divergence that is no smaller. */
    private static final double LEAST_DIVERGENCE = 1e-9;

    private LayerWeights() {}

    /** The layers that are measured, in order; the last one is among them. */
    static List<Integer> measured(int layers) {
        List<Integer> chosen = new ArrayList<>();
        for (int layer = layers - 1; layer >= EARLY; layer -= STRIDE) {
            chosen.add(layer);
        }
        IntStream.range(0, Math.min(EARLY, layers)).forEach(chosen::add);
        Collections.sort(chosen);
        return chosen;
    }

    /**
     * The weight of every layer.
     *
     * @param divergence of the predictions where keys are encoded so
     */
    static double[] of(
            Statistics statistics, WindowSize window, ToDoubleFunction<TrialAttention> divergence) {
        List<Integer> layers = measured(statistics.layers());
        double[] logs = new double[layers.size()];
        for (int i = 0; i < logs.length; i++) {
            int layer = layers.get(i);
            List<HeadStatistics> heads = statistics.layer(layer);
            Allocation allocation =
                    Allocation.even(heads.stream().map(HeadStatistics::curves).toList());
            Allocation.Choice choice = allocation.leaving(ZEROS);
            double measured =
                    divergence.applyAsDouble(
                            onlyIn(layer, encodings(heads, allocation.thresholds(choice)), window));
            double cost = Math.max(allocation.cost(choice), Double.MIN_NORMAL);
            logs[i] = Math.log(Math.max(measured, LEAST_DIVERGENCE) / cost);
        }
        return interpolated(layers, logs, statistics.layers());
    }

    private static List<Encoding.Delta> encodings(
            List<HeadStatistics> heads, float[][] thresholds) {
        List<Encoding.Delta> encodings = new ArrayList<>();
        for (int head = 0; head < thresholds.length; head++) {
            encodings.add(
                    TrialAttention.encoding(
                            thresholds[head], Steps.of(heads.get(head).largestKey())));
        }
        return encodings;
    }

    private static TrialAttention onlyIn(
            int layer, List<Encoding.Delta> encodings, WindowSize window) {
        List<Optional<List<Encoding.Delta>>> keys = new ArrayList<>();
        for (int dense = 0; dense < layer; dense++) {
            keys.add(Optional.empty());
        }
        keys.add(Optional.of(encodings));
        return new TrialAttention(keys, window);
    }

    /** Exponentials of the values between those given for some layers. */
    static double[] interpolated(List<Integer> layers, double[] logs, int count) {
        double[] all = new double[count];
        for (int i = 0; i < logs.length; i++) {
            int from = layers.get(i);
            int to = i + 1 < logs.length ? layers.get(i + 1) : from + 1;
            double next = i + 1 < logs.length ? logs[i + 1] : logs[i];
            for (int layer = from; layer < to; layer++) {
                double part = (double) (layer - from) / (to - from);
                all[layer] = Math.exp(logs[i] + part * (next - logs[i]));
            }
        }
        return all;
    }
}
