package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.Arrays;
import java.util.stream.Stream;

/**
 * MDL, whole models against the oracle.
 *
 * <p>How far logits may be off is measured, not guessed: the oracle runs the same model with every
 * weight changed at random by a known part of itself. Rounding in fp32 changes a product of up to
 * 160 weights like a change of the weights by {@code gamma(160)}; activations of 8 bits like one by
 * a 127th.
 *
 * <p>When single operations pass and these rules fail, look at buffers that operations share.
 */
@Tag("MDL")
public abstract class ModelRules extends ConformanceRules {
    private static final int VOCABULARY = TinyLlama.VOCABULARY;
    private static final int TOKENS = 40;

    /** A measured difference stands for others of which some are larger. */
    private static final double SAFETY = 4;

    /** For subclasses. */
    protected ModelRules() {}

    private static Stream<TensorType> types() {
        return Stream.of(TensorType.F32, TensorType.Q8_0, TensorType.Q4_0);
    }

    private static int[] prompt() {
        return new Numbers(5).tokens(TOKENS, VOCABULARY);
    }

    private float[] oracleLogits(Program program, int[] tokens) {
        try (ModelRun run = new ModelRun(oracle(), program, tokens.length)) {
            return run.logits(tokens, Runs.DENSE, tokens.length);
        }
    }

    /** The oracle's logits, with what a change of all weights by {@code part} makes of them. */
    private Expected expected(TinyLlama model, int[] tokens, double part) {
        float[] exact = oracleLogits(model.program(), tokens);
        double most = 0;
        for (int seed = 0; seed < 3; seed++) {
            TinyLlama changed =
                    model.perturbed(part, seed, tensor -> LinearFormula.decode(tensor, oracle()));
            float[] logits = oracleLogits(changed.program(), tokens);
            for (int i = 0; i < exact.length; i++) {
                most = Math.max(most, Math.abs(logits[i] - exact[i]));
            }
        }
        Expected expected = new Expected(exact.length);
        for (int i = 0; i < exact.length; i++) {
            expected.set(i, exact[i], SAFETY * most);
        }
        return expected;
    }

    @TestFactory
    @DisplayName("MDL-01 required: logits are within rounding of the oracle's, in any chunks")
    Stream<DynamicTest> logitsAreTheOracles() {
        return types().map(type ->
                dynamicTest(type.name(), () -> logits(type, backend(), Rounding.gamma(160))));
    }

    @TestFactory
    @DisplayName("MDL-02 required: logits under FAST are within 8-bit rounding of the oracle's")
    Stream<DynamicTest> fastLogitsAreClose() {
        return types().map(type ->
                dynamicTest(
                        type.name(),
                        () -> {
                            try (Backend fast = open(Precision.FAST)) {
                                logits(type, fast, 1.0 / 127);
                            }
                        }));
    }

    private void logits(TensorType type, Backend tested, double part) {
        TinyLlama model = TinyLlama.random(type, 1);
        Expected expected = expected(model, prompt(), part);
        try (ModelRun run = new ModelRun(tested, model.program(), TOKENS)) {
            for (int chunk : new int[] {TOKENS, 16, 7, 1}) {
                expected.check(
                        type + " in chunks of " + chunk,
                        VOCABULARY,
                        run.logits(prompt(), Runs.DENSE, chunk));
            }
        }
    }

    @TestFactory
    @DisplayName("MDL-03 required: greedy tokens are the oracle's")
    Stream<DynamicTest> greedyTokensAreTheOracles() {
        return types().map(type -> dynamicTest(type.name(), () -> greedy(type)));
    }

    private void greedy(TensorType type) {
        TinyLlama model = TinyLlama.random(type, 1);
        double tolerance = 2 * expected(model, prompt(), Rounding.gamma(160)).bounds()[0];
        try (ModelRun tested = new ModelRun(backend(), model.program(), TOKENS);
                ModelRun reference = new ModelRun(oracle(), model.program(), TOKENS);
                KvCache cache = tested.executable().newCache(Runs.DENSE, 2 * TOKENS);
                KvCache other = reference.executable().newCache(Runs.DENSE, 2 * TOKENS)) {
            int[] next = prompt();
            int compared = 0;
            while (other.length() + next.length <= 2 * TOKENS) {
                float[] expected = reference.logits(other, next, TOKENS);
                float[] actual = tested.logits(cache, next, TOKENS);
                int row = next.length - 1;
                if (ModelRun.margin(expected, VOCABULARY, row) < tolerance) {
                    break;
                }
                int token = ModelRun.best(expected, VOCABULARY, row);
                Assertions.assertEquals(
                        token,
                        ModelRun.best(actual, VOCABULARY, row),
                        "token " + compared + " after the prompt");
                next = new int[] {token};
                compared++;
            }
            Assertions.assertTrue(compared >= 8, compared + " tokens have a clear margin");
        }
    }

    @TestFactory
    @DisplayName("MDL-07 optional (delta): a delta-encoded model says what the oracle says")
    Stream<DynamicTest> deltaModelsSayTheSame() {
        requireCapability("delta");
        Encoding.Delta bf16 = Encoding.Delta.of(0.5f, Encoding.Events.BF16, Encoding.Store.F32);
        Encoding.Delta f32 = Encoding.Delta.of(0.2f, Encoding.Events.F32, Encoding.Store.F32);
        return Stream.of(
                        new Percent(Runs.delta(bf16, 0, 8), 10, false),
                        new Percent(Runs.delta(f32, 2, 8), 20, true),
                        new Runs(bf16, f32, 1, 5, false))
                .map(strategy ->
                        dynamicTest(
                                strategy.spec().toString(),
                                () -> new ModelTrial(strategy, backend(), oracle()).check()));
    }

    @Test
    @DisplayName("MDL-04 required: sequences of one step do not disturb each other")
    void sequencesOfOneStepDoNotDisturb() {
        TinyLlama model = TinyLlama.random(TensorType.Q8_0, 1);
        int[] tokens = prompt();
        Expected expected = expected(model, tokens, Rounding.gamma(160));
        try (ModelRun run = new ModelRun(backend(), model.program(), 2 * TOKENS);
                KvCache one = run.executable().newCache(Runs.DENSE, TOKENS);
                KvCache other = run.executable().newCache(Runs.DENSE, TOKENS)) {
            run.logits(one, Arrays.copyOf(tokens, 17), TOKENS);
            float[] logits = new float[(TOKENS - 17 + TOKENS) * VOCABULARY];
            run.executable()
                    .run(
                            new Step()
                                    .add(one, tokens, 17, TOKENS - 17, Step.Logits.ALL)
                                    .add(other, tokens, 0, TOKENS, Step.Logits.ALL),
                            ModelRun.into(logits));
            int rest = TOKENS - 17;
            expected.range(17 * VOCABULARY, TOKENS * VOCABULARY)
                    .check("continued", VOCABULARY, Numbers.rows(logits, VOCABULARY, 0, rest));
            expected.check(
                    "started", VOCABULARY, Numbers.rows(logits, VOCABULARY, rest, rest + TOKENS));
        }
    }
}
