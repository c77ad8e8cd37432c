package io.github.deltallm.models.bitnet;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.ModelSource;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TransformerShape;
import io.github.deltallm.api.spi.Value;

/**
 * Records the forward pass: per layer {@code x += o(norm(attention(q, k, v)))} and {@code x +=
 * down(norm(f(gate) * up))}, where q, k, v, gate and up see {@code norm(x)}. All seven projections
 * are ternary with activations of 8 bits; embedding, norms and logits are not.
 */
final class BitNetGraph {
    private final ModelSource source;
    private final Projections projections;
    private final TransformerShape shape;
    private final Op.GateFunction activation;
    private final HeadShape heads;
    private final Program.Recorder recorder;
    private final Value stream;
    private final Value normed;
    private final Value query;
    private final Value key;
    private final Value value;
    private final Value mixed;
    private final Value branch;
    private final Value gate;
    private final Value up;

    BitNetGraph(ModelSource source, TransformerShape shape, Op.GateFunction activation) {
        this.source = source;
        this.shape = shape;
        this.activation = activation;
        heads = shape.heads();
        recorder = Program.record(heads);
        projections = new Projections(source, recorder);
        stream = recorder.value("stream", shape.width());
        normed = recorder.value("normed", shape.width());
        query = recorder.value("query", heads.queryWidth());
        key = recorder.value("key", heads.kvWidth());
        value = recorder.value("value", heads.kvWidth());
        mixed = recorder.value("mixed", heads.queryWidth());
        branch = recorder.value("branch", shape.width());
        gate = recorder.value("gate", shape.feedForward());
        up = recorder.value("up", shape.feedForward());
    }

    Program record() {
        int vocabulary = shape.vocabulary();
        Tensor embedding = source.requireTensor("token_embd.weight", vocabulary, shape.width());
        recorder.embed(embedding, stream);
        for (int layer = 0; layer < heads.layers(); layer++) {
            attention(layer, "blk." + layer + ".");
            feedForward("blk." + layer + ".");
        }
        norm(stream, "output_norm", normed);
        Tensor output =
                source.optionalTensor("output.weight", vocabulary, shape.width()).orElse(embedding);
        return recorder.logits(normed, output).program();
    }

    private void attention(int layer, String prefix) {
        norm(stream, prefix + "attn_norm", normed);
        projections.record(normed, prefix + "attn_q", query);
        projections.record(normed, prefix + "attn_k", key);
        projections.record(normed, prefix + "attn_v", value);
        recorder.rope(query, shape.rope());
        recorder.rope(key, shape.rope());
        float scale = (float) (1 / Math.sqrt(heads.headDim()));
        recorder.attention(layer, query, key, value, scale, mixed);
        // The queries have been read: their place is free.
        norm(mixed, prefix + "attn_sub_norm", query);
        projections.record(query, prefix + "attn_output", branch);
        recorder.add(stream, branch, stream);
    }

    private void feedForward(String prefix) {
        norm(stream, prefix + "ffn_norm", normed);
        projections.record(normed, prefix + "ffn_gate", gate);
        projections.record(normed, prefix + "ffn_up", up);
        recorder.gate(gate, up, activation, gate);
        norm(gate, prefix + "ffn_sub_norm", up);
        projections.record(up, prefix + "ffn_down", branch);
        recorder.add(stream, branch, stream);
    }

    private void norm(Value in, String name, Value out) {
        Tensor weight = source.requireTensor(name + ".weight", 1, in.width());
        recorder.rmsNorm(in, weight, shape.epsilon(), out);
    }
}
