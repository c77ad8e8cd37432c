package io.github.deltallm.attention.delta;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.ModelIdentity;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What was measured on one model: by layer, KV head and channel, how much a key may be off.
 *
 * @param source the file's name, for errors
 * @param modelSha256 of the model file that it was calibrated on
 * @param modelBytes the size of that file
 * @param theta what the thresholds are multiplied by where the specification leaves it open
 * @param window the window where the specification leaves it open
 * @param layers the KV heads of every layer
 */
record Profile(
        String source,
        String modelSha256,
        long modelBytes,
        float theta,
        Optional<String> window,
        List<List<Head>> layers) {
    private static final int SHOWN_DIGITS = 12;

    /**
     * What was measured on one KV head.
     *
     * @param theta a factor on the thresholds of all channels
     * @param queryWeight a factor on the threshold of each channel
     * @param steps the steps of int8 events of keys, one a channel; empty if not measured
     * @param valueSigma the standard deviation of all values
     * @param valueSteps as {@code steps}, for values
     */
    record Head(
            float theta, float[] queryWeight, float[] steps, float valueSigma, float[] valueSteps) {

        /** The threshold of each channel of a key. */
        float[] thresholds(float common) {
            float[] thresholds = new float[queryWeight.length];
            for (int c = 0; c < thresholds.length; c++) {
                // In fp64: where an fp32 product overflows, a weight of 0 would make it a NaN.
                thresholds[c] = (float) ((double) common * theta * queryWeight[c]);
            }
            return thresholds;
        }
    }

    /**
     * Reads a file.
     *
     * @throws InvalidOptionException if it can't be read or is no profile
     */
    static Profile read(Path file) {
        return ProfileReader.read(file);
    }

    /** Something for every head, by layer. */
    <T> List<List<T>> each(Function<Head, T> made) {
        return layers.stream().map(heads -> heads.stream().map(made).toList()).toList();
    }

    /**
     * Checks that it was made for a model.
     *
     * @throws InvalidOptionException if it was made for another one
     */
    Profile requireMadeFor(ModelIdentity model, HeadShape heads) {
        if (!modelSha256.equals(model.sha256())) {
            throw new InvalidOptionException(
                    "the profile "
                            + source
                            + " was calibrated on another model: on the file with SHA-256 "
                            + modelSha256.substring(0, SHOWN_DIGITS)
                            + "..., and this one has "
                            + model.sha256().substring(0, SHOWN_DIGITS)
                            + "...; run 'deltallm calibrate' to make a profile for this model");
        }
        requireCount("layers", layers.size(), heads.layers());
        for (int layer = 0; layer < layers.size(); layer++) {
            List<Head> kvHeads = layers.get(layer);
            requireCount("KV heads in layer " + layer, kvHeads.size(), heads.kvHeads());
            for (int head = 0; head < kvHeads.size(); head++) {
                Head one = kvHeads.get(head);
                String place = " in layer " + layer + ", head " + head;
                requireCount("query_weight" + place, one.queryWeight().length, heads.headDim());
                requireStepCount("step" + place, one.steps(), heads.headDim());
                requireStepCount("value_step" + place, one.valueSteps(), heads.headDim());
            }
        }
        return this;
    }

    private void requireStepCount(String what, float[] steps, int expected) {
        if (steps.length > 0) {
            requireCount(what, steps.length, expected);
        }
    }

    private void requireCount(String what, int found, int expected) {
        if (found != expected) {
            throw new InvalidOptionException(
                    "the profile "
                            + source
                            + " does not fit the model: "
                            + what
                            + ": "
                            + found
                            + " instead of "
                            + expected
                            + "; run 'deltallm calibrate' to make it again");
        }
    }
}
