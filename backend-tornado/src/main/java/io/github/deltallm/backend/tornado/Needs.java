package io.github.deltallm.backend.tornado;

/**
 * What a machine must have room for.
 *
 * @param step ints of a step's tables
 * @param places ints of a step's places
 * @param scores floats of the scores of one query
 * @param floats of keys and values, beside those that are taken
 * @param words the same
 */
record Needs(long step, long places, long scores, long floats, long words) {}
