package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import java.util.Optional;

/**
 * A whole transformer of random weights of every type, recorded as model families record theirs.
 */
final class TinyModel {
    static final HeadShape HEADS = new HeadShape(2, 8, 2, 32);
    static final int VOCABULARY = 301;

    private static final int WIDTH = 256;
    private static final int FEED_FORWARD = 512;

    private final Program.Recorder recorder = Program.record(HEADS);
    private final Value stream = recorder.value("stream", WIDTH);
    private final Value normed = recorder.value("normed", WIDTH);
    private final Value branch = recorder.value("branch", WIDTH);

    private final boolean ternary;

    private TinyModel(boolean ternary) {
        this.ternary = ternary;
    }

    static Program program() {
        return new TinyModel(false).record();
    }

    /** The same with ternary weights and INT8_ROW activations in all layers. */
    static Program ternary() {
        return new TinyModel(true).record();
    }

    private Program record() {
        recorder.embed(weight("embed", TensorType.Q8_0, VOCABULARY, WIDTH), stream);
        for (int layer = 0; layer < HEADS.layers(); layer++) {
            layer(layer);
        }
        norm();
        return recorder.logits(normed, weight("head", TensorType.Q8_0, VOCABULARY, WIDTH))
                .program();
    }

    private void layer(int layer) {
        boolean first = layer == 0;
        Value query = recorder.value("query", HEADS.queryWidth());
        Value key = recorder.value("key", HEADS.kvWidth());
        Value value = recorder.value("value", HEADS.kvWidth());
        Value mixed = recorder.value("mixed", HEADS.queryWidth());
        Value gate = recorder.value("gate", FEED_FORWARD);
        Value up = recorder.value("up", FEED_FORWARD);
        double[] frequencies = RotaryEmbedding.plainFrequencies(10_000, HEADS.headDim());
        RotaryEmbedding rope =
                new RotaryEmbedding(RotaryEmbedding.Pairing.INTERLEAVED, frequencies);
        norm();
        linear(normed, "q" + layer, first ? TensorType.Q4_1 : TensorType.Q4_K, query);
        linear(normed, "k" + layer, first ? TensorType.Q5_0 : TensorType.Q5_K, key);
        linear(normed, "v" + layer, TensorType.Q8_0, value);
        recorder.rope(query, rope).rope(key, rope);
        recorder.attention(layer, query, key, value, 0.17f, mixed);
        linear(mixed, "o" + layer, first ? TensorType.F16 : TensorType.Q3_K, branch);
        recorder.add(stream, branch, stream);
        norm();
        linear(normed, "gate" + layer, first ? TensorType.Q4_0 : TensorType.Q2_K, gate);
        linear(normed, "up" + layer, first ? TensorType.BF16 : TensorType.F32, up);
        recorder.gate(gate, up, Op.GateFunction.SILU, gate);
        linear(gate, "down" + layer, first ? TensorType.Q5_1 : TensorType.Q6_K, branch);
        recorder.add(stream, branch, stream);
    }

    private void norm() {
        recorder.rmsNorm(stream, weight("norm", TensorType.F32, 1, WIDTH), 1e-5f, normed);
    }

    private void linear(Value in, String name, TensorType type, Value out) {
        if (ternary) {
            Tensor weight = ternaryWeight(name, out.width(), in.width());
            recorder.linear(in, weight, Optional.empty(), Op.Activations.INT8_ROW, out);
            return;
        }
        recorder.linear(in, weight(name, type, out.width(), in.width()), out);
    }

    private static Tensor weight(String name, TensorType type, int rows, int columns) {
        return RandomTensor.of(name, type, rows, columns, name.hashCode());
    }

    /** One type a name; the blocks of "down" have different scales. */
    private static Tensor ternaryWeight(String name, int rows, int columns) {
        if (!name.startsWith("down")) {
            TensorType type = name.startsWith("q") ? TensorType.TQ1_0 : TensorType.I2_S;
            return TernaryTensor.random(type, rows, columns, name.hashCode()).tensor();
        }
        float[][] scales = new float[rows][columns / 256];
        for (int row = 0; row < rows; row++) {
            for (int block = 0; block < scales[row].length; block++) {
                scales[row][block] = 0.03f + 0.01f * block;
            }
        }
        return TernaryTensor.random(TensorType.TQ2_0, rows, columns, scales, 3).tensor();
    }
}
