package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Program;

/** One thing that a backend does wrong; by default, nothing. */
interface Defect {
    /** What is compiled instead of a program. Its inputs and outputs are the program's. */
    default Program program(Program program) {
        return program;
    }

    /** What a cache is made with instead of a strategy. */
    default AttentionStrategy strategy(AttentionStrategy strategy) {
        return strategy;
    }

    /** What is handed out instead of a cache. */
    default DefectiveCache cache(KvCache cache) {
        return new DefectiveCache(cache);
    }

    /** What is written instead of an input. */
    default float[] input(float[] input) {
        return input;
    }

    /**
     * What attention alone gives instead of its output.
     *
     * @param heads of the program
     * @param sound the sequence behind the run
     * @param queries of the run's rows
     */
    default float[] attended(HeadShape heads, KvCache sound, float[] queries, float[] output) {
        return output;
    }

    /** Is told that a backend was opened. */
    default void opened(BackendOptions options) {}

    /** What takes the logits of a run. */
    default LogitsSink sink(LogitsSink sink) {
        return sink;
    }

    /** Whether closing an executable does not wait for its run. */
    default boolean closesAtOnce() {
        return false;
    }

    /** What is read instead of an output. */
    default float[] output(float[] output) {
        return output;
    }

    /** Whether a state that is refused is restored as an empty one. */
    default boolean restoresAnything() {
        return false;
    }

    /** Whether a failed run leaves the rows of its first sequence behind. */
    default boolean keepsHalfARun() {
        return false;
    }
}
