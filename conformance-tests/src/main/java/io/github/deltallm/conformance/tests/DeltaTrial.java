package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStream.Kind;

import org.junit.jupiter.api.Assertions;

import java.util.Arrays;
import java.util.BitSet;

/** One sequence through attention on the backend under test, with what its caches should hold. */
final class DeltaTrial implements AutoCloseable {
    static final HeadShape HEADS = new HeadShape(1, 4, 2, 64);

    private final Sequence sequence;
    private final Declared declared;
    private final Bench tested;

    /** All rows are declared before the first one. */
    DeltaTrial(Sequence sequence, AttentionStrategy strategy, Backend backend) {
        this(sequence, Declared.of(strategy, sequence.length()), backend);
    }

    DeltaTrial(Sequence sequence, Declared declared, Backend backend) {
        this.sequence = sequence;
        this.declared = declared;
        tested = new Bench(backend, Sequence.program(sequence.heads()), sequence.length());
    }

    HeadShape heads() {
        return sequence.heads();
    }

    int length() {
        return sequence.length();
    }

    Bench tested() {
        return tested;
    }

    /** An empty sequence, with what is declared before its first row. */
    KvCache newCache() {
        KvCache cache = tested.newCache(declared.strategy(), sequence.length());
        declared.declarations().stream()
                .filter(declaration -> declaration.length() == 0)
                .forEach(declaration -> cache.declare(declaration.tokens()));
        return cache;
    }

    /** Appends the rest of the sequence in chunks; returns the outputs of the first layer. */
    float[] feed(KvCache cache, int chunk) {
        return feed(cache, chunk, sequence.length());
    }

    /** As {@link #feed(KvCache, int)} up to a length, declaring on the way. */
    float[] feed(KvCache cache, int chunk, int end) {
        return feed(tested, cache, chunk, end);
    }

    /** The same on another backend. */
    float[] feed(Bench bench, KvCache cache, int chunk, int end) {
        float[] out = {};
        for (Declared.Declaration declaration : declared.declarations()) {
            int length = declaration.length();
            if (length > 0 && length >= cache.length() && length < end) {
                out = Sequence.joined(out, sequence.feed(bench, cache, chunk, length));
                cache.declare(declaration.tokens());
            }
        }
        return Sequence.joined(out, sequence.feed(bench, cache, chunk, end));
    }

    /** Every head's stream equals the formula bit for bit, in all layers. */
    void checkStreams(KvCache cache, Kind kind) {
        for (int layer = 0; layer < heads().layers(); layer++) {
            Declared here = declared.inLayer(layer);
            for (int head = 0; head < heads().kvHeads(); head++) {
                if (here.encoding(head, kind) instanceof Encoding.Delta) {
                    String what = kind + " of layer " + layer + ", head " + head;
                    KvStream stream = cache.export(layer, head, kind);
                    Assertions.assertEquals(cache.length(), stream.length(), what + ": length");
                    int rows = stream.length() * heads().headDim();
                    checkSame(what, stream.delta(), encoded(here, head, kind, rows));
                    checkHeld(what, here, head, kind, stream);
                }
            }
        }
    }

    private static void checkSame(String what, KvStream.DeltaRows rows, DeltaFormula wanted) {
        Assertions.assertEquals(wanted.count(), rows.count(), what + ": encoded rows");
        Assertions.assertEquals(
                wanted.changed(), BitSet.valueOf(rows.changed()), what + ": changed mask");
        Assertions.assertArrayEquals(
                unsigned(wanted.events()), unsigned(rows.events()), what + ": events");
        Assertions.assertArrayEquals(wanted.steps(), rows.steps(), what + ": steps");
        Assertions.assertEquals(wanted.sigma(), rows.sigma(), what + ": sigma");
    }

    /** A change of minus zero is one of zero. */
    static float[] unsigned(float[] events) {
        float[] unsigned = events.clone();
        for (int i = 0; i < unsigned.length; i++) {
            unsigned[i] += 0;
        }
        return unsigned;
    }

