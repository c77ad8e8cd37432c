package io.github.deltallm.engine;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;

import java.util.Optional;

/**
 * How a model is opened. Start from {@link #DEFAULT} and change what you need.
 *
 * @param backend a backend's name, or {@code auto} for the heaviest one that works
 * @param device one of the backend's devices; empty for its default
 * @param threads CPU threads, 0 for the number of physical cores
 * @param context the longest sequence, in tokens; 0 for what the model was trained for
 * @param chunk the number of prompt tokens that are computed at a time
 * @param precision whether activations, keys and values may be rounded for speed
 */
public record ModelOptions(
        String backend,
        Optional<String> device,
        int threads,
        int context,
        int chunk,
        Precision precision) {
    /** The fastest backend, all cores, the model's own context. */
    public static final ModelOptions DEFAULT =
            new ModelOptions("auto", Optional.empty(), 0, 0, 512, Precision.FAST);

    public ModelOptions {
        atLeast("threads", threads, 0);
        int mostThreads = Math.max(64, 4 * Runtime.getRuntime().availableProcessors());
        if (threads > mostThreads) {
            throw new InvalidOptionException(
                    "the option threads must be at most "
                            + mostThreads
                            + " on this machine, not "
                            + threads);
        }
        atLeast("context", context, 0);
        atLeast("chunk", chunk, 1);
    }

    public ModelOptions withBackend(String name) {
        return new ModelOptions(name, device, threads, context, chunk, precision);
    }

    public ModelOptions withDevice(String name) {
        return new ModelOptions(backend, Optional.of(name), threads, context, chunk, precision);
    }

    public ModelOptions withThreads(int number) {
        return new ModelOptions(backend, device, number, context, chunk, precision);
    }

    public ModelOptions withContext(int tokens) {
        return new ModelOptions(backend, device, threads, tokens, chunk, precision);
    }

    public ModelOptions withChunk(int rows) {
        return new ModelOptions(backend, device, threads, context, rows, precision);
    }

    public ModelOptions withPrecision(Precision wanted) {
        return new ModelOptions(backend, device, threads, context, chunk, wanted);
    }

    private static void atLeast(String option, int value, int least) {
        if (value < least) {
            throw new InvalidOptionException(
                    "the option " + option + " must be at least " + least + ", not " + value);
        }
    }
}
