/**
 * Evaluation of attentions: what they cost in accuracy, and what they save.
 *
 * <p>A run is tasks times attentions. Items of a task are asked in groups, whose sequences are
 * computed together and share what they begin with; every finished item is appended to a file, from
 * which all totals are made, so that a run goes on where it was stopped.
 */
package io.github.deltallm.evaluation;
