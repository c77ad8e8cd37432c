package io.github.deltallm.cli;

import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.Sampling;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** How an answer is drawn and where it ends. */
final class SamplingChoice {
    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description =
                    "The longest answer, in tokens (default: 512, or what the context leaves).")
    private @Nullable Integer maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description =
                    "How freely tokens are drawn; 0 always takes the most likely one (default:"
                            + " ${DEFAULT-VALUE}).")
    private float temperature = Sampling.GREEDY.temperature();

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "Draw from the K most likely tokens; 0 is all (default).")
    private int topK = Sampling.GREEDY.topK();

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Draw from the most likely tokens that sum to P; 1 is all (default).")
    private float topP = Sampling.GREEDY.topP();

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description =
                    "Draw from tokens at least P times as likely as the first; 0 is all (default).")
    private float minP = Sampling.GREEDY.minP();

    @Option(
            names = "--repeat-penalty",
            paramLabel = "X",
            description = "Make the last 64 tokens less likely; 1 doesn't (default).")
    private float repeatPenalty = Sampling.GREEDY.repeatPenalty();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "The same seed draws the same answer (default: a random one).")
    private @Nullable Long seed;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "A text that ends the answer and is not part of it; may be repeated.")
    private List<String> stops = new ArrayList<>();

    /** The options as the engine takes them, with a random seed where one is needed. */
    GenerationOptions options() {
        Sampling sampling =
                new Sampling(temperature, topK, topP, minP, repeatPenalty, seedOrRandom());
        OptionalInt most = maxTokens == null ? OptionalInt.empty() : OptionalInt.of(maxTokens);
        return new GenerationOptions(most, sampling, stops);
    }

    private long seedOrRandom() {
        if (seed != null) {
            return seed;
        }
        // Short enough to be typed again.
        return temperature == 0 ? 0 : new SecureRandom().nextInt(Integer.MAX_VALUE);
    }

    /** The seed that decided the answer; none where the most likely token is always taken. */
    static OptionalLong seed(GenerationOptions options) {
        Sampling sampling = options.sampling();
        return sampling.temperature() == 0
                ? OptionalLong.empty()
                : OptionalLong.of(sampling.seed());
    }
}
