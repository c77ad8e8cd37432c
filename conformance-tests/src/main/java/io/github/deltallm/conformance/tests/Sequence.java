package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.util.Arrays;

/**
 * Made-up queries, keys and values of one sequence, {@code [rows, width]} each.
 *
 * @param queries as wide as all query heads
 * @param keys as wide as all key heads; they change little from row to row
 * @param values as keys
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Sequence(HeadShape heads, float[] queries, float[] keys, float[] values) {
    static Sequence random(HeadShape heads, int rows, long seed) {
        Numbers numbers = new Numbers(seed);
        return new Sequence(
                heads,
                numbers.normal(rows * heads.queryWidth()),
                numbers.walk(rows, heads.kvWidth()),
                numbers.walk(rows, heads.kvWidth()));
    }

    /** A program of attention alone, the same inputs and an output of its own in every layer. */
    static Program program(HeadShape heads) {
        Program.Recorder recorder = Program.record(heads);
        Value query = recorder.input("query", heads.queryWidth());
        Value key = recorder.input("key", heads.kvWidth());
        Value value = recorder.input("value", heads.kvWidth());
        for (int layer = 0; layer < heads.layers(); layer++) {
            Value out = recorder.value("out " + layer, heads.queryWidth());
            recorder.attention(layer, query, key, value, scale(heads), out).output(out);
        }
        return recorder.program();
    }

    static float scale(HeadShape heads) {
        return (float) (1 / Math.sqrt(heads.headDim()));
    }

    int length() {
        return keys.length / heads.kvWidth();
    }

    /** The first rows. */
    Sequence first(int rows) {
        return slice(0, rows);
    }

    /** Rows {@code [from, to)}. */
    Sequence slice(int from, int to) {
        return new Sequence(
                heads,
                Numbers.rows(queries, heads.queryWidth(), from, to),
                Numbers.rows(keys, heads.kvWidth(), from, to),
                Numbers.rows(values, heads.kvWidth(), from, to));
    }

    /** These rows, then those of another sequence. */
    Sequence then(Sequence next) {
        return new Sequence(
                heads,
                joined(queries, next.queries),
                joined(keys, next.keys),
                joined(values, next.values));
    }

    /** Appends all rows that the cache lacks, in chunks, and returns their outputs. */
    float[] feed(Bench bench, KvCache cache, int chunk) {
        return feed(bench, cache, chunk, length());
    }

    /** As {@link #feed(Bench, KvCache, int)}, up to a length. */
    float[] feed(Bench bench, KvCache cache, int chunk, int end) {
        float[] outputs = {};
        while (cache.length() < end) {
            int from = cache.length();
            int to = Math.min(end, from + chunk);
            Sequence part = slice(from, to);
            float[] out = bench.run(cache, to - from, part.queries, part.keys, part.values);
            outputs = joined(outputs, out);
        }
        return outputs;
    }

    /** Appends all rows of two sequences, each to its cache, in one step. */
    static float[] feedBoth(
            Bench bench, KvCache first, Sequence one, KvCache second, Sequence other) {
        Sequence both = one.then(other);
        Step step =
                new Step()
                        .add(first, new int[one.length()], 0, one.length(), Step.Logits.NONE)
                        .add(second, new int[other.length()], 0, other.length(), Step.Logits.NONE);
        return bench.run(step, both.queries, both.keys, both.values);
    }

    static float[] joined(float[] first, float[] second) {
        float[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
