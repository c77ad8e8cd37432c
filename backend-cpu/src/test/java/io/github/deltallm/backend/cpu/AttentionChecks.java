package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.util.ArrayList;
import java.util.List;

/** Attention against a naive implementation in double precision, on rows rounded to the store. */
final class AttentionChecks {
    /** One attention operation, alone. */
    record Bench(HeadShape shape, Program program, Value query, Value key, Value value, Value out) {
        static Bench of(HeadShape shape) {
            Program.Recorder recorder = Program.record(shape);
            Value query = recorder.input("query", shape.queryWidth());
            Value key = recorder.input("key", shape.kvWidth());
            Value value = recorder.input("value", shape.kvWidth());
            Value out = recorder.value("out", shape.queryWidth());
            float scale = (float) (1 / Math.sqrt(shape.headDim()));
            for (int layer = 0; layer < shape.layers(); layer++) {
                recorder.attention(layer, query, key, value, scale, out);
            }
            return new Bench(shape, recorder.output(out).program(), query, key, value, out);
        }
    }

    /** A sequence and all rows that it was given, keys and values rounded head by head. */
    static final class Sequence implements AutoCloseable {
        final Bench bench;
        final TestStrategy strategy;
        final KvCache cache;
        final List<float[]> queries = new ArrayList<>();
        final List<float[]> keys = new ArrayList<>();
        final List<float[]> values = new ArrayList<>();
        private long seed;

        Sequence(Bench bench, TestStrategy strategy, KvCache cache, long seed) {
            this.bench = bench;
            this.strategy = strategy;
            this.cache = cache;
            this.seed = seed;
        }

        float[] next(int width) {
            return KernelChecks.gaussian(width, seed++);
        }

        @Override
        public void close() {
            cache.close();
        }
    }

    private AttentionChecks() {}

    static void all() {
        shapes();
        stores();
        windows();
        mixedSpans();
    }

    /** Odd head dimensions, groups of all sizes, chunks of many, few and one row. */
    static void shapes() {
        int[][] shapes = {
            {1, 1, 16}, {2, 2, 24}, {3, 1, 64}, {8, 1, 40}, {10, 2, 128}, {6, 3, 80}, {2, 1, 256}
        };
        for (int[] shape : shapes) {
            check(
                    new HeadShape(1, shape[0], shape[1], shape[2]),
                    TestStrategy.dense(Encoding.Store.F32),
                    37,
                    1,
                    3,
                    70,
                    1,
                    200,
                    1,
                    4,
                    1);
        }
    }

    static void stores() {
        for (Encoding.Store store : Encoding.Store.values()) {
            check(new HeadShape(1, 6, 2, 40), TestStrategy.dense(store), 50, 1, 5, 2, 230, 1, 1);
        }
    }

    /**
     * Windows and sinks whose edges fall inside blocks, pages and ranges, and whose middle goes.
     */
    static void windows() {
        int[][] windows = {{0, 1}, {0, 20}, {4, 33}, {40, 5}, {70, 64}, {3, 300}};
        for (int[] window : windows) {
            check(
                    new HeadShape(1, 3, 1, 64),
                    new TestStrategy(Encoding.Store.BF16, window[0], window[1]),
                    90,
                    1,
                    1,
                    150,
                    3,
                    1,
                    260,
                    1,
                    100,
                    1);
        }
    }

    private static void check(HeadShape shape, TestStrategy strategy, int... chunks) {
        Bench bench = Bench.of(shape);
        try (Backend backend = KernelChecks.open(2);
                Executable executable = backend.compile(bench.program, 300);
                Sequence sequence =
                        new Sequence(bench, strategy, executable.newCache(strategy, 1000), 7)) {
            for (int rows : chunks) {
                step(executable, List.of(sequence), rows);
                checkRows(executable, sequence, rows, 0);
                checkExport(sequence);
            }
            checkCounts(sequence);
        }
    }

