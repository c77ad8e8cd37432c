package io.github.deltallm.models.llama;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.ModelSource;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TransformerShape;
import io.github.deltallm.api.spi.Value;

import java.util.Optional;

/**
 * Records the forward pass: per layer norm, attention, norm, SwiGLU, each added to the residual
 * stream.
 */
final class LlamaGraph {
    private final ModelSource source;
    private final TransformerShape shape;
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

    LlamaGraph(ModelSource source, TransformerShape shape) {
        this.source = source;
        this.shape = shape;
        heads = shape.heads();
        recorder = Program.record(heads);
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
        int width = shape.width();
        int vocabulary = shape.vocabulary();
        Tensor embedding = source.requireTensor("token_embd.weight", vocabulary, width);
        recorder.embed(embedding, stream);
        for (int layer = 0; layer < heads.layers(); layer++) {
            attention(layer, "blk." + layer + ".");
            feedForward("blk." + layer + ".");
        }
        norm("output_norm.weight");
        Tensor output = source.optionalTensor("output.weight", vocabulary, width).orElse(embedding);
        return recorder.logits(normed, output).program();
    }

    private void attention(int layer, String prefix) {
        norm(prefix + "attn_norm.weight");
        linear(normed, prefix + "attn_q", query);
        linear(normed, prefix + "attn_k", key);
        linear(normed, prefix + "attn_v", value);
        recorder.rope(query, shape.rope());
        recorder.rope(key, shape.rope());
        float scale = (float) (1 / Math.sqrt(heads.headDim()));
        recorder.attention(layer, query, key, value, scale, mixed);
        linear(mixed, prefix + "attn_output", branch);
        recorder.add(stream, branch, stream);
    }

    private void feedForward(String prefix) {
        norm(prefix + "ffn_norm.weight");
        linear(normed, prefix + "ffn_gate", gate);
        linear(normed, prefix + "ffn_up", up);
        recorder.gate(gate, up, Op.GateFunction.SILU, gate);
        linear(gate, prefix + "ffn_down", branch);
        recorder.add(stream, branch, stream);
    }

    private void norm(String weight) {
        recorder.rmsNorm(
                stream, source.requireTensor(weight, 1, shape.width()), shape.epsilon(), normed);
    }

    private void linear(Value in, String name, Value out) {
        Tensor weight = source.requireTensor(name + ".weight", out.width(), in.width());
        Optional<Tensor> bias = source.optionalTensor(name + ".bias", 1, out.width());
        recorder.linear(in, weight, bias, Op.Activations.FLOAT, out);
    }
}
