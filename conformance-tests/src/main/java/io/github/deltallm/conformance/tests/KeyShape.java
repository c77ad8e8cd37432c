package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.HeadShape;

/** Ways in which keys go from row to row, most of them meant to catch a careless encoder. */
enum KeyShape {
    WALK,
    CONSTANT,
    ZERO,
    RAMP,
    /** Never by as much as a threshold at once. */
    CREEP,
    ALTERNATING,
    /** Rests, then jumps. */
    JUMPS,
    /** By the threshold exactly, up and down. */
    TIES,
    DENORMAL,
    /** Near the largest finite numbers; no change is infinite. */
    HUGE;

    /** The threshold that {@link #TIES} meets. */
    static final float TIE = 0.5f;

    /** A sequence with such keys, queries so large that scores stay ordinary. */
    Sequence sequence(HeadShape heads, int rows) {
        Sequence walk = Sequence.random(heads, rows, name().hashCode());
        float[] queries = walk.queries();
        if (this == HUGE) {
            for (int i = 0; i < queries.length; i++) {
                queries[i] *= 0x1p-122f;
            }
        }
        return new Sequence(heads, queries, keys(walk.keys(), heads.kvWidth()), walk.values());
    }

    private float[] keys(float[] walk, int width) {
        float[] keys = new float[walk.length];
        for (int i = 0; i < keys.length; i++) {
            int row = i / width;
            int c = i % width;
            int jumps = row / (5 + c % 7);
            float sign = (row + c) % 2 == 0 ? 1 : -1;
            keys[i] =
                    switch (this) {
                        case WALK -> walk[i];
                        case CONSTANT -> walk[c];
                        case ZERO -> sign * 0f;
                        case RAMP -> walk[c] + 0.3f * row * (1 - c % 3);
                        case CREEP -> walk[c] + 0.01f * row;
                        case ALTERNATING -> sign * Math.abs(walk[c]);
                        case JUMPS -> walk[c] + jumps * sign;
                        case TIES -> TIE * ((row * (c % 5)) % 7);
                        case DENORMAL -> walk[i] * 0x1p-127f;
                        case HUGE -> Math.max(-2, Math.min(2, walk[i])) * 0x1p125f;
                    };
        }
        return keys;
    }
}
