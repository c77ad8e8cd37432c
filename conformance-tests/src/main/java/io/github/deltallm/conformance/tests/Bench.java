package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.util.List;

/**
 * A small program, compiled, whose inputs are written before and whose outputs read after a run.
 */
final class Bench implements AutoCloseable {
    private final Executable executable;

    Bench(Backend backend, Program program, int maxRows) {
        executable = backend.compile(program, maxRows);
    }

    Executable executable() {
        return executable;
    }

    KvCache newCache(AttentionStrategy strategy, int capacity) {
        return executable.newCache(strategy, capacity);
    }

    /** Runs rows of a sequence of their own and returns the first output. */
    float[] once(int rows, float[]... inputs) {
        try (KvCache cache = newCache(Runs.DENSE, rows)) {
            return run(cache, rows, inputs);
        }
    }

    /** Appends rows to one sequence and returns the first output. */
    float[] run(KvCache cache, int rows, float[]... inputs) {
        return run(new Step().add(cache, new int[rows], 0, rows, Step.Logits.NONE), inputs);
    }

    /** Runs a step and returns the first output. */
    float[] run(Step step, float[]... inputs) {
        write(step.rows(), inputs);
        executable.run(step, (row, logits) -> {});
        return executable.read(executable.program().outputs().getFirst(), step.rows());
    }

    /** One of the outputs of the last run. */
    float[] output(int index, int rows) {
        return executable.read(executable.program().outputs().get(index), rows);
    }

    /** Sets the program's inputs in their order. */
    void write(int rows, float[]... inputs) {
        List<Value> values = executable.program().inputs();
        for (int i = 0; i < inputs.length; i++) {
            executable.write(values.get(i), rows, inputs[i]);
        }
    }

    @Override
    public void close() {
        executable.close();
    }
}
