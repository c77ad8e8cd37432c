package io.github.deltallm.evaluation;

/** An item of a task as its file has it, before it becomes tokens. */
interface Item {
    /** Unique within the task. */
    String id();

    /** The item with its right answer, as an example in front of other items. */
    String example();

    /**
     * The item as a model is asked it.
     *
     * @param prefix examples in front of it, with what separates them from it
     */
    Question question(TextTokens tokens, String prefix);
}
