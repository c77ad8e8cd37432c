package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Where the operations of a program find their operands: {@link #STRIDE_OPS} numbers an operation.
 * Offsets of values count floats of row 0; row r lies {@code r * width} behind it.
 */
final class OpTable {
    static final int STRIDE_OPS = 16;

    /** What {@link Progress} counts; operations begin in the row behind it. */
    static final int PROGRESS = 0;

    static final int IN = 0;
    static final int OUT = 1;
    static final int WIDTH_IN = 2;
    static final int WIDTH_OUT = 3;

    /** Of the weight's first row: a byte of its slab, for F32 an index into the floats. */
    static final int WEIGHT = 4;

    /** From one row of the weight to the next, in the same unit. */
    static final int STRIDE = 5;

    /** Among the floats; -1 if there is none. */
    static final int BIAS = 6;

    /** Among the floats: an epsilon, an attention's scale, the scale of an I2_S tensor. */
    static final int CONSTANT = 7;

    /** Among the values: a float a row. */
    static final int SCRATCH = 8;

    /** Ternary weights that share a scale. */
    static final int PER_SCALE = 9;

    /** Second input: up, right, the keys. */
    static final int SECOND = 10;

    /** Third input: the values. */
    static final int THIRD = 11;

    static final int LAYER = 12;

    /** Rotary embeddings: first float of the angles, rotated pairs, whether pairs are halves. */
    static final int ANGLES = 13;

    static final int PAIRS = 14;
    static final int HALVES = 15;

    private OpTable() {}

    /** Where the numbers of a graph's operation begin. */
    static int at(IntArray control, int op) {
        return (control.get(Control.BASE) + op) * STRIDE_OPS;
    }
}
