package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;

/**
 * The event-driven halves of prefill attention. Lanes are (query head, row) pairs in two halves of
 * 4, 2 or 1 registers each: eight accumulators hide the latency of a multiply-add. An event is one
 * broadcast and a multiply-add of every lane; what did not change is never touched.
 */
final class EventKernels {
    private EventKernels() {}

    /**
     * Scores of consecutive keys: the accumulators go on from key to key, which is the prefix sum.
     *
     * @param queries {@code [channel][width * N]} at the offsets {@code qa} and {@code qb}
     * @param cumulative whether a key is the sum of the events so far, or of its own
     * @param scores rows of {@code width * N} floats from {@code a} and {@code b} on
     */
    static void scores(
            int width,
            MemorySegment queries,
            long qa,
            long qb,
            EventTile tile,
            int keys,
            boolean cumulative,
            float[] scores,
            int a,
            int b) {
        switch (width) {
            case 4 -> scores4(queries, qa, qb, tile, keys, cumulative, scores, a, b);
            case 2 -> scores2(queries, qa, qb, tile, keys, cumulative, scores, a, b);
            default -> scores1(queries, qa, qb, tile, keys, cumulative, scores, a, b);
        }
    }

    private static void scores4(
            MemorySegment q,
            long qa,
            long qb,
            EventTile tile,
            int keys,
            boolean cumulative,
            float[] scores,
            int a,
            int b) {
        float[] values = tile.values;
        char[] places = tile.places;
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        FloatVector b2 = FloatVector.zero(F);
        FloatVector b3 = FloatVector.zero(F);
        for (int key = 0; key < keys; key++) {
            if (!cumulative) {
                a0 = FloatVector.zero(F);
                a1 = a0;
                a2 = a0;
                a3 = a0;
                b0 = a0;
                b1 = a0;
                b2 = a0;
                b3 = a0;
            }
            int end = tile.first[key + 1];
            for (int e = tile.first[key]; e < end; e++) {
                FloatVector x = FloatVector.broadcast(F, values[e]);
                long o = qa + places[e] * (4L * BYTES);
                a0 = FloatVector.fromMemorySegment(F, q, o, NATIVE).fma(x, a0);
                a1 = FloatVector.fromMemorySegment(F, q, o + BYTES, NATIVE).fma(x, a1);
                a2 = FloatVector.fromMemorySegment(F, q, o + 2L * BYTES, NATIVE).fma(x, a2);
                a3 = FloatVector.fromMemorySegment(F, q, o + 3L * BYTES, NATIVE).fma(x, a3);
                o = qb + places[e] * (4L * BYTES);
                b0 = FloatVector.fromMemorySegment(F, q, o, NATIVE).fma(x, b0);
                b1 = FloatVector.fromMemorySegment(F, q, o + BYTES, NATIVE).fma(x, b1);
                b2 = FloatVector.fromMemorySegment(F, q, o + 2L * BYTES, NATIVE).fma(x, b2);
                b3 = FloatVector.fromMemorySegment(F, q, o + 3L * BYTES, NATIVE).fma(x, b3);
            }
            int at = key * 4 * N;
            a0.intoArray(scores, a + at);
            a1.intoArray(scores, a + at + N);
            a2.intoArray(scores, a + at + 2 * N);
            a3.intoArray(scores, a + at + 3 * N);
            b0.intoArray(scores, b + at);
            b1.intoArray(scores, b + at + N);
            b2.intoArray(scores, b + at + 2 * N);
            b3.intoArray(scores, b + at + 3 * N);
        }
    }