    /** Sequences of different lengths and strategies in one step. */
    static void mixedSpans() {
        Bench bench = Bench.of(new HeadShape(1, 4, 2, 32));
        TestStrategy dense = TestStrategy.dense(Encoding.Store.F32);
        TestStrategy window = new TestStrategy(Encoding.Store.BF16, 2, 11);
        try (Backend backend = KernelChecks.open(3);
                Executable executable = backend.compile(bench.program, 300);
                Sequence a = new Sequence(bench, dense, executable.newCache(dense, 900), 1);
                Sequence b = new Sequence(bench, window, executable.newCache(window, 900), 1000);
                Sequence c = new Sequence(bench, dense, executable.newCache(dense, 900), 5000)) {
            step(executable, List.of(a), 290);
            checkRows(executable, a, 290, 0);
            step(executable, List.of(c), 5);
            checkRows(executable, c, 5, 0);
            for (int rows : new int[] {1, 20, 3}) {
                step(executable, List.of(a, b, c), rows);
                checkRows(executable, a, rows, 0);
                checkRows(executable, b, rows, rows);
                checkRows(executable, c, rows, 2 * rows);
            }
        }
    }

    /** Appends random rows to each sequence. */
    static void step(Executable executable, List<Sequence> sequences, int rows) {
        Bench bench = sequences.getFirst().bench;
        int queryWidth = bench.shape.queryWidth();
        int kvWidth = bench.shape.kvWidth();
        int total = rows * sequences.size();
        float[] query = new float[total * queryWidth];
        float[] key = new float[total * kvWidth];
        float[] value = new float[total * kvWidth];
        Step step = new Step();
        int row = 0;
        for (Sequence sequence : sequences) {
            sequence.cache.declare(30);
            step.add(sequence.cache, new int[rows], 0, rows, Step.Logits.NONE);
            for (int i = 0; i < rows; i++, row++) {
                float[] q = sequence.next(queryWidth);
                sequence.queries.add(q);
                System.arraycopy(q, 0, query, row * queryWidth, queryWidth);
                float[] k = sequence.next(kvWidth);
                System.arraycopy(k, 0, key, row * kvWidth, kvWidth);
                sequence.keys.add(rounded(sequence, k));
                float[] v = sequence.next(kvWidth);
                System.arraycopy(v, 0, value, row * kvWidth, kvWidth);
                sequence.values.add(rounded(sequence, v));
            }
        }
        executable.write(bench.query, total, query);
        executable.write(bench.key, total, key);
        executable.write(bench.value, total, value);
        executable.run(step, (r, logits) -> {});
    }

    private static float[] rounded(Sequence sequence, float[] row) {
        float[] rounded = row.clone();
        int dim = sequence.bench.shape.headDim();
        for (int at = 0; at < row.length; at += dim) {
            switch (sequence.strategy.store()) {
                case F32 -> {}
                case BF16 -> {
                    for (int c = at; c < at + dim; c++) {
                        int bits = Float.floatToRawIntBits(row[c]);
                        int up = bits + 0x7FFF + (bits >>> 16 & 1);
                        rounded[c] = Float.intBitsToFloat(up & 0xFFFF0000);
                    }
                }
                case INT8 -> roundToSteps(rounded, at, dim, 127);
                case INT4 -> roundToSteps(rounded, at, dim, 7);
            }
        }
        return rounded;
    }

    private static void roundToSteps(float[] row, int at, int dim, int steps) {
        float most = 0;
        for (int c = at; c < at + dim; c++) {
            most = Math.max(most, Math.abs(row[c]));
        }
        int bits = Float.floatToRawIntBits(most / steps);
        float step = Float.intBitsToFloat(bits + 0xFF & 0xFFFFFF00);
        for (int c = at; c < at + dim; c++) {
            row[c] = (float) Math.rint(row[c] / step) * step;
        }
    }

