package io.github.deltallm.engine;

import io.github.deltallm.api.InvalidOptionException;

import java.util.List;
import java.util.OptionalInt;

/**
 * How an answer is generated.
 *
 * @param maxTokens the largest number of tokens; empty for 512, or what the context leaves if that
 *     is less
 * @param sampling how tokens are drawn
 * @param stops texts that end the answer; they are not part of it
 */
public record GenerationOptions(OptionalInt maxTokens, Sampling sampling, List<String> stops) {
    /** Greedy, up to 512 tokens. */
    public static final GenerationOptions DEFAULT =
            new GenerationOptions(OptionalInt.empty(), Sampling.GREEDY, List.of());

    /** The number of tokens where none is given. */
    static final int USUAL_MAX_TOKENS = 512;

    public GenerationOptions {
        stops = List.copyOf(stops);
        if (stops.stream().anyMatch(String::isEmpty)) {
            throw new InvalidOptionException("a stop text can't be empty");
        }
        if (maxTokens.isPresent() && maxTokens.getAsInt() < 1) {
            throw new InvalidOptionException(
                    "the option max-tokens must be at least 1, not " + maxTokens.getAsInt());
        }
    }

    public GenerationOptions withMaxTokens(int number) {
        return new GenerationOptions(OptionalInt.of(number), sampling, stops);
    }

    public GenerationOptions withSampling(Sampling wanted) {
        return new GenerationOptions(maxTokens, wanted, stops);
    }

    public GenerationOptions withStops(List<String> texts) {
        return new GenerationOptions(maxTokens, sampling, texts);
    }
}
