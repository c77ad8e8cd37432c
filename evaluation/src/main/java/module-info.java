import org.jspecify.annotations.NullMarked;

/**
 * Measures what an attention costs in accuracy and what it saves: tasks, sweeps over attentions,
 * statistics, results.
 *
 * <p>Start at {@link io.github.deltallm.evaluation.EvaluationRun}.
 */
@NullMarked
module io.github.deltallm.evaluation {
    requires transitive io.github.deltallm.engine;
    requires java.xml;
    requires tools.jackson.core;
    requires static org.jspecify;

    exports io.github.deltallm.evaluation;
    exports io.github.deltallm.evaluation.report;
    exports io.github.deltallm.evaluation.result;
}
