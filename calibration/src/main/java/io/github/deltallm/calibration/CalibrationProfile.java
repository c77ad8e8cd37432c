package io.github.deltallm.calibration;

import java.nio.file.Path;
import java.util.List;

/**
 * Thresholds of delta attention for one model, and what else its caches need to know of it.
 *
 * <p>The threshold of a channel is {@code theta * head.theta * head.queryWeight[channel]}.
 * Immutable by convention: its arrays are not to be changed.
 *
 * @param modelSha256 of the model file, in lower-case hexadecimal
 * @param modelBytes size of the model file
 * @param calibratedOn what the text was
 * @param budget by how much the perplexity might rise, as a fraction
 * @param theta multiplies all thresholds
 * @param window the exact window that it is for, such as {@code 5%}
 * @param layers the KV heads of each layer
 */
public record CalibrationProfile(
        String modelSha256,
        long modelBytes,
        String calibratedOn,
        double budget,
        float theta,
        String window,
        List<List<Head>> layers) {
    public CalibrationProfile {
        layers = layers.stream().map(List::copyOf).toList();
    }

    /**
     * One KV head.
     *
     * @param theta the geometric mean of its thresholds
     * @param queryWeight the threshold of each channel as a multiple of that: small where queries
     *     that attend beyond the window are large
     * @param steps of each key channel: a whole number of them is an int8 event
     * @param valueSigma standard deviation of the head's values over all channels and tokens
     * @param valueSteps as {@code steps}, for values
     */
    public record Head(
            float theta, float[] queryWeight, float[] steps, float valueSigma, float[] valueSteps) {

        /** The threshold of each channel. */
        public float[] thresholds(float common) {
            float[] thresholds = new float[queryWeight.length];
            for (int c = 0; c < thresholds.length; c++) {
                thresholds[c] = (float) ((double) common * theta * queryWeight[c]);
            }
            return thresholds;
        }
    }

    /** The profile as JSON, as {@link #write} writes it. */
    public String json() {
        return ProfileJson.of(this);
    }

    /**
     * Checks whether a profile can be written, before a calibration takes its time.
     *
     * @throws io.github.deltallm.api.DeltaLlmException if it can't
     */
    public static void requireWritable(Path file) {
        ProfileFile.requireWritable(file);
    }

    /**
     * Writes the profile; the file is complete or as it was before.
     *
     * @throws io.github.deltallm.api.DeltaLlmException if it can't be written
     */
    public void write(Path file) {
        ProfileFile.write(file, json());
    }
}
