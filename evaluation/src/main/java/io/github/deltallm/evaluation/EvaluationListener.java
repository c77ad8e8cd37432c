package io.github.deltallm.evaluation;

/** Told how far an evaluation is. */
@FunctionalInterface
public interface EvaluationListener {
    /**
     * Of {@code total} tokens, {@code done} are computed or known from before.
     *
     * @param fresh how many of them were computed by this run, to tell how fast it is
     */
    void progress(String what, long done, long fresh, long total);
}
