package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStream.Kind;

import org.junit.jupiter.api.Assertions;

import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/**
 * What numpy computed of delta encoding for one head dimension.
 *
 * @param sequence its inputs; queries are zeros but for the last rows
 * @param last rows whose outputs are known
 */
record GoldenDelta(GoldenFile file, Sequence sequence, int last) {
    /** Head dimensions of which there are files. */
    static final List<Integer> DIMS = List.of(16, 64, 80, 96, 128, 256);

    /** Encodings of the files, by the names that they have there. */
    enum Case {
        ZERO(Events.F32, Store.F32),
        PLAIN(Events.F32, Store.F32),
        RISING(Events.BF16, Store.BF16),
        COARSE(Events.BF16, Store.F32),
        STEPS(Events.INT8, Store.BF16);

        private final Events events;
        private final Store store;

        Case(Events events, Store store) {
            this.events = events;
            this.store = store;
        }

        String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static GoldenDelta of(int dim) {
        GoldenFile file = GoldenFile.read("delta-" + dim);
        int[] shape = file.ints("heads");
        HeadShape heads = new HeadShape(1, shape[0] * shape[1], shape[0], dim);
        float[] asked = file.floats("queries");
        float[] queries = new float[shape[3] * heads.queryWidth()];
        System.arraycopy(asked, 0, queries, queries.length - asked.length, asked.length);
        Sequence sequence =
                new Sequence(heads, queries, file.floats("keys"), file.floats("values"));
        return new GoldenDelta(file, sequence, shape[4]);
    }

    /** The strategy of a case. */
    Runs runs(Case of) {
        int[] runs = file.ints(of.key() + ".runs");
        Delta delta =
                new Delta(
                        file.floats(of.key() + ".theta"),
                        false,
                        of.events,
                        file.floats(of.key() + ".steps"),
                        of.store);
        Encoding values = runs[2] == 1 ? delta : new Encoding.Exact(of.store);
        return new Runs(delta, values, runs[0], runs[1], false);
    }

    /** Masks and events of a cache that holds the whole sequence. */
    void checkStreams(Case of, KvCache cache) {
        for (Kind kind : Kind.values()) {
            for (int head = 0; head < sequence.heads().kvHeads(); head++) {
                String at = of.key() + "." + kind.name().toLowerCase(Locale.ROOT) + "." + head;
                if (file.has(at + ".mask")) {
                    KvStream.DeltaRows delta = cache.export(0, head, kind).delta();
                    Assertions.assertEquals(sequence.length(), delta.count(), at + ": rows");
                    Assertions.assertEquals(
                            BitSet.valueOf(file.bytes(at + ".mask")),
                            BitSet.valueOf(delta.changed()),
                            at + ": changed mask");
                    if (file.has(at + ".events")) {
                        Assertions.assertArrayEquals(
                                DeltaTrial.unsigned(file.floats(at + ".events")),
                                DeltaTrial.unsigned(delta.events()),
                                at + ": events");
                    } else {
                        new Comparison(at + ": rows", sequence.heads().headDim())
                                .same(
                                        HeldRows.of(cache, head, kind, sequence.heads().headDim())
                                                .encoded(),
                                        rows(head, kind));
                    }
                }
            }
        }
    }

    /** One head's rows. */
    private float[] rows(int head, Kind kind) {
        int dim = sequence.heads().headDim();
        int width = sequence.heads().kvWidth();
        float[] all = kind == Kind.KEYS ? sequence.keys() : sequence.values();
        float[] rows = new float[sequence.length() * dim];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = all[i / dim * width + head * dim + i % dim];
        }
        return rows;
    }

    /** The outputs of the last rows, with the bounds of a formula for the same. */
    Expected outputs(String of, Expected formula) {
        float[] outputs = file.floats(of + ".out");
        int from = formula.values().length - outputs.length;
        Expected expected = new Expected(outputs.length);
        for (int i = 0; i < outputs.length; i++) {
            double rounding = Rounding.U * Math.abs(outputs[i]);
            expected.set(i, outputs[i], formula.bounds()[from + i] + rounding);
        }
        return expected;
    }

    /**
     * The weights of 16 keys for the last query of every head, in the first channels, as the scores
     * of a case make them.
     *
     * @param from the first of the keys
     */
    Expected weights(Case of, int from, Expected formula) {
        HeadShape heads = sequence.heads();
        double[] scores = file.doubles(of.key() + ".scores");
        int keys = sequence.length();
        Expected expected = formula.last(heads.queryWidth());
        for (int head = 0; head < heads.heads(); head++) {
            double largest = Double.NEGATIVE_INFINITY;
            double sum = 0;
            for (int j = 0; j < keys; j++) {
                largest = Math.max(largest, scores[head * keys + j]);
            }
            for (int j = 0; j < keys; j++) {
                sum += Math.exp(scores[head * keys + j] - largest);
            }
            for (int j = from; j < from + 16; j++) {
                int at = head * heads.headDim() + j - from;
                double weight = Math.exp(scores[head * keys + j] - largest) / sum;
                expected.set(at, weight, expected.bounds()[at]);
            }
        }
        return expected;
    }

    /** The sequence with values that show the weights of keys {@code [from, from + 16)}. */
    Sequence showingWeights(int from) {
        HeadShape heads = sequence.heads();
        float[] values = new float[sequence.values().length];
        for (int row = from; row < from + 16; row++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                values[row * heads.kvWidth() + head * heads.headDim() + row - from] = 1;
            }
        }
        return new Sequence(heads, sequence.queries(), sequence.keys(), values);
    }
}
