package io.github.deltallm.evaluation.result;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * An evaluation as JSON: one object whose names are those of the records, in snake case, and {@code
 * results} for the scores. Numbers that are not finite become {@code null}.
 */
public final class EvaluationJson {
    private final JsonGenerator json;

    private EvaluationJson(JsonGenerator json) {
        this.json = json;
    }

    /** The whole evaluation, without a line break at the end. */
    public static String of(Evaluation evaluation) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator =
                JsonFactory.builder().build().createGenerator(ObjectWriteContext.empty(), text)) {
            new EvaluationJson(generator).write(evaluation);
        }
        return text.toString();
    }

    private void write(Evaluation evaluation) {
        json.writeStartObject();
        all("results", evaluation.scores(), this::score);
        json.writeName("run");
        run(evaluation.run());
        all("key_precision", evaluation.keyPrecisions(), this::keyPrecision);
        all("head_sparsity", evaluation.headSparsities(), this::headSparsity);
        all("frequency_change", evaluation.frequencyChanges(), this::frequencyChange);
        all("speed", evaluation.speeds(), this::speed);
        json.writeEndObject();
    }

    private <T> void all(String name, List<T> items, Consumer<T> fields) {
        json.writeName(name);
        json.writeStartArray();
        for (T item : items) {
            json.writeStartObject();
            fields.accept(item);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void run(RunInfo run) {
        json.writeStartObject();
        json.writeStringProperty("model", run.model());
        json.writeStringProperty("model_sha256", run.modelSha256());
        json.writeStringProperty("architecture", run.architecture());
        json.writeStringProperty("backend", run.backend());
        json.writeStringProperty("backend_description", run.backendDescription());
        json.writeStringProperty("version", run.version());
        json.writeStringProperty("commit", run.commit());
        json.writeStringProperty("date", run.date());
        json.writeName("options");
        json.writeStartObject();
        run.options().forEach(json::writeStringProperty);
        json.writeEndObject();
        json.writeEndObject();
    }

    private void score(Score score) {
        json.writeStringProperty("task", score.task());
        json.writeStringProperty("attention", score.attention());
        json.writeStringProperty("metric", score.metric());
        json.writeBooleanProperty("higher_is_better", score.higherIsBetter());
        number("value", score.value());
        number("stderr", score.stderr());
        json.writeNumberProperty("n", score.n());
        json.writeName("difference");
        score.difference().ifPresentOrElse(this::difference, json::writeNull);
        json.writeName("sparsity");
        sparsity(score.sparsity());
        number("tokens_per_s", score.tokensPerSecond());
    }

    private void difference(Difference difference) {
        json.writeStartObject();
        number("value", difference.value());
        number("stderr", difference.stderr());
        number("low", difference.low());
        number("high", difference.high());
        number("p_value", difference.pValue());
        json.writeBooleanProperty("in_noise", difference.inNoise());
        json.writeEndObject();
    }

    private void sparsity(Sparsity sparsity) {
        json.writeStartObject();
        number("delta_zero_fraction", sparsity.deltaZeroFraction());
        number("skipped_mac_fraction", sparsity.skippedMacFraction());
        number("prefill_skipped_mac_fraction", sparsity.prefillSkippedMacFraction());
        number("decode_skipped_mac_fraction", sparsity.decodeSkippedMacFraction());
        number("value_delta_zero_fraction", sparsity.valueDeltaZeroFraction());
        number("value_skipped_mac_fraction", sparsity.valueSkippedMacFraction());
        number("prefill_value_skipped_mac_fraction", sparsity.prefillValueSkippedMacFraction());
        json.writeNumberProperty("executed_macs", sparsity.executedMacs());
        json.writeNumberProperty("key_bytes", sparsity.keyBytes());
        json.writeNumberProperty("value_bytes", sparsity.valueBytes());
        json.writeNumberProperty("dense_key_bytes", sparsity.denseKeyBytes());
        json.writeNumberProperty("dense_value_bytes", sparsity.denseValueBytes());
        json.writeEndObject();
    }

    private void keyPrecision(KeyPrecision precision) {
        json.writeStringProperty("task", precision.task());
        json.writeStringProperty("attention", precision.attention());
        json.writeStringProperty("kind", precision.kind());
        number("key_bits", precision.keyBits());
        number("perplexity", precision.perplexity());
        number("change", precision.change());
    }

    private void headSparsity(HeadSparsity head) {
        json.writeStringProperty("attention", head.attention());
        json.writeNumberProperty("layer", head.layer());
        json.writeNumberProperty("kv_head", head.kvHead());
        number("delta_zero_fraction", head.deltaZeroFraction());
    }

    private void frequencyChange(FrequencyChange change) {
        json.writeStringProperty("attention", change.attention());
        json.writeNumberProperty("pair", change.pair());
        number("radians_per_token", change.radiansPerToken());
        number("change_rate", change.changeRate());
    }

    private void speed(Speed speed) {
        json.writeStringProperty("attention", speed.attention());
        json.writeStringProperty("stage", speed.stage().name().toLowerCase(Locale.ROOT));
        json.writeNumberProperty("depth", speed.depth());
        number("tokens_per_s", speed.tokensPerSecond());
        number("spread", speed.spread());
        json.writeNumberProperty("repetitions", speed.repetitions());
    }

    private void number(String name, double value) {
        json.writeName(name);
        if (Double.isFinite(value)) {
            json.writeNumber(value);
        } else {
            json.writeNull();
        }
    }
}
