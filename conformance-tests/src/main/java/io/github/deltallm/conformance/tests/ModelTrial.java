package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStream.Kind;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Assertions;

import java.util.Arrays;

/**
 * A small Llama under one attention, on the backend under test and on the oracle.
 *
 * <p>How far logits may be off is measured as in {@link ModelRules}, under the same attention. Both
 * backends compute the keys that they encode, so a change that lies within rounding of its
 * threshold may be transmitted by one and not by the other: where masks differ, logits may be as
 * far off as 8-bit activations would make them.
 */
final class ModelTrial {
    private static final int VOCABULARY = TinyLlama.VOCABULARY;
    private static final int TOKENS = 40;
    private static final int CHUNK = 16;
    private static final double SAFETY = 4;

    private final TinyLlama model = TinyLlama.random(TensorType.F32, 1);
    private final int[] prompt = new Numbers(5).tokens(TOKENS, VOCABULARY);
    private final AttentionStrategy strategy;
    private final Backend tested;
    private final Backend oracle;

    ModelTrial(AttentionStrategy strategy, Backend tested, Backend oracle) {
        this.strategy = strategy;
        this.tested = tested;
        this.oracle = oracle;
    }

    /** Logits of a prompt and of the greedy tokens behind it, and the tokens themselves. */
    void check() {
        try (ModelRun run = new ModelRun(tested, model.program(), CHUNK);
                ModelRun reference = new ModelRun(oracle, model.program(), CHUNK);
                KvCache cache = run.executable().newCache(strategy, 2 * TOKENS);
                KvCache other = reference.executable().newCache(strategy, 2 * TOKENS)) {
            cache.declare(TOKENS);
            other.declare(TOKENS);
            double tight = tolerance(Rounding.gamma(160));
            double loose = tolerance(1.0 / 127);
            int[] next = prompt;
            int compared = 0;
            while (other.length() + next.length <= 2 * TOKENS) {
                float[] wanted = reference.logits(other, next, CHUNK);
                float[] logits = run.logits(cache, next, CHUNK);
                double tolerance = sameMasks(cache, other) ? tight : loose;
                Expected expected = new Expected(wanted.length);
                for (int i = 0; i < wanted.length; i++) {
                    expected.set(i, wanted[i], tolerance);
                }
                expected.check("logits behind " + compared + " tokens", VOCABULARY, logits);
                int last = next.length - 1;
                int token = ModelRun.best(wanted, VOCABULARY, last);
                if (ModelRun.margin(wanted, VOCABULARY, last) > 2 * tolerance) {
                    Assertions.assertEquals(
                            token,
                            ModelRun.best(logits, VOCABULARY, last),
                            "greedy token " + compared);
                    compared++;
                }
                next = new int[] {token};
            }
            Assertions.assertTrue(compared >= 8, compared + " tokens have a clear margin");
        }
    }

    private boolean sameMasks(KvCache cache, KvCache other) {
        for (int layer = 0; layer < TinyLlama.HEADS.layers(); layer++) {
            for (int head = 0; head < TinyLlama.HEADS.kvHeads(); head++) {
                for (Kind kind : Kind.values()) {
                    KvStream.DeltaRows one = cache.export(layer, head, kind).delta();
                    KvStream.DeltaRows two = other.export(layer, head, kind).delta();
                    if (!Arrays.equals(one.changed(), two.changed())) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /** What a change of all weights by {@code part} makes of the oracle's logits. */
    private double tolerance(double part) {
        float[] exact = logits(model);
        double most = 0;
        for (int seed = 0; seed < 3; seed++) {
            TinyLlama changed =
                    model.perturbed(part, seed, tensor -> LinearFormula.decode(tensor, oracle));
            float[] logits = logits(changed);
            for (int i = 0; i < exact.length; i++) {
                most = Math.max(most, Math.abs(logits[i] - exact[i]));
            }
        }
        return SAFETY * most;
    }

    private float[] logits(TinyLlama changed) {
        try (ModelRun run = new ModelRun(oracle, changed.program(), CHUNK)) {
            return run.logits(prompt, strategy, CHUNK);
        }
    }
}
