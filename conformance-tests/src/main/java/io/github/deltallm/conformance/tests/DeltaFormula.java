package io.github.deltallm.conformance.tests;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;

import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The delta rule, in order of the channels, with every step of it in fp32 as the contract fixes it.
 *
 * @param count rows that are encoded; 0 while there are too few to fix steps or sigma
 * @param changed row after row
 * @param events in the order of {@code changed}
 * @param steps of each channel; none unless events are int8
 * @param rows {@code kh}, {@code [count, dim]}
 */
@SuppressWarnings("ArrayRecordComponent") // compared field by field
record DeltaFormula(
        int count, BitSet changed, float[] events, float[] steps, float sigma, float[] rows) {
    private static final double DENORMAL = 0x1p-126;

    /** Encodes one head's rows, which the store has rounded already. */
    static DeltaFormula of(Delta delta, float[] inputs, int dim) {
        if (delta.waits() && inputs.length < FIRST_ROWS * dim) {
            return new DeltaFormula(0, new BitSet(), new float[0], new float[0], 1, new float[0]);
        }
        float[] steps = {};
        if (delta.events() == Events.INT8) {
            steps = delta.steps().length > 0 ? delta.steps() : steps(inputs, dim);
        }
        float sigma = delta.relative() ? sigma(inputs, dim) : 1;
        BitSet changed = new BitSet();
        float[] events = new float[inputs.length];
        float[] rows = new float[inputs.length];
        int count = 0;
        for (int i = 0; i < inputs.length; i++) {
            int channel = i % dim;
            float before = i < dim ? 0 : rows[i - dim];
            float change = inputs[i] - before;
            boolean large =
                    Math.abs(change) > delta.threshold(channel) * sigma
                            && Math.abs(change) >= DENORMAL
                            && (steps.length == 0 || steps[channel] != 0);
            rows[i] = before;
            if (i < dim || large) {
                changed.set(i);
                float step = steps.length == 0 ? 0 : steps[channel];
                events[count] = i < dim ? change : event(delta.events(), change, step);
                rows[i] = before + events[count++];
            }
        }
        return new DeltaFormula(
                inputs.length / dim, changed, Arrays.copyOf(events, count), steps, sigma, rows);
    }

    private static float event(Events format, float change, float step) {
        return switch (format) {
            case F32 -> change;
            case BF16 -> Rounding.bf16(change);
            case INT8 -> {
                double whole = Math.rint(change / step);
                yield step * (float) Math.max(-127, Math.min(127, whole));
            }
        };
    }

    private static float[] steps(float[] inputs, int dim) {
        float[] steps = new float[dim];
        for (int i = 0; i < FIRST_ROWS * dim; i++) {
            steps[i % dim] = Math.max(steps[i % dim], Math.abs(inputs[i]));
        }
        for (int c = 0; c < dim; c++) {
            steps[c] = (float) (2.0 * steps[c] / 127);
        }
        return steps;
    }

    private static float sigma(float[] inputs, int dim) {
        double[] first = new double[FIRST_ROWS * dim];
        Arrays.setAll(first, i -> inputs[i]);
        double mean = Arrays.stream(first).average().orElse(0);
        double variance =
                Arrays.stream(first).map(x -> (x - mean) * (x - mean)).average().orElse(0);
        return (float) Math.sqrt(variance);
    }

    /** Changed channels of a row. */
    int changes(int row, int dim) {
        return changed.get(row * dim, (row + 1) * dim).cardinality();
    }
}