    private static void scores2(
            MemorySegment q,
            long qa,
            long qb,
            EventTile tile,
            int keys,
            boolean cumulative,
            float[] scores,
            int a,
            int b) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        for (int key = 0; key < keys; key++) {
            if (!cumulative) {
                a0 = FloatVector.zero(F);
                a1 = a0;
                b0 = a0;
                b1 = a0;
            }
            int end = tile.first[key + 1];
            for (int e = tile.first[key]; e < end; e++) {
                FloatVector x = FloatVector.broadcast(F, tile.values[e]);
                long o = tile.places[e] * (2L * BYTES);
                a0 = FloatVector.fromMemorySegment(F, q, qa + o, NATIVE).fma(x, a0);
                a1 = FloatVector.fromMemorySegment(F, q, qa + o + BYTES, NATIVE).fma(x, a1);
                b0 = FloatVector.fromMemorySegment(F, q, qb + o, NATIVE).fma(x, b0);
                b1 = FloatVector.fromMemorySegment(F, q, qb + o + BYTES, NATIVE).fma(x, b1);
            }
            int at = key * 2 * N;
            a0.intoArray(scores, a + at);
            a1.intoArray(scores, a + at + N);
            b0.intoArray(scores, b + at);
            b1.intoArray(scores, b + at + N);
        }
    }

    private static void scores1(
            MemorySegment q,
            long qa,
            long qb,
            EventTile tile,
            int keys,
            boolean cumulative,
            float[] scores,
            int a,
            int b) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        for (int key = 0; key < keys; key++) {
            if (!cumulative) {
                a0 = FloatVector.zero(F);
                b0 = a0;
            }
            int end = tile.first[key + 1];
            for (int e = tile.first[key]; e < end; e++) {
                FloatVector x = FloatVector.broadcast(F, tile.values[e]);
                long o = (long) tile.places[e] * BYTES;
                a0 = FloatVector.fromMemorySegment(F, q, qa + o, NATIVE).fma(x, a0);
                b0 = FloatVector.fromMemorySegment(F, q, qb + o, NATIVE).fma(x, b0);
            }
            a0.intoArray(scores, a + key * N);
            b0.intoArray(scores, b + key * N);
        }
    }

    /**
     * Adds the events of values, channel by channel, each times the weights of all rows that it
     * lasts for.
     *
     * @param weights {@code [row][width * N]} at the offsets {@code wa} and {@code wb}
     * @param mixed rows of {@code width * N} floats, one a channel, from {@code a} and {@code b} on
     */
    static void mix(
            int width,
            MemorySegment weights,
            long wa,
            long wb,
            EventTile tile,
            int dim,
            float[] mixed,
            int a,
            int b) {
        switch (width) {
            case 4 -> mix4(weights, wa, wb, tile, dim, mixed, a, b);
            case 2 -> mix2(weights, wa, wb, tile, dim, mixed, a, b);
            default -> mix1(weights, wa, wb, tile, dim, mixed, a, b);
        }
    }

    private static void mix4(
            MemorySegment w,
            long wa,
            long wb,
            EventTile tile,
            int dim,
            float[] mixed,
            int a,
            int b) {
        float[] values = tile.values;
        char[] places = tile.places;
        for (int c = 0; c < dim; c++) {
            int at = c * 4 * N;
            FloatVector a0 = FloatVector.fromArray(F, mixed, a + at);
            FloatVector a1 = FloatVector.fromArray(F, mixed, a + at + N);
            FloatVector a2 = FloatVector.fromArray(F, mixed, a + at + 2 * N);
            FloatVector a3 = FloatVector.fromArray(F, mixed, a + at + 3 * N);
            FloatVector b0 = FloatVector.fromArray(F, mixed, b + at);
            FloatVector b1 = FloatVector.fromArray(F, mixed, b + at + N);
            FloatVector b2 = FloatVector.fromArray(F, mixed, b + at + 2 * N);
            FloatVector b3 = FloatVector.fromArray(F, mixed, b + at + 3 * N);
            int end = tile.first[c + 1];
            for (int e = tile.first[c]; e < end; e++) {
                FloatVector x = FloatVector.broadcast(F, values[e]);
                long o = wa + places[e] * (4L * BYTES);
                a0 = FloatVector.fromMemorySegment(F, w, o, NATIVE).fma(x, a0);
                a1 = FloatVector.fromMemorySegment(F, w, o + BYTES, NATIVE).fma(x, a1);
                a2 = FloatVector.fromMemorySegment(F, w, o + 2L * BYTES, NATIVE).fma(x, a2);
                a3 = FloatVector.fromMemorySegment(F, w, o + 3L * BYTES, NATIVE).fma(x, a3);
                o = wb + places[e] * (4L * BYTES);
                b0 = FloatVector.fromMemorySegment(F, w, o, NATIVE).fma(x, b0);
                b1 = FloatVector.fromMemorySegment(F, w, o + BYTES, NATIVE).fma(x, b1);
                b2 = FloatVector.fromMemorySegment(F, w, o + 2L * BYTES, NATIVE).fma(x, b2);
                b3 = FloatVector.fromMemorySegment(F, w, o + 3L * BYTES, NATIVE).fma(x, b3);
            }
            a0.intoArray(mixed, a + at);
            a1.intoArray(mixed, a + at + N);
            a2.intoArray(mixed, a + at + 2 * N);
            a3.intoArray(mixed, a + at + 3 * N);
            b0.intoArray(mixed, b + at);
            b1.intoArray(mixed, b + at + N);
            b2.intoArray(mixed, b + at + 2 * N);
            b3.intoArray(mixed, b + at + 3 * N);
        }
    }

    private static void mix2(
            MemorySegment w,
            long wa,
            long wb,
            EventTile tile,
            int dim,
            float[] mixed,
            int a,
            int b) {
        for (int c = 0; c < dim; c++) {
            int at = c * 2 * N;
            FloatVector a0 = FloatVector.fromArray(F, mixed, a + at);
            FloatVector a1 = FloatVector.fromArray(F, mixed, a + at + N);
            FloatVector b0 = FloatVector.fromArray(F, mixed, b + at);
            FloatVector b1 = FloatVector.fromArray(F, mixed, b + at + N);
            int end = tile.first[c + 1];
            for (int e = tile.first[c]; e < end; e++) {
                FloatVector x = FloatVector.broadcast(F, tile.values[e]);
                long o = tile.places[e] * (2L * BYTES);
                a0 = FloatVector.fromMemorySegment(F, w, wa + o, NATIVE).fma(x, a0);
                a1 = FloatVector.fromMemorySegment(F, w, wa + o + BYTES, NATIVE).fma(x, a1);
                b0 = FloatVector.fromMemorySegment(F, w, wb + o, NATIVE).fma(x, b0);
                b1 = FloatVector.fromMemorySegment(F, w, wb + o + BYTES, NATIVE).fma(x, b1);
            }
            a0.intoArray(mixed, a + at);
            a1.intoArray(mixed, a + at + N);
            b0.intoArray(mixed, b + at);
            b1.intoArray(mixed, b + at + N);
        }
    }

    private static void mix1(
            MemorySegment w,
            long wa,
            long wb,
            EventTile tile,
            int dim,
            float[] mixed,
            int a,
            int b) {
        for (int c = 0; c < dim; c++) {
            FloatVector a0 = FloatVector.fromArray(F, mixed, a + c * N);
            FloatVector b0 = FloatVector.fromArray(F, mixed, b + c * N);
            int end = tile.first[c + 1];
            for (int e = tile.first[c]; e < end; e++) {
                FloatVector x = FloatVector.broadcast(F, tile.values[e]);
                long o = (long) tile.places[e] * BYTES;
                a0 = FloatVector.fromMemorySegment(F, w, wa + o, NATIVE).fma(x, a0);
                b0 = FloatVector.fromMemorySegment(F, w, wb + o, NATIVE).fma(x, b0);
            }
            a0.intoArray(mixed, a + c * N);
            b0.intoArray(mixed, b + c * N);
        }
    }
}
