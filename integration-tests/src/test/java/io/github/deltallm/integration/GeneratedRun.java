package io.github.deltallm.integration;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Session;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Reads a prompt of random tokens and decodes greedily; in a JVM of its own to see its memory. */
final class GeneratedRun {
    /** Where Linux tells what a process takes. */
    static final Path STATUS = Path.of("/proc/self/status");

    private static final int PROMPT = 512;
    private static final int DECODED = 64;

    private GeneratedRun() {}

    /**
     * What a run was like.
     *
     * @param finite whether all logits were numbers
     * @param largest the largest magnitude of a logit
     * @param cacheBytes of keys and values at the end
     * @param memoryBytes the process's peak resident size; 0 if it was not measured
     */
    record Measured(boolean finite, double largest, long cacheBytes, long memoryBytes) {
        String text() {
            return finite + " " + largest + " " + cacheBytes + " " + memoryBytes;
        }

        static Measured parse(String text) {
            String[] parts = text.strip().split(" ", -1);
            return new Measured(
                    Boolean.parseBoolean(parts[0]),
                    Double.parseDouble(parts[1]),
                    Long.parseLong(parts[2]),
                    Long.parseLong(parts[3]));
        }
    }

    /** Runs the model in a file under an attention on the backend cpu. */
    public static void main(String[] args) throws IOException {
        try (Model model = Model.open(Path.of(args[0]), ModelOptions.DEFAULT.withBackend("cpu"))) {
            Measured run = of(model, AttentionSpec.parse(args[1]), PROMPT, DECODED);
            System.out.println(
                    new Measured(run.finite, run.largest, run.cacheBytes, peakMemory()).text());
        }
    }

    static Measured of(Model model, AttentionSpec attention, int prompt, int decoded) {
        Random random = new Random(1);
        int vocabulary = model.vocabulary();
        int[] ids = random.ints(prompt, 0, vocabulary).toArray();
        boolean finite = true;
        double largest = 0;
        try (Session session = model.newSession(attention)) {
            session.prompt(ids, new Cancellation(), done -> {});
            for (int i = 0; i < decoded; i++) {
                int best = 0;
                float[] logits = session.logits();
                for (int id = 0; id < logits.length; id++) {
                    finite &= Float.isFinite(logits[id]);
                    largest = Math.max(largest, Math.abs(logits[id]));
                    best = logits[id] > logits[best] ? id : best;
                }
                session.append(best);
            }
            long bytes = session.report().bytes().keys() + session.report().bytes().values();
            return new Measured(finite, largest, bytes, 0);
        }
    }

    private static long peakMemory() throws IOException {
        for (String line : Files.readAllLines(STATUS)) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new IOException(STATUS + " tells no VmHWM");
    }
}