    /** Checks the last rows of a sequence. */
    private static void checkRows(
            Executable executable, Sequence sequence, int rows, int firstRow) {
        HeadShape shape = sequence.bench.shape;
        int length = sequence.cache.length();
        float[] out = executable.read(sequence.bench.out, firstRow + rows);
        for (int i = 0; i < rows; i++) {
            int position = length - rows + i;
            for (int head = 0; head < shape.heads(); head++) {
                double[] expected = attend(sequence, position, head);
                for (int c = 0; c < shape.headDim(); c++) {
                    int at = (firstRow + i) * shape.queryWidth() + head * shape.headDim() + c;
                    // Values are around 1; scores of some units carry errors of some 1e-6.
                    KernelChecks.require(
                            Math.abs(out[at] - expected[c]) <= 2e-5,
                            sequence.strategy
                                    + " "
                                    + shape
                                    + " position "
                                    + position
                                    + " head "
                                    + head
                                    + " channel "
                                    + c
                                    + " is "
                                    + out[at]
                                    + ", not "
                                    + expected[c]);
                }
            }
        }
    }

    /** What a cache still has is what it was given, rounded. */
    private static void checkExport(Sequence sequence) {
        HeadShape shape = sequence.bench.shape;
        int dim = shape.headDim();
        for (KvStream.Kind kind : KvStream.Kind.values()) {
            List<float[]> given = kind == KvStream.Kind.KEYS ? sequence.keys : sequence.values;
            for (int head = 0; head < shape.kvHeads(); head++) {
                for (KvStream.Rows rows : sequence.cache.export(0, head, kind).exact()) {
                    for (int i = 0; i < rows.values().length; i++) {
                        float expected = given.get(rows.from() + i / dim)[head * dim + i % dim];
                        KernelChecks.require(
                                rows.values()[i] == expected,
                                kind
                                        + " are exported as "
                                        + rows.values()[i]
                                        + ", not "
                                        + expected);
                    }
                }
            }
        }
    }

    private static double[] attend(Sequence sequence, int position, int head) {
        HeadShape shape = sequence.bench.shape;
        int dim = shape.headDim();
        int column = head / shape.group() * dim;
        float[] query = sequence.queries.get(position);
        double[] scores = new double[position + 1];
        double most = Double.NEGATIVE_INFINITY;
        for (int key = 0; key <= position; key++) {
            scores[key] = Double.NEGATIVE_INFINITY;
            if (sequence.strategy.sees(position, key)) {
                double sum = 0;
                for (int c = 0; c < dim; c++) {
                    sum += (double) query[head * dim + c] * sequence.keys.get(key)[column + c];
                }
                scores[key] = sum / Math.sqrt(dim);
                most = Math.max(most, scores[key]);
            }
        }
        double total = 0;
        double[] mixed = new double[dim];
        for (int key = 0; key <= position; key++) {
            double weight = Math.exp(scores[key] - most);
            total += weight;
            for (int c = 0; c < dim && weight > 0; c++) {
                mixed[c] += weight * sequence.values.get(key)[column + c];
            }
        }
        for (int c = 0; c < dim; c++) {
            mixed[c] /= total;
        }
        return mixed;
    }

    private static void checkCounts(Sequence sequence) {
        HeadShape shape = sequence.bench.shape;
        for (KvCache.Stage stage : KvCache.Stage.values()) {
            long causal = 0;
            long seen = 0;
            for (int query = 0; query < sequence.cache.length(); query++) {
                boolean prefill = query < 30;
                for (int key = 0;
                        key <= query && prefill == (stage == KvCache.Stage.PREFILL);
                        key++) {
                    causal++;
                    seen += sequence.strategy.sees(query, key) ? 1 : 0;
                }
            }
            AttentionCounts counts = sequence.cache.counts(0, stage);
            long macs = causal * shape.heads() * shape.headDim();
            long cost = seen * shape.heads() * shape.headDim();
            KernelChecks.require(
                    counts.keyMacs() == macs
                            && counts.valueMacs() == macs
                            && counts.keyCost() == cost
                            && counts.valueCost() == cost
                            && counts.keyElements() == 0,
                    stage
                            + " of "
                            + sequence.strategy
                            + " counts "
                            + counts
                            + ", not "
                            + macs
                            + " and "
                            + cost);
        }
    }
}
