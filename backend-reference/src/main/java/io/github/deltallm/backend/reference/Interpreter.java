package io.github.deltallm.backend.reference;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;

import java.lang.foreign.MemorySegment;

/** Runs a program's operations, one after the other, on one step. */
final class Interpreter {
    private final HeadShape heads;
    private final Weights weights;
    private final Activations activations;
    private final Ranges ranges;
    private final StepRows rows;
    private final LogitsSink sink;

    Interpreter(
            Program program,
            Weights weights,
            Activations activations,
            Ranges ranges,
            StepRows rows,
            LogitsSink sink) {
        this.heads = program.heads();
        this.weights = weights;
        this.activations = activations;
        this.ranges = ranges;
        this.rows = rows;
        this.sink = sink;
    }

    void run(Op op) {
        switch (op) {
            case Op.Embed embed -> embed(embed);
            case Op.RmsNorm norm -> rmsNorm(norm);
            case Op.Linear linear -> linear(linear);
            case Op.Rope rope -> rope(rope);
            case Op.Attention attention -> attention(attention);
            case Op.Gate gate -> gate(gate);
            case Op.Add add -> add(add);
            case Op.Logits logits -> logits(logits);
        }
    }

    private void embed(Op.Embed op) {
        float[] out = activations.of(op.out());
        float[] row = new float[op.table().columns()];
        for (int r = 0; r < rows.count(); r++) {
            Decoder.row(op.table(), rows.token(r), row);
            System.arraycopy(row, 0, out, r * row.length, row.length);
        }
    }

    private void rmsNorm(Op.RmsNorm op) {
        float[] in = activations.of(op.in());
        float[] out = activations.of(op.out());
        float[] weight = weights.vector(op.weight());
        for (int at = 0; at < rows.count() * op.in().width(); at += weight.length) {
            RowKernels.rmsNorm(in, out, at, weight, op.epsilon());
        }
    }

    private void linear(Op.Linear op) {
        switch (op.activations()) {
            case FLOAT -> floatLinear(op);
            case INT8_ROW -> ternaryLinear(op);
        }
    }

    private void floatLinear(Op.Linear op) {
        float[] in = activations.of(op.in());
        float[] out = activations.of(op.out());
        float[][] weight = weights.rows(op.weight());
        float[] bias = bias(op);
        ranges.run(
                weight.length,
                (from, to) -> {
                    for (int o = from; o < to; o++) {
                        for (int r = 0; r < rows.count(); r++) {
                            double sum = LinearKernel.dot(weight[o], in, r * op.in().width());
                            out[r * weight.length + o] = (float) (sum + bias[o]);
                        }
                    }
                });
    }

    private void ternaryLinear(Op.Linear op) {
        float[] in = activations.of(op.in());
        float[] out = activations.of(op.out());
        TernaryMatrix weight = weights.ternary(op.weight());
        float[] bias = bias(op);
        ranges.run(
                rows.count(),
                (from, to) -> {
                    for (int r = from; r < to; r++) {
                        int width = op.in().width();
                        LinearKernel.QuantisedRow row =
                                LinearKernel.QuantisedRow.of(in, r * width, width);
                        for (int o = 0; o < bias.length; o++) {
                            out[r * bias.length + o] = row.product(weight, o) + bias[o];
                        }
                    }
                });
    }

    /** Zeros where there is none. */
    private float[] bias(Op.Linear op) {
        return op.bias().map(weights::vector).orElseGet(() -> new float[op.out().width()]);
    }

    private void rope(Op.Rope op) {
        float[] data = activations.of(op.data());
        int width = op.data().width();
        for (int r = 0; r < rows.count(); r++) {
            for (int head = 0; head < width; head += op.headDim()) {
                RowKernels.rope(data, r * width + head, rows.position(r), op.embedding());
            }
        }
    }

    private void attention(Op.Attention op) {
        for (StepRows.Span span : rows.spans()) {
            append(op, span);
            attend(op, span);
        }
    }

    private void append(Op.Attention op, StepRows.Span span) {
        float[] key = activations.of(op.key());
        float[] value = activations.of(op.value());
        for (int r = span.row(); r < span.row() + span.count(); r++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                int at = r * heads.kvWidth() + head * heads.headDim();
                span.cache().append(op.layer(), head, KvStream.Kind.KEYS, key, at);
                span.cache().append(op.layer(), head, KvStream.Kind.VALUES, value, at);
            }
        }
    }

    private void attend(Op.Attention op, StepRows.Span span) {
        float[] query = activations.of(op.query());
        float[] out = activations.of(op.out());
        ReferenceCache cache = span.cache();
        AttentionCounts[] counts = new AttentionCounts[span.count() * heads.heads()];
        ranges.run(
                counts.length,
                (from, to) -> {
                    for (int i = from; i < to; i++) {
                        int row = i / heads.heads();
                        int head = i % heads.heads();
                        int kvHead = head / heads.group();
                        AttentionKernel kernel =
                                new AttentionKernel(
                                        cache.rows(op.layer(), kvHead, KvStream.Kind.KEYS),
                                        cache.rows(op.layer(), kvHead, KvStream.Kind.VALUES),
                                        cache.runs(op.layer(), kvHead, span.position() + row));
                        int at = (span.row() + row) * heads.queryWidth() + head * heads.headDim();
                        counts[i] = kernel.attend(query, at, op.scale(), out);
                    }
                });
        for (int i = 0; i < counts.length; i++) {
            KvCache.Stage stage = cache.stage(span.position() + i / heads.heads());
            cache.tally(op.layer(), stage).add(counts[i]);
        }
    }

    private void gate(Op.Gate op) {
        float[] gate = activations.of(op.gate());
        float[] up = activations.of(op.up());
        float[] out = activations.of(op.out());
        for (int i = 0; i < rows.count() * op.out().width(); i++) {
            out[i] = RowKernels.gate(op.function(), gate[i], up[i]);
        }
    }

    private void add(Op.Add op) {
        float[] left = activations.of(op.left());
        float[] right = activations.of(op.right());
        float[] out = activations.of(op.out());
        for (int i = 0; i < rows.count() * op.out().width(); i++) {
            out[i] = left[i] + right[i];
        }
    }

    private void logits(Op.Logits op) {
        float[] in = activations.of(op.in());
        for (StepRows.Span span : rows.spans()) {
            for (int r = span.row(); r < span.row() + span.count(); r++) {
                if (span.wanted(r)) {
                    sink.accept(r, logits(op, in, r * op.in().width()));
                }
            }
        }
    }

    private MemorySegment logits(Op.Logits op, float[] in, int at) {
        float[][] weight = weights.rows(op.weight());
        float[] logits = new float[weight.length];
        ranges.run(
                logits.length,
                (from, to) -> {
                    for (int o = from; o < to; o++) {
                        logits[o] = (float) LinearKernel.dot(weight[o], in, at);
                    }
                });
        return MemorySegment.ofArray(logits).asReadOnly();
    }
}
