package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.GenerationResult;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Perplexity;
import io.github.deltallm.engine.Session;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * With dense attention a model says what llama.cpp and an independent fp32 implementation make it
 * say.
 */
class ReferenceTest {
    private static final AttentionSpec DENSE = AttentionSpec.parse("dense");
    private static final AttentionSpec ZERO = AttentionSpec.parse("delta:theta=0,profile=none");

    /** The fp32 implementation's logits differ from ours by the order of sums only. */
    private static final double F32_LOGIT = 0.03;

    /** 8-bit activations, bf16 keys and values: llama.cpp rounds too, but elsewhere. */
    private static final double FAST_LOGIT = 0.5;

    private static final double STORIES_LOGIT = 0.02;

    /** Longer prompts take the reference backend minutes. */
    private static final int LONGEST_ON_REFERENCE = 20;

    /** The reference backend's part of a text. */
    private static final int REFERENCE_IDS = 256;

    @TestFactory
    Stream<DynamicTest> stories260KOnCpu() {
        return cases("cpu", Precision.F32, stories(), Golden.stories260K());
    }

    @TestFactory
    Stream<DynamicTest> stories260KOnCpuFast() {
        return cases("cpu", Precision.FAST, stories(), Golden.stories260K());
    }

    @TestFactory
    Stream<DynamicTest> stories260KOnReference() {
        return cases("reference", Precision.F32, stories(), Golden.stories260K());
    }

    @TestFactory
    Stream<DynamicTest> smolLm2OnCpu() {
        return cases("cpu", Precision.F32, SharedData.embeddedModel(), Golden.smolLm2());
    }

    @TestFactory
    Stream<DynamicTest> smolLm2OnCpuFast() {
        return cases("cpu", Precision.FAST, SharedData.embeddedModel(), Golden.smolLm2());
    }

    @TestFactory
    Stream<DynamicTest> smolLm2OnReference() {
        List<Golden> some =
                Golden.smolLm2().stream()
                        .filter(golden -> golden.promptIds().size() <= LONGEST_ON_REFERENCE)
                        .toList();
        return cases("reference", Precision.F32, SharedData.embeddedModel(), some);
    }

    @TestFactory
    Stream<DynamicTest> smolLm2OnCpuWithTheDefaultAttention() {
        return greedy(
                open(SharedData.embeddedModel(), "cpu", Precision.FAST),
                AttentionSpec.parse("auto"),
                "dense");
    }

    /** Every change is transmitted, so what is kept as changes is what was there. */
    @TestFactory
    Stream<DynamicTest> smolLm2OnCpuWithDeltasOfZeroThreshold() {
        return greedy(open(SharedData.embeddedModel(), "cpu", Precision.F32), ZERO, "delta");
    }

    /** And it is kept as f32, as under dense attention, where no error is allowed. */
    @TestFactory
    Stream<DynamicTest> smolLm2OnCpuFastWithDeltasOfZeroThreshold() {
        return greedy(open(SharedData.embeddedModel(), "cpu", Precision.FAST), ZERO, "delta");
    }

    @TestFactory
    Stream<DynamicTest> stories260KOnCpuWithDeltasOfZeroThreshold() {
        Model model = open(stories(), "cpu", Precision.FAST);
        return greedy(model, Golden.stories260K(), ZERO, "delta");
    }

    private static Stream<DynamicTest> greedy(Model model, AttentionSpec spec, String runs) {
        return greedy(model, Golden.smolLm2(), spec, runs);
    }

    /**
     * Only the agreed tokens are compared.
     *
     * @param runs the name of the attention that is to run in the end
     */
    static Stream<DynamicTest> greedy(
            Model model, List<Golden> goldens, AttentionSpec spec, String runs) {
        return goldens.stream()
                .map(golden ->
                        DynamicTest.dynamicTest(
                                golden.toString(), () -> continues(golden, model, spec, runs)))
                .onClose(model::close);
    }

    private static void continues(Golden golden, Model model, AttentionSpec spec, String runs) {
        GenerationResult result = continued(golden, model, spec);
        assertThat(result.ids()).isEqualTo(golden.greedy());
        assertThat(result.attention().spec().name()).isEqualTo(runs);
    }

    private static GenerationResult continued(Golden golden, Model model, AttentionSpec spec) {
        try (Session session = model.newSession(spec)) {
            return session.generate(
                    array(golden.promptIds()),
                    GenerationOptions.DEFAULT.withMaxTokens(golden.greedy().size()),
                    piece -> {});
        }
    }

    @Test
    void perplexityOfBleakHouseOnCpu() {
        perplexityAgrees("bleak-house", Precision.F32, 0.001);
    }

