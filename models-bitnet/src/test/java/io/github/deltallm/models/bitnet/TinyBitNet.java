package io.github.deltallm.models.bitnet;

import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.testsupport.FakeModel;

import java.util.List;

/**
 * A tiny model in memory: 2 layers, width 128, 4 heads of 32 channels, 2 KV heads, feed-forward
 * 256, 5 tokens; projections are I2_S.
 */
final class TinyBitNet {
    private TinyBitNet() {}

    static FakeModel model() {
        FakeModel model = new FakeModel();
        model.set("general.architecture", "bitnet-b1.58");
        model.set("bitnet-b1.58.block_count", 2L);
        model.set("bitnet-b1.58.embedding_length", 128L);
        model.set("bitnet-b1.58.feed_forward_length", 256L);
        model.set("bitnet-b1.58.attention.head_count", 4L);
        model.set("bitnet-b1.58.attention.head_count_kv", 2L);
        model.set("bitnet-b1.58.context_length", 64L);
        model.set("bitnet-b1.58.attention.layer_norm_rms_epsilon", 1e-5);
        model.tensor("token_embd.weight", TensorType.F16, 5, 128);
        model.tensor("output_norm.weight", TensorType.F32, 1, 128);
        for (String block : List.of("blk.0.", "blk.1.")) {
            model.tensor(block + "attn_norm.weight", TensorType.F32, 1, 128);
            model.tensor(block + "attn_q.weight", TensorType.I2_S, 128, 128);
            model.tensor(block + "attn_k.weight", TensorType.I2_S, 64, 128);
            model.tensor(block + "attn_v.weight", TensorType.I2_S, 64, 128);
            model.tensor(block + "attn_sub_norm.weight", TensorType.F32, 1, 128);
            model.tensor(block + "attn_output.weight", TensorType.I2_S, 128, 128);
            model.tensor(block + "ffn_norm.weight", TensorType.F32, 1, 128);
            model.tensor(block + "ffn_gate.weight", TensorType.I2_S, 256, 128);
            model.tensor(block + "ffn_up.weight", TensorType.I2_S, 256, 128);
            model.tensor(block + "ffn_sub_norm.weight", TensorType.F32, 1, 256);
            model.tensor(block + "ffn_down.weight", TensorType.I2_S, 128, 256);
        }
        return model;
    }
}
