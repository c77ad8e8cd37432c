package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Perplexity;
import io.github.deltallm.engine.Session;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A trained BitNet b1.58 model says what an independent implementation of its exact integers makes
 * it say, in every encoding of its weights and on every backend that runs it.
 */
class BitNetReferenceTest {
    private static final AttentionSpec DENSE = AttentionSpec.parse("dense");

    /** A rounding difference of 1e-6 in a norm moves logits by up to 0.15, through the int8s. */
    private static final double LOGIT = 0.2;

    /** Of the perplexity under delta attention over that under dense attention. */
    private static final double LOSS = 0.01;

    private static final double FRACTION = 0.01;
    private static final int DECODED = 20;

    static Stream<Arguments> runs() {
        return Stream.concat(BitNetModels.BACKENDS.stream(), Stream.of("opencl"))
                .flatMap(backend ->
                        Stream.of(Precision.values())
                                .map(precision -> Arguments.of(backend, precision)));
    }

    @ParameterizedTest
    @MethodSource("runs")
    void prompts(String backend, Precision precision) {
        try (Model model = open("i2s", backend, precision)) {
            for (Golden golden : Golden.bitNetStories()) {
                modelSays(golden, model);
            }
        }
    }

    private static void modelSays(Golden golden, Model model) {
        int[] prompt = model.rawPrompt(golden.prompt());
        assertThat(prompt).containsExactly(array(golden.promptIds()));
        try (Session session = model.newSession(DENSE)) {
            session.prompt(prompt, new Cancellation(), done -> {});
            float[] logits = session.logits();
            golden.top5()
                    .forEach((id, logit) ->
                            assertThat((double) logits[id])
                                    .as("the logit of token %d after %s", id, golden)
                                    .isCloseTo(logit, within(LOGIT)));
        }
        try (Session session = model.newSession(DENSE)) {
            GenerationOptions options =
                    GenerationOptions.DEFAULT.withMaxTokens(golden.greedy().size());
            assertThat(session.generate(prompt, options, piece -> {}).ids())
                    .as("after %s", golden)
                    .isEqualTo(golden.greedy());
        }
    }

    @ParameterizedTest
    @MethodSource("runs")
    void theEncodingOfTheWeightsChangesNoBitOfTheLogits(String backend, Precision precision) {
        List<float[]> expected = logits("i2s", backend, precision);
        for (String type : List.of("tq1_0", "tq2_0")) {
            List<float[]> actual = logits(type, backend, precision);
            assertThat(actual).hasSameSizeAs(expected);
            for (int i = 0; i < expected.size(); i++) {
                assertThat(actual.get(i)).as("logits %d of %s", i, type).isEqualTo(expected.get(i));
            }
        }
    }

    /** Behind each prompt and behind some tokens that follow it. */
    private static List<float[]> logits(String type, String backend, Precision precision) {
        List<float[]> logits = new ArrayList<>();
        int[] text = array(Golden.bitNetText().ids());
        try (Model model = open(type, backend, precision)) {
            for (Golden golden : Golden.bitNetStories()) {
                try (Session session = model.newSession(DENSE)) {
                    session.prompt(array(golden.promptIds()), new Cancellation(), done -> {});
                    logits.add(session.logits().clone());
                    for (int i = 0; i < DECODED; i++) {
                        session.append(text[i]);
                        logits.add(session.logits().clone());
                    }
                }
            }
        }
        return logits;
    }

    @ParameterizedTest
    @MethodSource("runs")
    void deltaAttentionLosesAndSkipsTheSame(String backend, Precision precision) {
        Golden.Text text = Golden.bitNetText();
        int[] ids = array(text.ids());
        try (Model model = open("i2s", backend, precision)) {
            double dense = perplexity(model, DENSE, ids).value();
            assertThat(dense).isCloseTo(text.perplexity(), within(LOSS * text.perplexity()));
            for (Golden.Delta delta : Golden.bitNetDeltas()) {
                Perplexity measured = perplexity(model, delta.spec(), ids);
                assertThat(measured.value() / dense)
                        .as("loss under %s", delta.spec())
                        .isCloseTo(delta.perplexity() / text.perplexity(), within(LOSS));
                assertThat(measured.attention().total().deltaZeroFraction())
                        .as("delta zero fraction under %s", delta.spec())
                        .isCloseTo(delta.zeroFraction(), within(FRACTION));
            }
        }
    }

    private static Perplexity perplexity(Model model, AttentionSpec spec, int[] ids) {
        return Perplexity.of(model, spec, ids, ids.length, new Cancellation(), done -> {});
    }

    private static Model open(String type, String backend, Precision precision) {
        return BitNetModels.open(BitNetModels.stories(type), backend, precision);
    }

    private static int[] array(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }
}
