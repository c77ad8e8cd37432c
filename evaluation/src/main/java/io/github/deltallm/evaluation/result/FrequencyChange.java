package io.github.deltallm.evaluation.result;

/**
 * How often the channels that one frequency rotates change, over all layers and heads.
 *
 * @param attention the specification
 * @param pair index of the frequency, 0 the fastest
 * @param radiansPerToken the angle by which it turns from one position to the next
 * @param changeRate changed elements over all elements of its two channels
 */
public record FrequencyChange(
        String attention, int pair, double radiansPerToken, double changeRate) {}
