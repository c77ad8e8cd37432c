/**
 * What an evaluation found, as data: {@link io.github.deltallm.evaluation.result.Evaluation} is all
 * of it, {@link io.github.deltallm.evaluation.result.EvaluationJson} writes it as JSON.
 *
 * <p>Attentions are named by their specification, as the sweep wrote it ({@code
 * delta:theta=1.0,window=5%}); {@code dense} is always among them. Records are immutable.
 */
package io.github.deltallm.evaluation.result;
