package io.github.deltallm.evaluation.result;

import java.util.List;

/**
 * The results of a run.
 *
 * @param run what ran, where and when
 * @param scores a score for each task, attention and metric, tasks in the order asked for,
 *     attentions in the order of the sweep, dense first
 * @param keyPrecisions perplexity against the memory of the keys; empty without a perplexity task
 * @param headSparsities unchanged elements by layer and KV head; empty without delta attention
 * @param frequencyChanges how often channels change, by the frequency of their rotary embedding;
 *     empty without delta attention
 * @param speeds speed at depths; empty where it was not asked for
 */
public record Evaluation(
        RunInfo run,
        List<Score> scores,
        List<KeyPrecision> keyPrecisions,
        List<HeadSparsity> headSparsities,
        List<FrequencyChange> frequencyChanges,
        List<Speed> speeds) {
    public Evaluation {
        scores = List.copyOf(scores);
        keyPrecisions = List.copyOf(keyPrecisions);
        headSparsities = List.copyOf(headSparsities);
        frequencyChanges = List.copyOf(frequencyChanges);
        speeds = List.copyOf(speeds);
    }
}
