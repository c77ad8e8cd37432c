package io.github.deltallm.engine.template;

/**
 * What one rendering may still use. A template that runs out is stopped with a {@link Fault};
 * nothing else bounds a hostile one, so every loop, copy and recursion of the interpreter pays
 * here.
 */
final class Budget {
    /** Statements and expressions run, and list elements made. */
    static final long STEPS = 10_000_000;

    /** Characters built or searched in all, in UTF-16 units. */
    static final long CHARACTERS = 1L << 28;

    /** Characters of any single text, the rendered prompt included. */
    static final int TEXT = 1 << 26;

    /**
     * Statements, expressions and macro calls inside each other; keeps the interpreter within a
     * small thread stack.
     */
    static final int DEPTH = 300;

    /** Lists and maps inside each other. */
    static final int NESTING = 200;

    private long steps = STEPS;
    private long characters = CHARACTERS;
    private int depth;
    private int nesting;

    void step() {
        steps(1);
    }

    void steps(long count) {
        if (count > steps) {
            throw stopped("it takes more than " + STEPS + " steps");
        }
        steps -= count;
    }

    void characters(long count) {
        if (count > characters) {
            throw stopped("it handles more than " + CHARACTERS + " characters");
        }
        characters -= count;
    }

    /** Checks the length of a text before it is built. */
    void text(long length) {
        if (length > TEXT) {
            throw stopped("it builds a text of more than " + TEXT + " characters");
        }
    }

    void enter() {
        if (depth == DEPTH) {
            throw stopped("it nests expressions or macro calls more than " + DEPTH + " deep");
        }
        depth++;
    }

    void leave() {
        depth--;
    }

    /** Enters a list or map of a value that is printed or compared. */
    void enterValue() {
        step();
        if (nesting == NESTING) {
            throw stopped("it nests lists or maps more than " + NESTING + " deep");
        }
        nesting++;
    }

    void leaveValue() {
        nesting--;
    }

    private static Fault stopped(String why) {
        return new Fault(Fault.Kind.STOPPED, why);
    }
}
