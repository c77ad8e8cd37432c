package io.github.deltallm.evaluation.result;

/**
 * Unchanged key elements of one KV head, on a sample of the run's text.
 *
 * @param attention the specification
 * @param layer from 0
 * @param kvHead from 0
 * @param deltaZeroFraction of the head's delta matrix
 */
public record HeadSparsity(String attention, int layer, int kvHead, double deltaZeroFraction) {}
