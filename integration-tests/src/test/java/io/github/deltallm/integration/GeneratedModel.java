package io.github.deltallm.integration;

import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.gguf.GgufValue;
import io.github.deltallm.engine.gguf.GgufWriter;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A model of any shape with random weights, seeded and written to disk tensor by tensor: the bytes
 * that a real model of the shape would have to move, and nothing that belongs to anybody. Weights
 * have a standard deviation of {@code 1 / sqrt(columns)}, so that activations stay around 1.
 *
 * <p>By hand, after {@code ./deltallm --version} and {@code mvn test-compile}:
 *
 * <pre>{@code
 * java -cp "cli/target/launcher/dist/lib/*:integration-tests/target/test-classes" \
 *     io.github.deltallm.integration.GeneratedModel bitnet-2b bitnet-2b.gguf [seed]
 * }</pre>
 *
 * @param architecture {@code bitnet-b1.58} or {@code llama}
 * @param width channels of the residual stream
 * @param projections type of the seven matrices of a layer
 * @param secondOnes type of the values' and the down projection in every second layer
 * @param embedding type of the embedding, which is the output too
 */
record GeneratedModel(
        String architecture,
        int layers,
        int width,
        int feedForward,
        int heads,
        int kvHeads,
        int headDim,
        int vocabulary,
        int context,
        float ropeBase,
        TensorType projections,
        TensorType secondOnes,
        TensorType embedding) {
    /** BitNet-b1.58-2B-4T as its official I2_S file is: 332 tensors. */
    static final GeneratedModel BITNET_2B =
            new GeneratedModel(
                    "bitnet-b1.58",
                    30,
                    2560,
                    6912,
                    20,
                    5,
                    128,
                    128_256,
                    4096,
                    500_000,
                    TensorType.I2_S,
                    TensorType.I2_S,
                    TensorType.F16);

    /** Small, but with BitNet-2B's heads: 128 channels, groups of 4. */
    static final GeneratedModel SMALL_BITNET =
            new GeneratedModel(
                    "bitnet-b1.58",
                    2,
                    512,
                    768,
                    4,
                    1,
                    128,
                    2048,
                    512,
                    500_000,
                    TensorType.I2_S,
                    TensorType.I2_S,
                    TensorType.F16);

    /** Llama-3.2-1B as llama.cpp quantises it to Q4_0: the tied embedding is Q6_K. */
    static final GeneratedModel LLAMA_1B_Q4_0 =
            llama1B(TensorType.Q4_0, TensorType.Q4_0, TensorType.Q6_K);

    /** Llama-3.2-1B in a mixture of Q4_K and Q6_K much like Q4_K_M. */
    static final GeneratedModel LLAMA_1B_Q4_K =
            llama1B(TensorType.Q4_K, TensorType.Q6_K, TensorType.Q6_K);

    /** Llama-3.2-1B in Q8_0. */
    static final GeneratedModel LLAMA_1B_Q8_0 =
            llama1B(TensorType.Q8_0, TensorType.Q8_0, TensorType.Q8_0);

    private static final Map<String, GeneratedModel> BY_NAME =
            new TreeMap<>(
                    Map.of(
                            "bitnet-2b", BITNET_2B,
                            "bitnet-small", SMALL_BITNET,
                            "llama-1b-q4_0", LLAMA_1B_Q4_0,
                            "llama-1b-q4_k", LLAMA_1B_Q4_K,
                            "llama-1b-q8_0", LLAMA_1B_Q8_0));

    private static GeneratedModel llama1B(
            TensorType projections, TensorType secondOnes, TensorType embedding) {
        return new GeneratedModel(
                "llama",
                16,
                2048,
                8192,
                32,
                8,
                64,
                128_256,
                131_072,
                500_000,
                projections,
                secondOnes,
                embedding);
    }

    /** Writes one of the models above: name, file and, if wanted, the seed. */
    public static void main(String[] args) {
        GeneratedModel model = args.length < 2 ? null : BY_NAME.get(args[0]);
        if (model == null) {
            System.err.println("usage: GeneratedModel " + BY_NAME.keySet() + " FILE [SEED]");
            System.exit(2);
            return;
        }
        long start = System.nanoTime();
        long bytes = model.write(Path.of(args[1]), args.length > 2 ? Long.parseLong(args[2]) : 1);
        System.out.printf(
                Locale.ROOT, "%d bytes in %.1f s%n", bytes, (System.nanoTime() - start) / 1e9);
    }

    /**
     * Writes the model.
     *
     * @return the file's bytes
     */
    long write(Path target, long seed) {
        GgufWriter writer = new GgufWriter();
        writer.put("general.architecture", GgufValue.text(architecture));
        writer.put("general.name", GgufValue.text("random weights, seed " + seed));
        put(writer, "block_count", layers);
        put(writer, "context_length", context);
        put(writer, "embedding_length", width);
        put(writer, "feed_forward_length", feedForward);
        put(writer, "attention.head_count", heads);
        put(writer, "attention.head_count_kv", kvHeads);
        put(writer, "rope.dimension_count", headDim);
        put(writer, "vocab_size", vocabulary);
        writer.put(architecture + ".rope.freq_base", GgufValue.float32(ropeBase));
        writer.put(architecture + ".attention.layer_norm_rms_epsilon", GgufValue.float32(1e-5f));
        GeneratedVocabulary.put(writer, vocabulary);
        tensors(writer, seed);
        return writer.write(target);
    }

    private void put(GgufWriter writer, String key, int value) {
        writer.put(architecture + "." + key, GgufValue.uint32(value));
    }

    private void tensors(GgufWriter writer, long seed) {
        GeneratedWeights weights = new GeneratedWeights(writer, seed);
        weights.matrix("token_embd.weight", embedding, vocabulary, width);
        boolean bitnet = !architecture.equals("llama");
        for (int layer = 0; layer < layers; layer++) {
            String block = "blk." + layer + ".";
            TensorType mixed = layer % 2 == 0 ? projections : secondOnes;
            weights.matrix(block + "attn_q.weight", projections, heads * headDim, width);
            weights.matrix(block + "attn_k.weight", projections, kvHeads * headDim, width);
            weights.matrix(block + "attn_v.weight", mixed, kvHeads * headDim, width);
            weights.matrix(block + "attn_output.weight", projections, width, heads * headDim);
            weights.matrix(block + "ffn_gate.weight", projections, feedForward, width);
            weights.matrix(block + "ffn_up.weight", projections, feedForward, width);
            weights.matrix(block + "ffn_down.weight", mixed, width, feedForward);
            weights.norm(block + "attn_norm.weight", width);
            weights.norm(block + "ffn_norm.weight", width);
            if (bitnet) {
                weights.norm(block + "attn_sub_norm.weight", heads * headDim);
                weights.norm(block + "ffn_sub_norm.weight", feedForward);
            }
        }
        weights.norm("output_norm.weight", width);
        if (!bitnet) {
            weights.norm("rope_freqs.weight", headDim / 2);
        }
    }
}
