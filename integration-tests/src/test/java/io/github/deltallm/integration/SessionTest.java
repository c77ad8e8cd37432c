package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.GenerationListener;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.GenerationResult;
import io.github.deltallm.engine.GenerationResult.Finish;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Sampling;
import io.github.deltallm.engine.Session;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What a session promises, on real models and real backends. */
class SessionTest {
    private static final String PROMPT = "Once upon a time, there was a little dog named Tom.";
    private static final String OTHER_PROMPT = "Lily and Tom went to the park";
    private static final GenerationOptions SOME = GenerationOptions.DEFAULT.withMaxTokens(40);
    private static final GenerationListener IGNORED = piece -> {};

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference", "opencl"})
    void theSameSeedGivesTheSameTextWithAnyNumberOfThreads(String backend) {
        GenerationOptions sampled =
                SOME.withSampling(new Sampling(0.9f, 40, 0.95f, 0.01f, 1.1f, 7));
        List<GenerationResult> results = new ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
            try (Model model = stories(options(backend).withThreads(threads));
                    Session session = model.newSession()) {
                results.add(session.generate(model.rawPrompt(PROMPT), sampled, IGNORED));
            }
        }
        assertThat(results).extracting(GenerationResult::ids).containsOnly(results.get(0).ids());
        assertThat(results.get(0).text()).isNotBlank();
    }

    @Test
    void theSameSeedGivesTheSameTextOfTheEmbeddedModel() {
        GenerationOptions sampled =
                GenerationOptions.DEFAULT
                        .withMaxTokens(12)
                        .withSampling(new Sampling(1, 0, 1, 0, 1, 11));
        List<GenerationResult> results = new ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
            ModelOptions options = ModelOptions.DEFAULT.withBackend("cpu").withThreads(threads);
            try (Model model = Model.open(SharedData.embeddedModel(), options);
                    Session session = model.newSession()) {
                results.add(session.generate(model.rawPrompt(PROMPT), sampled, IGNORED));
            }
        }
        assertThat(results).extracting(GenerationResult::ids).containsOnly(results.get(0).ids());
    }

    @Test
    void anotherSeedGivesAnotherText() {
        try (Model model = stories(options("cpu"));
                Session session = model.newSession()) {
            int[] prompt = model.rawPrompt(PROMPT);
            List<List<Integer>> texts = new ArrayList<>();
            for (int seed = 1; seed <= 2; seed++) {
                Sampling sampling = new Sampling(1, 0, 1, 0, 1, seed);
                texts.add(session.generate(prompt, SOME.withSampling(sampling), IGNORED).ids());
            }
            assertThat(texts.get(0)).isNotEqualTo(texts.get(1));
        }
    }

    @Test
    void temperatureZeroIsGreedyWhateverElseIsSet() {
        try (Model model = stories(options("cpu"));
                Session session = model.newSession()) {
            int[] prompt = model.rawPrompt(PROMPT);
            Sampling zero = new Sampling(0, 40, 0.9f, 0.1f, 1, 99);
            assertThat(session.generate(prompt, SOME.withSampling(zero), IGNORED).ids())
                    .isEqualTo(session.generate(prompt, SOME, IGNORED).ids());
        }
    }

    @Test
    void aStopTextEndsTheAnswerAndIsNoPartOfIt() {
        try (Model model = stories(options("cpu"));
                Session session = model.newSession()) {
            int[] prompt = model.rawPrompt(PROMPT);
            String whole = session.generate(prompt, SOME, IGNORED).text();
            String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 5);
            StringBuilder streamed = new StringBuilder();
            GenerationResult stopped =
                    session.generate(
                            prompt,
                            SOME.withStops(List.of("never in a story", stop)),
                            streamed::append);
            assertThat(stopped.finish()).isEqualTo(Finish.STOP);
            assertThat(stopped.text()).isEqualTo(whole.substring(0, whole.indexOf(stop)));
            assertThat(streamed).hasToString(stopped.text());
        }
    }

    @Test
    void theLargestNumberOfTokensEndsTheAnswer() {
        try (Model model = stories(options("cpu"));
                Session session = model.newSession()) {
            GenerationResult result =
                    session.generate(model.rawPrompt(PROMPT), SOME.withMaxTokens(7), IGNORED);
            assertThat(result.ids()).hasSize(7);
            assertThat(result.finish()).isEqualTo(Finish.LENGTH);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference", "opencl"})
    void whatDoesNotFitIntoTheContextIsRefusedAndTheSessionGoesOn(String backend) {
        try (Model model = stories(options(backend).withContext(32));
                Session session = model.newSession()) {
            int[] prompt = model.rawPrompt(OTHER_PROMPT);
            int[] tooLong = new int[33];
            Arrays.fill(tooLong, prompt[1]);
            assertThatThrownBy(() -> session.generate(tooLong, SOME.withMaxTokens(1), IGNORED))
                    .isInstanceOf(ContextOverflowException.class)
                    .hasMessageContaining("33")
                    .hasMessageContaining("32");
            assertThatThrownBy(() -> session.generate(prompt, SOME, IGNORED))
                    .isInstanceOf(ContextOverflowException.class)
                    .hasMessageContaining("40");
            assertThatThrownBy(() -> session.append(tooLong, new Cancellation(), done -> {}))
                    .isInstanceOf(ContextOverflowException.class);
            assertThat(session.length()).isZero();

            int room = 32 - prompt.length + 1;
            GenerationResult full = session.generate(prompt, SOME.withMaxTokens(room), IGNORED);
            assertThat(full.ids()).hasSize(room);
            assertThat(session.length()).isEqualTo(32);
            assertThatThrownBy(() -> session.append(prompt[1]))
                    .isInstanceOf(ContextOverflowException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference", "opencl"})
    void cancelledInThePromptTheSessionGoesOn(String backend) {
        try (Model model = stories(options(backend).withChunk(4));
                Session session = model.newSession()) {
            int[] prompt = model.rawPrompt(PROMPT);
            Cancellation cancellation = new Cancellation();
            GenerationListener cancelling =
                    new GenerationListener() {
                        @Override
                        public void text(String piece) {}

                        @Override
                        public void prompt(int done, int total) {
                            if (done >= 8) {
                                cancellation.cancel();
                            }
                        }
                    };
            GenerationResult cancelled = session.generate(prompt, SOME, cancelling, cancellation);
            assertThat(cancelled.finish()).isEqualTo(Finish.CANCELLED);
            assertThat(cancelled.ids()).isEmpty();
            assertThat(session.length()).isEqualTo(8);

            GenerationResult again = session.generate(prompt, SOME, IGNORED);
            assertThat(again.reusedTokens()).isEqualTo(8);
            assertThat(again.ids()).isEqualTo(greedy(model, PROMPT));
        }
    }

    @Test
    void anAppendThatIsCancelledSaysSo() {
        try (Model model = stories(options("cpu"));
                Session session = model.newSession()) {
            Cancellation cancellation = new Cancellation();
            cancellation.cancel();
            int[] prompt = model.rawPrompt(PROMPT);
            assertThatThrownBy(() -> session.append(prompt, cancellation, done -> {}))
                    .isInstanceOf(CancelledException.class);
            assertThat(session.length()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference", "opencl"})
    void cancelledInTheAnswerTheSessionGoesOn(String backend) {
        try (Model model = stories(options(backend));
                Session session = model.newSession()) {
            int[] prompt = model.rawPrompt(PROMPT);
            Cancellation cancellation = new Cancellation();
            List<Integer> seen = new ArrayList<>();
            GenerationListener cancelling =
                    new GenerationListener() {
                        @Override
                        public void text(String piece) {}

                        @Override
                        public void token(int id) {
                            seen.add(id);
                            if (seen.size() == 5) {
                                cancellation.cancel();
                            }
                        }
                    };
            GenerationResult cancelled = session.generate(prompt, SOME, cancelling, cancellation);
            List<Integer> whole = greedy(model, PROMPT);
            assertThat(cancelled.finish()).isEqualTo(Finish.CANCELLED);
            assertThat(cancelled.ids()).isEqualTo(seen).isEqualTo(whole.subList(0, 5));
            assertThat(session.generate(prompt, SOME, IGNORED).ids()).isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference", "opencl"})
    void sessionsOfTwoThreadsDoNotDisturbEachOther(String backend) throws Exception {
        try (Model model = stories(options(backend).withChunk(4));
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            List<String> prompts = List.of(PROMPT, OTHER_PROMPT);
            List<Future<List<Integer>>> answers = new ArrayList<>();
            for (int round = 0; round < 3; round++) {
                for (String prompt : prompts) {
                    answers.add(threads.submit(() -> greedy(model, prompt)));
                }
            }
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i).get()).isEqualTo(greedy(model, prompts.get(i % 2)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference", "opencl"})
    void aForkContinuesAsItsOriginalDoesAndOnItsOwn(String backend) {
        try (Model model = stories(options(backend));
                Session session = model.newSession()) {
            int[] prompt = model.rawPrompt(PROMPT);
            session.prompt(prompt, new Cancellation(), done -> {});
            try (Session fork = session.fork()) {
                // The original goes elsewhere first.
                List<Integer> other =
                        session.generate(model.rawPrompt(OTHER_PROMPT), SOME, IGNORED).ids();
                assertThat(other).isEqualTo(greedy(model, OTHER_PROMPT));
                assertThat(fork.tokens()).isEqualTo(prompt);
                assertThat(greedyFrom(fork)).isEqualTo(greedy(model, PROMPT));
            }
            assertThat(session.generate(prompt, SOME, IGNORED).ids())
                    .isEqualTo(greedy(model, PROMPT));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference", "opencl"})
    void aTruncatedSessionContinuesAsIfNothingHadFollowed(String backend) {
        try (Model model = stories(options(backend));
                Session session = model.newSession()) {
            int[] prompt = model.rawPrompt(PROMPT);
            List<Integer> first = session.generate(prompt, SOME, IGNORED).ids();
            session.truncate(prompt.length - 1);
            assertThat(session.length()).isEqualTo(prompt.length - 1);
            session.append(prompt[prompt.length - 1]);
            assertThat(greedyFrom(session)).isEqualTo(first);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "cpu,reference",
        "reference,cpu",
        "cpu,cpu",
        "reference,reference",
        "opencl,cpu",
        "reference,opencl",
        "opencl,opencl"
    })
    void aSavedSessionContinuesOnAnyBackend(String saver, String restorer, @TempDir Path folder) {
        Path file = folder.resolve("session");
        int[] prompt;
        List<Integer> expected;
        try (Model model = stories(options(saver).withPrecision(Precision.F32));
                Session session = model.newSession()) {
            prompt = model.rawPrompt(PROMPT);
            session.prompt(
                    Arrays.copyOf(prompt, prompt.length - 1), new Cancellation(), done -> {});
            session.save(file);
            expected = session.generate(prompt, SOME, IGNORED).ids();
        }
        try (Model model = stories(options(restorer).withPrecision(Precision.F32));
                Session session = model.restore(file, Optional.empty())) {
            assertThat(session.tokens()).isEqualTo(Arrays.copyOf(prompt, prompt.length - 1));
            GenerationResult result = session.generate(prompt, SOME, IGNORED);
            assertThat(result.reusedTokens()).isEqualTo(prompt.length - 1);
            assertThat(result.ids()).isEqualTo(expected);
        }
    }

    @Test
    void piecesAreWholeCharactersAndMakeUpTheText() {
        // Every one of these takes several tokens, none of which is a character.
        String rare = "\uD83E\uDD8A\u4E2D\u6587\uD83E\uDD8A\u4E2D\u6587\uD83E\uDD8A\u4E2D\u6587";
        try (Model model =
                        Model.open(
                                SharedData.embeddedModel(),
                                ModelOptions.DEFAULT.withBackend("cpu"));
                Session session = model.newSession()) {
            List<String> pieces = new ArrayList<>();
            int[] prompt = model.rawPrompt(rare);
            GenerationResult result = session.generate(prompt, SOME.withMaxTokens(24), pieces::add);
            assertThat(prompt.length).isGreaterThan(rare.codePointCount(0, rare.length()));
            assertThat(String.join("", pieces)).isEqualTo(result.text());
            assertThat(result.text().codePoints()).anyMatch(character -> character > 0x2000);
            for (String piece : pieces) {
                assertThat(piece.codePoints())
                        .as("%s in %s", piece, pieces)
                        .noneMatch(c -> c == 0xFFFD || (c >= 0xD800 && c <= 0xDFFF));
            }
        }
    }

    private static List<Integer> greedy(Model model, String prompt) {
        try (Session session = model.newSession()) {
            return session.generate(model.rawPrompt(prompt), SOME, IGNORED).ids();
        }
    }

    /** The tokens that follow what a session holds, drawn by hand. */
    private static List<Integer> greedyFrom(Session session) {
        List<Integer> ids = new ArrayList<>();
        while (true) {
            int best = 0;
            float[] logits = session.logits();
            for (int id = 1; id < logits.length; id++) {
                best = logits[id] > logits[best] ? id : best;
            }
            ids.add(best);
            if (ids.size() == 40) {
                return ids;
            }
            session.append(best);
        }
    }

    private static ModelOptions options(String backend) {
        return ModelOptions.DEFAULT.withBackend(Backends.require(backend));
    }

    private static Model stories(ModelOptions options) {
        return Model.open(SharedData.require("models/stories260K-f32.gguf"), options);
    }
}
