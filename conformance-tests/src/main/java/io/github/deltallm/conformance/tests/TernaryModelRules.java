package io.github.deltallm.conformance.tests;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.List;
import java.util.stream.Stream;

/**
 * MDL, models with ternary weights and {@code INT8_ROW} activations against the oracle.
 *
 * <p>An activation that lies close to the middle between two integers goes up on one backend and
 * down on another, because the norm before it was rounded differently in fp32. How far logits move
 * by that is measured: the oracle runs the same model with embedding and norms changed at random by
 * what sums of 512 parts may be off, {@code gamma(512)}, which turns as many activations over.
 *
 * <p>When KRN passes and these rules fail, look at activations that are rounded once for several
 * layers which do not share their input, and at buffers that operations share.
 */
@Tag("MDL")
public abstract class TernaryModelRules extends ConformanceRules {
    private static final int VOCABULARY = TinyBitNet.VOCABULARY;
    private static final int TOKENS = 24;
    private static final int CHANGES = 4;

    /** A measured difference stands for others of which some are larger. */
    private static final double SAFETY = 2;

    /** For subclasses. */
    protected TernaryModelRules() {}

    private static Stream<TensorType> types() {
        return Stream.of(TensorType.values()).filter(TensorType::ternary);
    }

    private static int[] prompt() {
        return new Numbers(5).tokens(TOKENS, VOCABULARY);
    }

    private float[] oracleLogits(TinyBitNet model) {
        try (ModelRun run = new ModelRun(oracle(), model.program(), TOKENS)) {
            return run.logits(prompt(), Runs.DENSE, TOKENS);
        }
    }

    private Expected expected(TinyBitNet model) {
        float[] exact = oracleLogits(model);
        double most = 0;
        for (int seed = 1; seed <= CHANGES; seed++) {
            float[] changed = oracleLogits(model.perturbed(Rounding.gamma(512), seed));
            for (int i = 0; i < exact.length; i++) {
                most = Math.max(most, Math.abs(changed[i] - exact[i]));
            }
        }
        Expected expected = new Expected(exact.length);
        for (int i = 0; i < exact.length; i++) {
            expected.set(i, exact[i], SAFETY * most);
        }
        return expected;
    }

    private ModelRun run(TinyBitNet model) {
        return optional(() -> new ModelRun(backend(), model.program(), TOKENS));
    }

    @TestFactory
    @DisplayName("MDL-05 optional: logits of a ternary model are the oracle's but for ties")
    Stream<DynamicTest> logitsAreTheOracles() {
        return types().map(type -> dynamicTest(type.name(), () -> logits(type)));
    }

    private void logits(TensorType type) {
        TinyBitNet model = TinyBitNet.random(type, 1);
        try (ModelRun run = run(model)) {
            Expected expected = expected(model);
            for (int chunk : new int[] {TOKENS, 7, 1}) {
                expected.check(
                        type + " in chunks of " + chunk,
                        VOCABULARY,
                        run.logits(prompt(), Runs.DENSE, chunk));
            }
        }
    }

    @Test
    @DisplayName("MDL-06 optional: the encoding of ternary weights changes no bit of the logits")
    void theEncodingChangesNothing() {
        for (int chunk : new int[] {TOKENS, 1}) {
            float[] expected = logits(TensorType.I2_S, chunk);
            for (TensorType type : List.of(TensorType.TQ1_0, TensorType.TQ2_0)) {
                new Comparison(type + " in chunks of " + chunk, VOCABULARY)
                        .same(logits(type, chunk), expected);
            }
        }
    }

    @TestFactory
    @DisplayName("MDL-08 optional: greedy tokens of a ternary model are the oracle's")
    Stream<DynamicTest> greedyTokensAreTheOracles() {
        return types().map(type -> dynamicTest(type.name(), () -> greedy(type)));
    }

    /** Goes on with the oracle's token, so that one near tie does not end the comparison. */
    private void greedy(TensorType type) {
        TinyBitNet model = TinyBitNet.random(type, 1);
        try (ModelRun tested = run(model);
                ModelRun reference = new ModelRun(oracle(), model.program(), TOKENS);
                KvCache cache = tested.executable().newCache(Runs.DENSE, 3 * TOKENS);
                KvCache other = reference.executable().newCache(Runs.DENSE, 3 * TOKENS)) {
            double tolerance = 2 * expected(model).bounds()[0];
            int[] next = prompt();
            int compared = 0;
            while (other.length() + next.length <= 3 * TOKENS) {
                float[] wanted = reference.logits(other, next, TOKENS);
                float[] logits = tested.logits(cache, next, TOKENS);
                int last = next.length - 1;
                int token = ModelRun.best(wanted, VOCABULARY, last);
                if (ModelRun.margin(wanted, VOCABULARY, last) > tolerance) {
                    Assertions.assertEquals(
                            token,
                            ModelRun.best(logits, VOCABULARY, last),
                            "token " + (other.length() - TOKENS) + " after the prompt");
                    compared++;
                }
                next = new int[] {token};
            }
            Assertions.assertTrue(compared >= 8, compared + " tokens have a clear margin");
        }
    }

    private float[] logits(TensorType type, int chunk) {
        try (ModelRun run = run(TinyBitNet.random(type, 1))) {
            return run.logits(prompt(), Runs.DENSE, chunk);
        }
    }
}
