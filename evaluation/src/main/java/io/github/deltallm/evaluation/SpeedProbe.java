package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;
import io.github.deltallm.evaluation.result.Speed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Measures the speed of prompts and of single tokens behind a text of some depth. */
final class SpeedProbe {
    private static final int PROMPT = 256;
    private static final int TOKENS = 16;
    private static final int REPETITIONS = 3;

    private final Model model;
    private final Cancellation cancellation;

    SpeedProbe(Model model, Cancellation cancellation) {
        this.model = model;
        this.cancellation = cancellation;
    }

    /** Whether a depth fits into the model's context. */
    boolean fits(int depth) {
        return depth + PROMPT <= model.context();
    }

    /**
     * Measures an attention.
     *
     * @param text tokens that are taken again and again
     */
    List<Speed> of(AttentionSpec attention, int depth, int[] text) {
        int[] ids = new int[depth + PROMPT];
        Arrays.setAll(ids, i -> text[i % text.length]);
        double[] prompts = new double[REPETITIONS];
        double[] tokens = new double[REPETITIONS];
        try (Session session = model.newSession(attention)) {
            session.declare(depth);
            session.append(Arrays.copyOf(ids, depth), cancellation, done -> {});
            int[] prompt = Arrays.copyOfRange(ids, depth, ids.length);
            // The first one warms up.
            for (int r = -1; r < REPETITIONS; r++) {
                int at = Math.max(0, r);
                prompts[at] = prompt(session, prompt);
                tokens[at] = tokens(session, prompt);
            }
        }
        return List.of(
                speed(attention, Speed.Stage.PREFILL, depth, prompts),
                speed(attention, Speed.Stage.DECODE, depth, tokens));
    }

    private double prompt(Session session, int[] prompt) {
        try (Session fork = session.fork()) {
            fork.declare(fork.length() + prompt.length);
            long start = System.nanoTime();
            fork.append(prompt, cancellation, done -> {});
            return prompt.length * 1e9 / (System.nanoTime() - start);
        }
    }

    private double tokens(Session session, int[] prompt) {
        try (Session fork = session.fork()) {
            long start = System.nanoTime();
            for (int i = 0; i < TOKENS; i++) {
                fork.append(prompt[i]);
            }
            return TOKENS * 1e9 / (System.nanoTime() - start);
        }
    }

    private static Speed speed(
            AttentionSpec attention, Speed.Stage stage, int depth, double[] measured) {
        double[] ascending = measured.clone();
        Arrays.sort(ascending);
        return new Speed(
                attention.toString(),
                stage,
                depth,
                ascending[ascending.length / 2],
                ascending[ascending.length - 1] - ascending[0],
                ascending.length);
    }

    /** All depths of all attentions; what is compared is measured one after the other. */
    List<Speed> all(List<AttentionSpec> attentions, List<Integer> depths, int[] text) {
        List<Speed> speeds = new ArrayList<>();
        for (int depth : depths) {
            for (AttentionSpec attention : attentions) {
                speeds.addAll(of(attention, depth, text));
            }
        }
        return speeds;
    }
}