    /** Exact rows are what was appended, and the sinks and the next query's window among them. */
    private void checkHeld(String what, Declared here, int head, Kind kind, KvStream stream) {
        int dim = heads().headDim();
        float[] wanted = exact(here, head, kind);
        boolean[] held = new boolean[stream.length()];
        for (KvStream.Rows rows : stream.exact()) {
            int count = rows.values().length / dim;
            float[] same = Numbers.rows(wanted, dim, rows.from(), rows.from() + count);
            new Comparison(what + ": exact rows from " + rows.from(), dim)
                    .same(rows.values(), same);
            Arrays.fill(held, rows.from(), rows.from() + count, true);
        }
        for (int row = 0; row < held.length; row++) {
            boolean needed =
                    row < here.sinks(head) || row >= here.recent(head, stream.length() - 1);
            Assertions.assertTrue(held[row] || !needed, what + ": exact row " + row + " is held");
        }
    }

    /** What attention gives in the first layer. */
    Expected formula() {
        return formula(0);
    }

    /** What attention gives in a layer. */
    Expected formula(int layer) {
        Declared here = declared.inLayer(layer);
        return new AttentionFormula(
                        heads(),
                        here,
                        rows(here, Kind.KEYS, false),
                        rows(here, Kind.KEYS, true),
                        rows(here, Kind.VALUES, false),
                        rows(here, Kind.VALUES, true))
                .of(sequence.queries(), 0);
    }

    /** The rows of all heads, {@code [rows, kvWidth]}, exactly or as the middle sees them. */
    private float[] rows(Declared here, Kind kind, boolean middle) {
        int dim = heads().headDim();
        float[] all = new float[sequence.keys().length];
        for (int head = 0; head < heads().kvHeads(); head++) {
            float[] rows = middle ? middle(here, head, kind) : exact(here, head, kind);
            for (int at = 0; at < rows.length; at += dim) {
                System.arraycopy(rows, at, all, at * heads().kvHeads() + head * dim, dim);
            }
        }
        return all;
    }

    private float[] middle(Declared here, int head, Kind kind) {
        float[] rows = exact(here, head, kind);
        switch (here.encoding(head, kind)) {
            case Encoding.Exact exact -> {}
            case Encoding.Pruned pruned -> {
                for (int i = 0; i < rows.length; i++) {
                    rows[i] = Math.abs(rows[i]) > pruned.theta() ? rows[i] : 0;
                }
            }
            case Encoding.Delta delta -> rows = encoded(here, head, kind).rows();
        }
        return rows;
    }

    /** One head's rows as the store rounds them, {@code [rows, dim]}. */
    float[] exact(Declared here, int head, Kind kind) {
        int dim = heads().headDim();
        float[] all = kind == Kind.KEYS ? sequence.keys() : sequence.values();
        float[] rows = new float[all.length / heads().kvHeads()];
        boolean halved = here.encoding(head, kind).store() == Encoding.Store.BF16;
        for (int i = 0; i < rows.length; i++) {
            float value = all[i / dim * heads().kvWidth() + head * dim + i % dim];
            rows[i] = halved ? Rounding.bf16(value) : value;
        }
        return rows;
    }

    /** What the delta rule makes of one head's rows. */
    DeltaFormula encoded(Declared here, int head, Kind kind) {
        return encoded(here, head, kind, sequence.length() * heads().headDim());
    }

    private DeltaFormula encoded(Declared here, int head, Kind kind, int elements) {
        float[] rows = Arrays.copyOf(exact(here, head, kind), elements);
        return DeltaFormula.of((Encoding.Delta) here.encoding(head, kind), rows, heads().headDim());
    }

    Declared declared() {
        return declared;
    }

    Sequence sequence() {
        return sequence;
    }

    @Override
    public void close() {
        tested.close();
    }
}
