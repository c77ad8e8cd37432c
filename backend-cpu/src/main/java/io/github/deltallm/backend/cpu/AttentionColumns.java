package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

import java.lang.foreign.MemorySegment;

/**
 * What the prefill kernel does with a register of lanes: column {@code v} of matrices that are
 * {@code width} registers wide. The lanes' state lies in planes: maximum, sum, correction, first
 * recent key, position, first exact key, first exact value.
 */
final class AttentionColumns {
    private AttentionColumns() {}

    /** Multiplies {@code registers} registers. */
    static void scale(MemorySegment data, long from, int registers, float factor) {
        for (long i = 0; i < registers; i++) {
            FloatVector.fromMemorySegment(F, data, from + i * BYTES, NATIVE)
                    .mul(factor)
                    .intoMemorySegment(data, from + i * BYTES, NATIVE);
        }
    }

    /**
     * What a lane's first exact position is compared with: every lane sees sinks exactly. A number,
     * because a mask or vector that only one branch makes is an object where branches meet.
     */
    private static float threshold(int key, int sinks) {
        return key < sinks ? Float.MAX_VALUE : key;
    }

    /**
     * Gives keys that a lane does not see the score minus infinity. Positions are exact as fp32.
     */
    static void hide(
            float[] scores,
            int from,
            int width,
            int v,
            MemorySegment lanes,
            long plane,
            long column,
            int key,
            int count,
            int sinks) {
        FloatVector recent = FloatVector.fromMemorySegment(F, lanes, 3 * plane + column, NATIVE);
        FloatVector position = FloatVector.fromMemorySegment(F, lanes, 4 * plane + column, NATIVE);
        FloatVector hidden = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int j = 0; j < count; j++) {
            int at = from + (j * width + v) * N;
            VectorMask<Float> seen =
                    position.compare(VectorOperators.GE, (float) (key + j))
                            .and(recent.compare(VectorOperators.LE, threshold(key + j, sinks)));
            hidden.blend(FloatVector.fromArray(F, scores, at), seen).intoArray(scores, at);
        }
    }

    /**
     * Turns scores into weights relative to the new maximum.
     *
     * @param scores are used up
     * @param sums whether each weight is to be that of all keys from its own on instead
     * @param register scratch of 2 N floats
     * @return whether the maximum of any lane has changed, so that earlier sums need correction
     */
    static boolean softmax(
            float[] scores,
            int from,
            MemorySegment weights,
            long to,
            int width,
            int v,
            MemorySegment lanes,
            long plane,
            long column,
            int count,
            boolean sums,
            float[] register) {
        int at = from + v * N;
        int stride = width * N;
        boolean risen = raiseMaximum(scores, at, stride, lanes, plane, column, count, register);
        VectorMath.exp2(scores, at, stride, count, register);
        long sumAt = plane + column;
        long target = to + (long) v * BYTES;
        if (sums) {
            storeSums(scores, at, stride, count, weights, target, lanes, sumAt);
        } else {
            store(scores, at, stride, count, weights, target, lanes, sumAt);
        }
        return risen;
    }

    /** Takes the scores into the maximum, which the register then has, and corrects the sum. */
    private static boolean raiseMaximum(
            float[] scores,
            int from,
            int stride,
            MemorySegment lanes,
            long plane,
            long column,
            int count,
            float[] register) {
        FloatVector before = FloatVector.fromMemorySegment(F, lanes, column, NATIVE);
        FloatVector most = before;
        for (int j = 0; j < count; j++) {
            FloatVector s = FloatVector.fromArray(F, scores, from + j * stride);
            most = most.blend(s, s.compare(VectorOperators.GT, most));
        }
        boolean risen = most.compare(VectorOperators.GT, before).anyTrue();
        most.intoMemorySegment(lanes, column, NATIVE);
        most.intoArray(register, 0);
        before.intoArray(register, N);
        VectorMath.exp2(register, N, N, 1, register);
        FloatVector correction = FloatVector.fromArray(F, register, N);
        correction.intoMemorySegment(lanes, 2 * plane + column, NATIVE);
        FloatVector.fromMemorySegment(F, lanes, plane + column, NATIVE)
                .mul(correction)
                .intoMemorySegment(lanes, plane + column, NATIVE);
        return risen;
    }

    /** Stores exponentials as weights and adds them to the sum. */
    private static void store(
            float[] exponentials,
            int from,
            int stride,
            int count,
            MemorySegment weights,
            long to,
            MemorySegment lanes,
            long sumAt) {
        FloatVector sum = FloatVector.fromMemorySegment(F, lanes, sumAt, NATIVE);
        for (int j = 0; j < count; j++) {
            FloatVector p = FloatVector.fromArray(F, exponentials, from + j * stride);
            p.intoMemorySegment(weights, to + 4L * j * stride, NATIVE);
            sum = sum.add(p);
        }
        sum.intoMemorySegment(lanes, sumAt, NATIVE);
    }

    /** As {@link #store}, but each weight is the sum of those from its key on. */
    private static void storeSums(
            float[] exponentials,
            int from,
            int stride,
            int count,
            MemorySegment weights,
            long to,
            MemorySegment lanes,
            long sumAt) {
        FloatVector sum = FloatVector.zero(F);
        for (int j = count - 1; j >= 0; j--) {
            sum = sum.add(FloatVector.fromArray(F, exponentials, from + j * stride));
            sum.intoMemorySegment(weights, to + 4L * j * stride, NATIVE);
        }
        FloatVector before = FloatVector.fromMemorySegment(F, lanes, sumAt, NATIVE);
        before.add(sum).intoMemorySegment(lanes, sumAt, NATIVE);
    }

    /** Multiplies a column's {@code rows} registers by a register of factors. */
    static void correct(
            float[] data,
            int from,
            int width,
            int v,
            MemorySegment lanes,
            long factorAt,
            int rows) {
        FloatVector factor = FloatVector.fromMemorySegment(F, lanes, factorAt, NATIVE);
        for (int row = 0; row < rows; row++) {
            int at = from + (row * width + v) * N;
            FloatVector.fromArray(F, data, at).mul(factor).intoArray(data, at);
        }
    }

    /** Divides a column's {@code rows} registers by a register of sums. */
    static void divide(
            float[] data, int from, int width, int v, MemorySegment lanes, long sumAt, int rows) {
        FloatVector sum = FloatVector.fromMemorySegment(F, lanes, sumAt, NATIVE);
        FloatVector factor = FloatVector.broadcast(F, 1f).div(sum);
        for (int row = 0; row < rows; row++) {
            int at = from + (row * width + v) * N;
            FloatVector.fromArray(F, data, at).mul(factor).intoArray(data, at);
        }
    }

    /**
     * Takes the exact scores of keys {@code [from, to)} of a tile for lanes that see them exactly.
     *
     * @param exact laid out as {@code scores}, from {@code at} on
     * @param boundary offset of the register of positions from which lanes do
     */
    static void choose(
            float[] exact,
            float[] scores,
            int at,
            int width,
            int v,
            MemorySegment lanes,
            long boundary,
            int key,
            int from,
            int to,
            int sinks) {
        FloatVector first = FloatVector.fromMemorySegment(F, lanes, boundary, NATIVE);
        for (int j = from; j < to; j++) {
            int i = at + (j * width + v) * N;
            VectorMask<Float> seen = first.compare(VectorOperators.LE, threshold(key + j, sinks));
            FloatVector.fromArray(F, scores, i)
                    .blend(FloatVector.fromArray(F, exact, i), seen)
                    .intoArray(scores, i);
        }
    }

    /**
     * Splits weights between encoded and exact values: what lanes see encoded goes to {@code
     * lasting} and is no longer in {@code weights}.
     *
     * @param sum whether an event lasts for all rows behind it, so that it gets all their weights
     */
    static void last(
            MemorySegment weights,
            long at,
            MemorySegment lasting,
            int width,
            int v,
            MemorySegment lanes,
            long boundary,
            int key,
            int count,
            int sinks,
            boolean sum) {
        FloatVector first = FloatVector.fromMemorySegment(F, lanes, boundary, NATIVE);
        FloatVector zero = FloatVector.zero(F);
        for (int j = count; j < AttentionScratch.TILE_KEYS; j++) {
            zero.intoMemorySegment(lasting, at + ((long) j * width + v) * BYTES, NATIVE);
        }
        FloatVector all = zero;
        for (int j = count - 1; j >= 0; j--) {
            long i = at + ((long) j * width + v) * BYTES;
            FloatVector p = FloatVector.fromMemorySegment(F, weights, i, NATIVE);
            VectorMask<Float> exact = first.compare(VectorOperators.LE, threshold(key + j, sinks));
            FloatVector encoded = p.blend(zero, exact);
            zero.blend(p, exact).intoMemorySegment(weights, i, NATIVE);
            all = sum ? all.add(encoded) : encoded;
            all.intoMemorySegment(lasting, i, NATIVE);
        }
    }
}
