package io.github.deltallm.calibration;

import io.github.deltallm.api.spi.ModelIdentity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/** Makes profiles that leave more or less unchanged. */
final class ProfileMaker {
    private final ModelIdentity model;
    private final CalibrationOptions options;
    private final Statistics statistics;
    private final Allocation allocation;

    /**
     * For a model.
     *
     * @param weights of the layers
     */
    ProfileMaker(
            ModelIdentity model,
            CalibrationOptions options,
            Statistics statistics,
            double[] weights) {
        this.model = model;
        this.options = options;
        this.statistics = statistics;
        List<ThresholdCurves> curves = new ArrayList<>();
        List<Double> headWeights = new ArrayList<>();
        for (int layer = 0; layer < statistics.layers(); layer++) {
            for (HeadStatistics head : statistics.layer(layer)) {
                curves.add(head.curves());
                headWeights.add(weights[layer]);
            }
        }
        allocation =
                new Allocation(
                        curves, headWeights.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /**
     * The profile that leaves this fraction of the recorded elements unchanged, or a little less.
     */
    CalibrationProfile leaving(double zeroFraction) {
        float[][] thresholds = allocation.thresholds(allocation.leaving(zeroFraction));
        List<List<CalibrationProfile.Head>> layers = new ArrayList<>();
        int next = 0;
        for (int layer = 0; layer < statistics.layers(); layer++) {
            List<CalibrationProfile.Head> heads = new ArrayList<>();
            for (HeadStatistics head : statistics.layer(layer)) {
                heads.add(head(head, thresholds[next++]));
            }
            layers.add(heads);
        }
        return new CalibrationProfile(
                model.sha256(),
                model.size(),
                options.calibratedOn(),
                options.budget(),
                1,
                options.window().text(),
                layers);
    }

    /** A channel that never was anything but 0 has the threshold 0. */
    private static CalibrationProfile.Head head(HeadStatistics statistics, float[] thresholds) {
        double mean =
                Math.exp(
                        stream(thresholds)
                                .filter(threshold -> threshold > 0)
                                .map(Math::log)
                                .average()
                                .orElse(0));
        float theta = ProfileJson.rounded(mean);
        float[] weights = new float[thresholds.length];
        for (int c = 0; c < weights.length; c++) {
            weights[c] = ProfileJson.rounded(thresholds[c] / theta);
        }
        return new CalibrationProfile.Head(
                theta,
                weights,
                Steps.of(statistics.largestKey()),
                ProfileJson.rounded(statistics.valueSigma()),
                Steps.of(statistics.largestValue()));
    }

    private static DoubleStream stream(float[] numbers) {
        double[] wide = new double[numbers.length];
        Arrays.setAll(wide, c -> numbers[c]);
        return Arrays.stream(wide);
    }
}
