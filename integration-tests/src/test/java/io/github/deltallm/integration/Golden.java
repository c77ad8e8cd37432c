package io.github.deltallm.integration;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.testsupport.SharedData;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What other implementations computed for a prompt.
 *
 * @param greedy the tokens that follow greedily, as far as the implementations agree
 * @param top5 the largest logits after the prompt by token, of llama.cpp
 * @param top5F32 the same of an fp32 implementation; empty where there is none
 */
record Golden(
        String prompt,
        List<Integer> promptIds,
        List<Integer> greedy,
        Map<Integer, Double> top5,
        Map<Integer, Double> top5F32) {
    private static final JsonMapper JSON = new JsonMapper();

    /** Of {@code stories260K-f32.gguf}. */
    static List<Golden> stories260K() {
        return read(file("reference/stories260k-greedy.json"), "generated_ids");
    }

    /** Of the embedded model. */
    static List<Golden> smolLm2() {
        return read(file("reference/smollm2-greedy.json").get("cases"), "greedy_agreed");
    }

    /** Of {@code bitnet-stories-*.gguf}, by an implementation of the exact integers. */
    static List<Golden> bitNetStories() {
        return read(file("reference/bitnet-stories.json").get("cases"), "greedy");
    }

    /** A text for {@code bitnet-stories-*.gguf}. */
    static Text bitNetText() {
        return text(file("reference/bitnet-stories.json").get("delta_text"));
    }

    /** What delta attention loses on {@link #bitNetText}; what it skips is not told. */
    static List<Delta> bitNetDeltas() {
        return deltas(file("reference/bitnet-stories.json").get("delta_text"));
    }

    /**
     * A text with its perplexity under dense attention, by an fp32 implementation.
     *
     * @param name {@code bleak-house} (1024 tokens) or {@code wiki} (2048 tokens)
     */
    static Text text(String name) {
        return text(file("reference/smollm2-delta.json").get("texts").get(name));
    }

    private static Text text(JsonNode text) {
        for (JsonNode result : text.get("results")) {
            if (result.get("th").asDouble() == 0) {
                return new Text(ints(text.get("ids")), result.get("ppl").asDouble());
            }
        }
        throw new IllegalStateException("the text has no dense result");
    }

    /**
     * What an fp32 implementation of delta attention measures on a text.
     *
     * @param name as for {@link #text}
     */
    static List<Delta> deltas(String name) {
        return deltas(file("reference/smollm2-delta.json").get("texts").get(name));
    }

    private static List<Delta> deltas(JsonNode text) {
        return text.get("results")
                .valueStream()
                .filter(result -> result.get("th").asDouble() > 0)
                .map(result ->
                        new Delta(
                                spec(result),
                                result.get("ppl").asDouble(),
                                result.get("delta_zero_fraction").asDouble(),
                                result.path("skipped_mac_fraction").asDouble(Double.NaN)))
                .toList();
    }

    /** One threshold for all channels; everything else is left to the precision. */
    private static AttentionSpec spec(JsonNode result) {
        return AttentionSpec.parse(
                "delta:theta="
                        + result.get("th").asDouble()
                        + ",mode="
                        + result.get("mode").asString()
                        + ",window="
                        + (result.has("w") ? Integer.toString(result.get("w").asInt()) : "5%"));
    }

    /**
     * What delta attention loses and skips on a text, taken as one window.
     *
     * @param skippedFraction NaN where the file does not say
     */
    record Delta(
            AttentionSpec spec, double perplexity, double zeroFraction, double skippedFraction) {}

    /** A tokenized text; its perplexity is that of one window of all tokens. */
    record Text(List<Integer> ids, double perplexity) {}

    private static JsonNode file(String path) {
        return JSON.readTree(SharedData.require(path));
    }

    private static List<Golden> read(JsonNode cases, String greedy) {
        List<Golden> goldens = new ArrayList<>();
        for (JsonNode entry : cases) {
            goldens.add(
                    new Golden(
                            entry.get("prompt").asString(),
                            ints(entry.get("prompt_ids")),
                            ints(entry.get(greedy)),
                            logits(entry.get("top5")),
                            entry.has("top5_f32") ? logits(entry.get("top5_f32")) : Map.of()));
        }
        return goldens;
    }

    private static Map<Integer, Double> logits(JsonNode pairs) {
        Map<Integer, Double> logits = new LinkedHashMap<>();
        pairs.forEach(pair -> logits.put(pair.get(0).asInt(), pair.get(1).asDouble()));
        return logits;
    }

    private static List<Integer> ints(JsonNode array) {
        return array.valueStream().map(JsonNode::asInt).toList();
    }

    /** For the names of tests. */
    @Override
    public String toString() {
        String start = prompt.strip().replaceAll("\\s+", " ");
        return promptIds.size()
                + " tokens, '"
                + start.substring(0, Math.min(24, start.length()))
                + "'";
    }
}
