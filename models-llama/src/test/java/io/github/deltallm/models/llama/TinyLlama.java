package io.github.deltallm.models.llama;

import io.github.deltallm.testsupport.FakeModel;

import java.util.List;

/**
 * A tiny model in memory: 2 layers, width 8, 4 heads of 2 channels, 2 KV heads, feed-forward 12, 5
 * tokens.
 */
final class TinyLlama {
    private TinyLlama() {}

    static FakeModel model() {
        FakeModel model = new FakeModel();
        model.set("general.architecture", "llama");
        model.set("llama.block_count", 2L);
        model.set("llama.embedding_length", 8L);
        model.set("llama.feed_forward_length", 12L);
        model.set("llama.attention.head_count", 4L);
        model.set("llama.attention.head_count_kv", 2L);
        model.set("llama.context_length", 64L);
        model.set("llama.attention.layer_norm_rms_epsilon", 1e-5);
        model.tensor("token_embd.weight", 5, 8);
        model.tensor("output_norm.weight", 1, 8);
        for (String block : List.of("blk.0.", "blk.1.")) {
            model.tensor(block + "attn_norm.weight", 1, 8);
            model.tensor(block + "attn_q.weight", 8, 8);
            model.tensor(block + "attn_k.weight", 4, 8);
            model.tensor(block + "attn_v.weight", 4, 8);
            model.tensor(block + "attn_output.weight", 8, 8);
            model.tensor(block + "ffn_norm.weight", 1, 8);
            model.tensor(block + "ffn_gate.weight", 12, 8);
            model.tensor(block + "ffn_up.weight", 12, 8);
            model.tensor(block + "ffn_down.weight", 8, 12);
        }
        return model;
    }
}
