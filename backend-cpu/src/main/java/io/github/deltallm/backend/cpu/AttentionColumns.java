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
 * recent key, position.
 */
final class AttentionColumns {
    private AttentionColumns() {}

    /** Multiplies {@code registers} registers. */
    static void scale(MemorySegment data, int registers, float factor) {
        for (long i = 0; i < registers; i++) {
            FloatVector.fromMemorySegment(F, data, i * BYTES, NATIVE)
                    .mul(factor)
                    .intoMemorySegment(data, i * BYTES, NATIVE);
        }
    }

    /**
     * Gives keys that a lane does not see the score minus infinity. Positions are exact as fp32.
     */
    static void hide(
            float[] scores,
            int width,
            int v,
            MemorySegment lanes,
            long plane,
            int key,
            int count,
            int sinks) {
        long column = (long) v * BYTES;
        FloatVector recent = FloatVector.fromMemorySegment(F, lanes, 3 * plane + column, NATIVE);
        FloatVector position = FloatVector.fromMemorySegment(F, lanes, 4 * plane + column, NATIVE);
        FloatVector hidden = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int j = 0; j < count; j++) {
            int at = (j * width + v) * N;
            float k = key + j;
            VectorMask<Float> seen = position.compare(VectorOperators.GE, k);
            if (key + j >= sinks) {
                seen = seen.and(recent.compare(VectorOperators.LE, k));
            }
            hidden.blend(FloatVector.fromArray(F, scores, at), seen).intoArray(scores, at);
        }
    }

    /**
     * Turns scores into weights relative to the new maximum.
     *
     * @return whether the maximum of any lane has changed, so that earlier sums need correction
     */
    static boolean softmax(
            float[] scores,
            MemorySegment weights,
            int width,
            int v,
            MemorySegment lanes,
            long plane,
            int count) {
        boolean risen = raiseMaximum(scores, width, v, lanes, plane, count);
        exponentials(scores, weights, width, v, lanes, plane, count);
        return risen;
    }

    /** Takes the scores into the maximum, and corrects the sum for it. */
    private static boolean raiseMaximum(
            float[] scores, int width, int v, MemorySegment lanes, long plane, int count) {
        long column = (long) v * BYTES;
        FloatVector before = FloatVector.fromMemorySegment(F, lanes, column, NATIVE);
        FloatVector most = before;
        for (int j = 0; j < count; j++) {
            FloatVector s = FloatVector.fromArray(F, scores, (j * width + v) * N);
            most = most.blend(s, s.compare(VectorOperators.GT, most));
        }
        FloatVector correction = VectorMath.exp2(before.sub(most));
        FloatVector sum = FloatVector.fromMemorySegment(F, lanes, plane + column, NATIVE);
        sum.mul(correction).intoMemorySegment(lanes, plane + column, NATIVE);
        most.intoMemorySegment(lanes, column, NATIVE);
        correction.intoMemorySegment(lanes, 2 * plane + column, NATIVE);
        return most.compare(VectorOperators.GT, before).anyTrue();
    }

    /**
     * Weights relative to the maximum, and their sum. In a method of its own: two exponentials in
     * one are more than the compiler inlines, and what it does not inline boxes a vector a call.
     */
    private static void exponentials(
            float[] scores,
            MemorySegment weights,
            int width,
            int v,
            MemorySegment lanes,
            long plane,
            int count) {
        long column = (long) v * BYTES;
        FloatVector most = FloatVector.fromMemorySegment(F, lanes, column, NATIVE);
        FloatVector sum = FloatVector.fromMemorySegment(F, lanes, plane + column, NATIVE);
        for (int j = 0; j < count; j++) {
            int at = (j * width + v) * N;
            FloatVector p = VectorMath.exp2(FloatVector.fromArray(F, scores, at).sub(most));
            p.intoMemorySegment(weights, 4L * at, NATIVE);
            sum = sum.add(p);
        }
        sum.intoMemorySegment(lanes, plane + column, NATIVE);
    }

    /** Multiplies a column's {@code rows} registers by a register of factors. */
    static void correct(
            float[] data, int width, int v, MemorySegment lanes, long factorAt, int rows) {
        long column = (long) v * BYTES;
        FloatVector factor = FloatVector.fromMemorySegment(F, lanes, factorAt + column, NATIVE);
        for (int row = 0; row < rows; row++) {
            int at = (row * width + v) * N;
            FloatVector.fromArray(F, data, at).mul(factor).intoArray(data, at);
        }
    }

    /** Divides a column's {@code rows} registers by a register of sums. */
    static void divide(float[] data, int width, int v, MemorySegment lanes, long sumAt, int rows) {
        long column = (long) v * BYTES;
        FloatVector sum = FloatVector.fromMemorySegment(F, lanes, sumAt + column, NATIVE);
        FloatVector factor = FloatVector.broadcast(F, 1f).div(sum);
        for (int row = 0; row < rows; row++) {
            int at = (row * width + v) * N;
            FloatVector.fromArray(F, data, at).mul(factor).intoArray(data, at);
        }
    }
}
