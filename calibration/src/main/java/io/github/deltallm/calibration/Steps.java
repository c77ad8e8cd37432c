package io.github.deltallm.calibration;

/**
 * Steps of int8 events. Twice the largest magnitude is the largest change, and 127 steps hold it:
 * smaller steps saturate, which costs more than they gain (measured).
 */
final class Steps {
    private static final int EACH_WAY = 127;

    private Steps() {}

    /** The step of each channel, from its largest magnitude. */
    static float[] of(float[] largest) {
        float[] steps = new float[largest.length];
        for (int c = 0; c < steps.length; c++) {
            steps[c] = ProfileJson.rounded(2.0 * largest[c] / EACH_WAY);
        }
        return steps;
    }
}
