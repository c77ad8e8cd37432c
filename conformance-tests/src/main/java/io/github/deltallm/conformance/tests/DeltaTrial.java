package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStream.Kind;

import org.junit.jupiter.api.Assertions;

/** One sequence through delta-encoded attention on the backend under test and on the oracle. */
final class DeltaTrial implements AutoCloseable {
    static final HeadShape HEADS = new HeadShape(1, 4, 2, 64);

    private final Sequence sequence;
    private final Runs runs;
    private final Bench tested;
    private final Bench reference;
    private final KvCache oracle;

    DeltaTrial(Sequence sequence, Runs runs, Backend backend, Backend oracleBackend) {
        this.sequence = sequence;
        this.runs = runs;
        tested = new Bench(backend, Sequence.program(HEADS), sequence.length());
        reference = new Bench(oracleBackend, Sequence.program(HEADS), sequence.length());
        oracle = reference.newCache(runs, sequence.length());
        oracle.declare(sequence.length());
        sequence.feed(reference, oracle, sequence.length());
    }

    Bench tested() {
        return tested;
    }

    /** What the oracle holds. */
    KvCache oracle() {
        return oracle;
    }

    KvCache newCache() {
        KvCache cache = tested.newCache(runs, sequence.length());
        cache.declare(sequence.length());
        return cache;
    }

    /** Appends the whole sequence in chunks. */
    float[] feed(KvCache cache, int chunk) {
        return sequence.feed(tested, cache, chunk);
    }

    /** Every head's stream equals the oracle's bit for bit. */
    void checkStreams(KvCache cache, Kind kind) {
        for (int head = 0; head < HEADS.kvHeads(); head++) {
            String what = kind + " of head " + head;
            checkSame(what, cache.export(0, head, kind), oracle.export(0, head, kind));
        }
    }

    private static void checkSame(String what, KvStream actual, KvStream expected) {
        Assertions.assertEquals(expected.length(), actual.length(), what + ": length");
        KvStream.DeltaRows rows = actual.delta();
        KvStream.DeltaRows wanted = expected.delta();
        Assertions.assertEquals(wanted.count(), rows.count(), what + ": encoded rows");
        Assertions.assertArrayEquals(wanted.changed(), rows.changed(), what + ": changed mask");
        Assertions.assertArrayEquals(wanted.events(), rows.events(), what + ": events");
        Assertions.assertArrayEquals(wanted.steps(), rows.steps(), what + ": steps");
        Assertions.assertEquals(wanted.sigma(), rows.sigma(), what + ": sigma");
    }

    /** What attention gives over the oracle's encoded rows. */
    Expected formula() {
        return new AttentionFormula(
                        HEADS,
                        runs,
                        rows(Kind.KEYS, false),
                        rows(Kind.KEYS, runs.keys() instanceof Encoding.Delta),
                        rows(Kind.VALUES, false),
                        rows(Kind.VALUES, runs.values() instanceof Encoding.Delta))
                .of(sequence.queries(), 0);
    }

    /** What the oracle holds of all heads, {@code [rows, kvWidth]}. */
    float[] rows(Kind kind, boolean encoded) {
        int dim = HEADS.headDim();
        float[] all = new float[sequence.keys().length];
        for (int head = 0; head < HEADS.kvHeads(); head++) {
            HeldRows held = HeldRows.of(oracle, head, kind, dim);
            float[] rows = encoded ? held.encoded() : held.exact();
            for (int row = 0; row < sequence.length(); row++) {
                System.arraycopy(rows, row * dim, all, row * HEADS.kvWidth() + head * dim, dim);
            }
        }
        return all;
    }

    @Override
    public void close() {
        oracle.close();
        reference.close();
        tested.close();
    }
}
