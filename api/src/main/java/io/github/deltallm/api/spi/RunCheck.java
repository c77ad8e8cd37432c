package io.github.deltallm.api.spi;

import java.util.List;

/**
 * For backends: refuses what the caller of an {@link Executable} may not ask for, before anything
 * is changed. Checking allocates nothing.
 */
public final class RunCheck {
    private final Program program;
    private final int maxRows;
    private final int tokens;

    /**
     * Checks for runs of a program.
     *
     * @param maxRows the largest number of rows of a step
     * @throws IllegalArgumentException if that is less than 1
     */
    public RunCheck(Program program, int maxRows) {
        if (maxRows < 1) {
            throw new IllegalArgumentException("a step has at least one row, not " + maxRows);
        }
        this.program = program;
        this.maxRows = maxRows;
        tokens = tokens(program);
    }

    /** Tokens that all embeddings have. */
    private static int tokens(Program program) {
        int tokens = Integer.MAX_VALUE;
        for (Op op : program.ops()) {
            if (op instanceof Op.Embed embed) {
                tokens = Math.min(tokens, embed.table().rows());
            }
        }
        return tokens;
    }

    /**
     * Checks a step apart from its caches.
     *
     * @throws IllegalArgumentException if it has too many rows, or a token that has no embedding
     */
    public void step(Step step) {
        if (step.rows() > maxRows) {
            throw new IllegalArgumentException(
                    "the step has "
                            + step.rows()
                            + " rows, more than the "
                            + maxRows
                            + " that the program was compiled for");
        }
        for (int row = 0; row < step.rows(); row++) {
            int token = step.token(row);
            if (token < 0 || token >= tokens) {
                throw new IllegalArgumentException(
                        "the token "
                                + token
                                + " of row "
                                + row
                                + " is outside the vocabulary of "
                                + tokens);
            }
        }
    }

    /** The error for a span whose cache another executable made. */
    public static IllegalArgumentException foreignCache(int span) {
        return new IllegalArgumentException(
                "the cache of span " + span + " was made by another executable");
    }

    /**
     * Checks rows that are to be written.
     *
     * @throws IllegalArgumentException if the value is no input, or the rows are not there
     */
    public void write(Value input, int rows, float[] data) {
        requireOf(program.inputs(), input, "an input");
        requireRows(input, rows);
        if (data.length < (long) rows * input.width()) {
            throw new IllegalArgumentException(
                    rows + " rows of " + input + " are more than " + data.length + " values");
        }
    }

    /**
     * Checks rows that are to be read.
     *
     * @throws IllegalArgumentException if the value is no output, or has fewer rows
     */
    public void read(Value output, int rows) {
        requireOf(program.outputs(), output, "an output");
        requireRows(output, rows);
    }

    private static void requireOf(List<Value> values, Value value, String what) {
        if (!values.contains(value)) {
            throw new IllegalArgumentException(value + " is not " + what + " of the program");
        }
    }

    private void requireRows(Value value, int rows) {
        if (rows < 0 || rows > maxRows) {
            throw new IllegalArgumentException(
                    rows + " rows of " + value + " are asked for, of at most " + maxRows);
        }
    }
}
