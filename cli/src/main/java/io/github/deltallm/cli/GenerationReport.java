package io.github.deltallm.cli;

import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.GenerationResult;
import io.github.deltallm.engine.Model;

import java.io.PrintWriter;
import java.util.Locale;

/**
 * What is told about a finished answer.
 *
 * @param model what answered
 * @param result the answer
 * @param options how it was drawn
 * @param loadNanos time to open the model
 */
record GenerationReport(
        Model model, GenerationResult result, GenerationOptions options, long loadNanos) {

    /** The fields of the JSON object. */
    void write(Json json, boolean layers) {
        json.putNumbers("prompt_ids", result.promptIds())
                .putNumbers("ids", result.ids())
                .put("text", result.text())
                .put("finish_reason", finishReason())
                .put("model", model.name())
                .put("backend", model.backend());
        new RunningAttention(result.attention()).write(json);
        json.put("timings", this::timings)
                .put("sparsity", fields -> new Sparsity(result.attention()).write(fields, layers));
        SamplingChoice.seed(options).ifPresent(seed -> json.put("seed", seed));
    }

    private void timings(Json json) {
        json.put("load_ms", Units.milliseconds(loadNanos))
                .put("prefill_ms", Units.milliseconds(result.prefillNanos()))
                .put("prefill_tokens_per_s", result.prefillTokensPerSecond())
                .put("decode_tokens_per_s", result.decodeTokensPerSecond())
                .put("peak_rss_bytes", PeakMemory.bytes());
    }

    /** A few lines for people. */
    void print(PrintWriter err) {
        err.println("backend    " + model.backendDescription());
        err.println("attention  " + new RunningAttention(result.attention()).line());
        err.println("prompt     " + promptLine());
        err.println(
                "answer     "
                        + count(result.ids().size())
                        + ", "
                        + Units.rate(result.decodeTokensPerSecond())
                        + ", "
                        + finishReason());
        err.println("cache      " + new Sparsity(result.attention()).cacheLine());
        SamplingChoice.seed(options).ifPresent(seed -> err.println("seed       " + seed));
        err.flush();
    }

    private String promptLine() {
        int reused = result.reusedTokens();
        return count(result.promptIds().size())
                + (reused == 0 ? "" : " (" + reused + " of them reused)")
                + ", "
                + Units.rate(result.prefillTokensPerSecond());
    }

    private static String count(int tokens) {
        return tokens + (tokens == 1 ? " token" : " tokens");
    }

    private String finishReason() {
        return result.finish().name().toLowerCase(Locale.ROOT);
    }
}
