package io.github.deltallm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Questions asked together get what each gets when it is asked alone, a token at a time. */
class GroupRunTest {
    private static final double ROUNDING = 1e-4;
    private static final String STORY =
            "Once upon a time, there was a little girl named Lily. She loved to play outside in"
                    + " the park with her friends. One day, she saw a big red ball near the tree.";

    private static Model model;
    private static TextTokens tokens;

    @BeforeAll
    static void open() {
        model = TinyModel.open();
        tokens = new TextTokens(model);
    }

    @AfterAll
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    private static Question scored(String id, Sequence... sequences) {
        return new Question(id, List.of(sequences), Optional.empty(), answers -> Map.of());
    }

    private static List<Question> questions() {
        return List.of(
                scored(
                        "choices",
                        tokens.pair(STORY, " She was happy."),
                        tokens.pair(STORY, " She was sad and went home."),
                        tokens.pair(STORY, " Dog.")),
                scored(
                        "contexts",
                        tokens.pair("Tom had a dog. The dog", " was big."),
                        tokens.pair("Tom had a dog. Tom", " was big.")),
                scored("prefix of another", tokens.pair(STORY, " She was")),
                new Question(
                        "both",
                        List.of(tokens.pair(STORY + " Lily said", " nothing")),
                        Optional.of(tokens.prompt(STORY + " Lily said", 20)),
                        answers -> Map.of()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dense",
                "delta:theta=0.5,window=8",
                "delta:theta=1.0,window=4,values=0.5",
                "window:size=12,sinks=2"
            })
    void togetherAsAlone(String attention) {
        AttentionSpec spec = AttentionSpec.parse(attention);
        List<Question> questions = questions();
        try (GroupRun run = new GroupRun(model, spec, new Cancellation())) {
            List<Asked> asked = run.ask(questions, null);
            for (int q = 0; q < questions.size(); q++) {
                Question question = questions.get(q);
                for (int s = 0; s < question.sequences().size(); s++) {
                    assertThat(asked.get(q).answers().logLikelihoods().get(s))
                            .as("%s, sequence %s", question.id(), s)
                            .containsExactly(
                                    alone(spec, question.sequences().get(s)), within(ROUNDING));
                }
            }
            assertThat(asked.getLast().answers().text())
                    .isNotEmpty()
                    .isEqualTo(generated(spec, questions.getLast().prompt().orElseThrow()));
        }
    }

    @Test
    void whatAllBeginWithMayBeThereBefore() {
        AttentionSpec spec = AttentionSpec.parse("delta:theta=0.5,window=8");
        Sequence sequence = tokens.pair(STORY, " She was happy.");
        try (Session prefix = model.newSession(spec);
                GroupRun run = new GroupRun(model, spec, new Cancellation())) {
            prefix.append(
                    java.util.Arrays.copyOf(sequence.ids(), 20), new Cancellation(), done -> {});
            Asked asked = run.ask(List.of(scored("one", sequence)), prefix).getFirst();

            assertThat(asked.answers().logLikelihoods().getFirst())
                    .containsExactly(alone(spec, sequence), within(ROUNDING));
            assertThat(asked.usage().tokens()).isEqualTo(sequence.ids().length - 1 - 20);
            assertThat(prefix.length()).isEqualTo(20);
        }
    }

    @Test
    void whatIsSharedIsComputedOnce() {
        AttentionSpec spec = AttentionSpec.parse("dense");
        Sequence one = tokens.pair(STORY, " She was happy.");
        Sequence other = tokens.pair(STORY, " Tom was sad.");
        try (GroupRun run = new GroupRun(model, spec, new Cancellation())) {
            List<Asked> asked = run.ask(List.of(scored("1", one), scored("2", other)), null);
            int shared = java.util.Arrays.mismatch(one.ids(), other.ids());

            assertThat(asked.getFirst().usage().tokens()).isEqualTo(one.ids().length - 1);
            assertThat(asked.getLast().usage().tokens()).isEqualTo(other.ids().length - 1 - shared);
        }
    }

    @Test
    void everyPairOfAQueryAndAKeyIsCountedOnce() {
        AttentionSpec spec = AttentionSpec.parse("dense");
        Sequence sequence = tokens.pair(STORY, " She was happy.");
        try (GroupRun run = new GroupRun(model, spec, new Cancellation())) {
            Usage usage = run.ask(List.of(scored("1", sequence)), null).getFirst().usage();
            long rows = sequence.ids().length - 1L;
            var heads = model.heads();

            assertThat(usage.prefill().keyMacs())
                    .isEqualTo(
                            rows
                                    * (rows + 1)
                                    / 2
                                    * (long) heads.layers()
                                    * heads.heads()
                                    * heads.headDim());
            assertThat(usage.decode().keyMacs()).isZero();
        }
    }

    @Test
    void answersThatBeginAlikeAreCountedAsPrompts() {
        AttentionSpec spec = AttentionSpec.parse("dense");
        Question question =
                scored(
                        "alike",
                        tokens.pair(STORY, " She was very happy."),
                        tokens.pair(STORY, " She was very sad."));
        try (GroupRun run = new GroupRun(model, spec, new Cancellation())) {
            Usage usage = run.ask(List.of(question), null).getFirst().usage();

            assertThat(usage.decode().keyMacs()).isZero();
        }
    }

    @Test
    void generatedTokensAreCountedAsDecoding() {
        AttentionSpec spec = AttentionSpec.parse("dense");
        try (GroupRun run = new GroupRun(model, spec, new Cancellation())) {
            Usage usage = run.ask(questions().subList(3, 4), null).getFirst().usage();

            assertThat(usage.decode().keyMacs()).isPositive();
            assertThat(usage.bytes().denseKeys()).isPositive();
        }
    }

    /** The log-likelihoods of a sequence, a token at a time in a session of its own. */
    private static double[] alone(AttentionSpec spec, Sequence sequence) {
        List<Double> found = new ArrayList<>();
        try (Session session = model.newSession(spec)) {
            session.declare(sequence.ids().length);
            for (int i = 0; i < sequence.ids().length - 1; i++) {
                session.append(sequence.ids()[i]);
                if (i + 1 >= sequence.scoredFrom()) {
                    found.add(logSoftmax(session.logits(), sequence.ids()[i + 1]));
                }
            }
        }
        return found.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double logSoftmax(float[] logits, int token) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp((double) logit - logits[token]);
        }
        return -Math.log(sum);
    }

    private static String generated(AttentionSpec spec, Question.Prompt prompt) {
        try (Session session = model.newSession(spec)) {
            String text =
                    session.generate(
                                    prompt.ids(),
                                    GenerationOptions.DEFAULT
                                            .withMaxTokens(prompt.maxTokens())
                                            .withSampling(
                                                    io.github.deltallm.engine.Sampling.GREEDY),
                                    piece -> {})
                            .text();
            int line = text.indexOf('\n');
            return line < 0 ? text : text.substring(0, line);
        }
    }
}