    @Test
    void perplexityOfBleakHouseOnCpuFast() {
        perplexityAgrees("bleak-house", Precision.FAST, 0.01);
    }

    @Test
    @Tag("long")
    void perplexityOfWikiOnCpu() {
        perplexityAgrees("wiki", Precision.F32, 0.001);
    }

    @Test
    @Tag("long")
    void perplexityOfWikiOnCpuFast() {
        perplexityAgrees("wiki", Precision.FAST, 0.01);
    }

    @Test
    void cpuAndReferenceAgreeOnPerplexity() {
        List<Integer> ids = Golden.text("bleak-house").ids().subList(0, REFERENCE_IDS);
        Perplexity oracle = perplexity("reference", Precision.F32, ids);
        Perplexity cpu = perplexity("cpu", Precision.F32, ids);
        assertThat(cpu.tokens()).isEqualTo(oracle.tokens()).isEqualTo(REFERENCE_IDS - 1);
        assertThat(cpu.nll()).isCloseTo(oracle.nll(), within(1e-4));
    }

    private static void perplexityAgrees(String text, Precision precision, double relative) {
        Golden.Text golden = Golden.text(text);
        Perplexity measured = perplexity("cpu", precision, golden.ids());
        assertThat(measured.tokens()).isEqualTo(golden.ids().size() - 1);
        assertThat(measured.value())
                .isCloseTo(golden.perplexity(), within(relative * golden.perplexity()));
        assertThat(measured.attention().total().skippedMacFraction()).isZero();
    }

    private static Perplexity perplexity(String backend, Precision precision, List<Integer> ids) {
        try (Model model = open(SharedData.embeddedModel(), backend, precision)) {
            return Perplexity.of(
                    model, DENSE, array(ids), ids.size(), new Cancellation(), done -> {});
        }
    }

    /** One test for each prompt; the model is opened for the first and closed after the last. */
    static Stream<DynamicTest> cases(
            String backend, Precision precision, Path file, List<Golden> goldens) {
        Model model = open(file, backend, precision);
        return goldens.stream()
                .map(golden ->
                        DynamicTest.dynamicTest(
                                golden.toString(), () -> modelSays(golden, model, precision)))
                .onClose(model::close);
    }

    private static void modelSays(Golden golden, Model model, Precision precision) {
        int[] prompt = model.rawPrompt(golden.prompt());
        assertThat(prompt).containsExactly(array(golden.promptIds()));
        try (Session session = model.newSession(DENSE)) {
            session.prompt(prompt, new Cancellation(), done -> {});
            logitsAgree(golden, session.logits(), precision);
        }
        // A session of its own: the one above would compute the last token again, by itself.
        try (Session session = model.newSession(DENSE)) {

            GenerationResult result =
                    session.generate(
                            prompt,
                            GenerationOptions.DEFAULT.withMaxTokens(golden.greedy().size()),
                            piece -> {});
            assertThat(result.ids()).isEqualTo(golden.greedy());
            assertThat(result.attention().total().skippedMacFraction()).isZero();
        }
    }

    private static void logitsAgree(Golden golden, float[] logits, Precision precision) {
        if (precision == Precision.FAST) {
            spans(golden)
                    .forEach((id, span) ->
                            isNear(
                                    logits,
                                    id,
                                    Collections.min(span),
                                    Collections.max(span),
                                    FAST_LOGIT));
        } else if (golden.top5F32().isEmpty()) {
            // An fp32 model: llama.cpp rounds the same things as an fp32 implementation, nearly
            // none.
            golden.top5().forEach((id, logit) -> isNear(logits, id, logit, logit, STORIES_LOGIT));
        } else {
            golden.top5F32().forEach((id, logit) -> isNear(logits, id, logit, logit, F32_LOGIT));
        }
    }

    /** For every token that one of the implementations lists, what they say of it. */
    private static Map<Integer, List<Double>> spans(Golden golden) {
        return Stream.of(golden.top5(), golden.top5F32())
                .flatMap(logits -> logits.entrySet().stream())
                .collect(
                        Collectors.groupingBy(
                                Map.Entry::getKey,
                                Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
    }

    private static void isNear(float[] logits, int id, double least, double most, double margin) {
        assertThat((double) logits[id])
                .as("the logit of token %d", id)
                .isBetween(least - margin, most + margin);
    }

    private static int[] array(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    static Path stories() {
        return SharedData.require("models/stories260K-f32.gguf");
    }

    static Model open(Path file, String backend, Precision precision) {
        return Model.open(file, ModelOptions.DEFAULT.withBackend(backend).withPrecision(precision));
    }
}
