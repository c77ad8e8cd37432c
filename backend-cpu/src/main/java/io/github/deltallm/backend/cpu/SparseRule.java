package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.FirstRows;

import java.util.Arrays;

/**
 * Which elements of rows are transmitted, and as what: changes that exceed their thresholds
 * (DeltaLLM, arXiv 2507.19608), or, for the control, values that do.
 *
 * <p>Immutable. Arrays are padded to 16 channels; padding is never transmitted.
 */
final class SparseRule {
    /** The largest number that counts as no change: devices flush smaller ones to zero. */
    private static final float NO_CHANGE = Math.nextDown(Float.MIN_NORMAL);

    /** Whether rows are sums of changes, not values of their own. */
    final boolean cumulative;

    final Events events;

    /** What counts as no change in a channel. */
    private final float[] limits;

    /** The step of each channel for INT8 events, without padding; otherwise empty. */
    final float[] steps;

    /** What thresholds are multiples of. */
    final float sigma;

    private final float[] divisors;
    private final int dim;

    private SparseRule(
            boolean cumulative, Events events, float[] limits, float[] steps, float sigma) {
        this.cumulative = cumulative;
        this.events = events;
        this.steps = steps;
        this.sigma = sigma;
        dim = limits.length;
        this.limits = Arrays.copyOf(limits, Lanes.padded(dim));
        Arrays.fill(this.limits, dim, this.limits.length, Float.POSITIVE_INFINITY);
        divisors = events == Events.INT8 ? divisors(steps, this.limits) : steps;
    }

    /** Steps with padding; a channel whose step is 0 transmits nothing. */
    private static float[] divisors(float[] steps, float[] limits) {
        boolean whole = steps.length == limits.length;
        for (float step : steps) {
            whole &= step > 0;
        }
        if (whole) {
            return steps;
        }
        float[] divisors = Arrays.copyOf(steps, limits.length);
        for (int c = 0; c < limits.length; c++) {
            if (!(divisors[c] > 0)) {
                limits[c] = Float.POSITIVE_INFINITY;
                divisors[c] = 1;
            }
        }
        return divisors;
    }

    /** Small values count as nothing. */
    static SparseRule pruned(Encoding.Pruned pruned, int dim) {
        float[] limits = new float[dim];
        Arrays.fill(limits, pruned.theta());
        return new SparseRule(false, prunedEvents(pruned), limits, new float[0], 1);
    }

    /** The narrowest format that holds what the store holds. */
    private static Events prunedEvents(Encoding.Pruned pruned) {
        return pruned.store() == Encoding.Store.BF16 ? Events.BF16 : Events.F32;
    }

    /** How events of an encoding are kept. */
    static Events events(Encoding encoding) {
        return switch (encoding) {
            case Encoding.Delta delta -> delta.events();
            case Encoding.Pruned pruned -> prunedEvents(pruned);
            case Encoding.Exact exact ->
                    throw new IllegalArgumentException(exact + " has no events");
        };
    }

    /** Changes, with steps and sigma as given or fixed. */
    static SparseRule delta(Encoding.Delta delta, int dim, float[] steps, float sigma) {
        float[] limits = new float[dim];
        for (int c = 0; c < dim; c++) {
            limits[c] = Math.max(delta.threshold(c) * sigma, NO_CHANGE);
        }
        return new SparseRule(true, delta.events(), limits, steps, sigma);
    }

    /**
     * Changes, with what is not given fixed from the first rows.
     *
     * @param rows {@code [FIRST_ROWS, dim]}
     */
    static SparseRule fixed(Encoding.Delta delta, int dim, float[] rows) {
        FirstRows first = FirstRows.of(delta, rows, dim);
        return delta(delta, dim, first.steps(), first.sigma());
    }

    /**
     * Encodes consecutive rows.
     *
     * @param in rows from {@code at} on, {@code stride} floats apart
     * @param first whether the first of them is the first of the sequence, which transmits itself
     * @param reference what was last transmitted in each channel; goes on to the last row
     * @param out decoded events from {@code to} on, {@code outStride} floats apart
     * @param counts the number of events of each row, from {@code count} on
     */
    void encode(
            float[] in,
            int at,
            int stride,
            int rows,
            boolean first,
            float[] reference,
            float[] out,
            int to,
            int outStride,
            int[] counts,
            int count) {
        Arrays.fill(counts, count, count + rows, 0);
        if (first && cumulative) {
            System.arraycopy(in, at, reference, 0, dim);
            System.arraycopy(in, at, out, to, dim);
            Arrays.fill(out, to + dim, to + limits.length, -0f);
            counts[count] = dim;
            rest(
                    in,
                    at + stride,
                    stride,
                    rows - 1,
                    reference,
                    out,
                    to + outStride,
                    outStride,
                    counts,
                    count + 1);
        } else {
            rest(in, at, stride, rows, reference, out, to, outStride, counts, count);
        }
    }

    private void rest(
            float[] in,
            int at,
            int stride,
            int rows,
            float[] r,
            float[] out,
            int to,
            int outStride,
            int[] counts,
            int n) {
        for (int c = 0; c < limits.length; c += Lanes.N) {
            if (!cumulative) {
                EncodeKernels.pruned(
                        in, at, stride, rows, limits, c, out, to, outStride, counts, n);
                continue;
            }
            switch (events) {
                case F32 ->
                        EncodeKernels.f32(
                                in, at, stride, rows, limits, r, c, out, to, outStride, counts, n);
                case BF16 ->
                        EncodeKernels.bf16(
                                in, at, stride, rows, limits, r, c, out, to, outStride, counts, n);
                case INT8 ->
                        EncodeKernels.int8(
                                in, at, stride, rows, limits, divisors, r, c, out, to, outStride,
                                counts, n);
            }
        }
    }
}
