package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Packs encoded rows: of 32 positions only what was transmitted is kept.
 *
 * <p>The words of a packed block are masks of 32 elements, and events of two bf16 or four int8 a
 * word. A mask of keys is 32 channels of one position; one of values is 32 positions of one
 * channel, and before the masks of values stands the number of events before every eighth of them.
 * Events that are f32 are floats, behind the reference of the blocks that have one; the block of
 * position 0 has the first row for its reference, and no event of it.
 */
public final class PackKernels {
    /** Numbers of a block that is to be packed, in {@link Control#LIST}. */
    static final int STRIDE = 7;

    /** First float of the open block. */
    static final int SOURCE = 0;

    /** First float and word of what is packed. */
    static final int TO_FLOATS = 1;

    static final int TO_WORDS = 2;

    /** Bits of an event: 32, 16 or 8. */
    static final int BITS = 3;

    /** 1 for values. */
    static final int VALUES = 4;

    /** Number of the block in its sequence. */
    static final int NUMBER = 5;

    /** First float of the steps. */
    static final int STEPS = 6;

    private PackKernels() {}

    /** Words before the events of a block. */
    static int eventsAt(int values, int dim) {
        return values * (dim + (dim + 7) / 8) + (1 - values) * Places.BLOCK * ((dim + 31) / 32);
    }

    /** Floats before the events of a block: its reference, if it has one. */
    static int floatsAt(int block, int dim) {
        return dim * (1 - Math.min(1, block % Places.ANCHORED));
    }

    /** Packs a block in each thread. */
    public static void pack(
            KernelContext context,
            IntArray control,
            IntArray ops,
            IntArray step,
            FloatArray floats,
            FloatArray pool,
            IntArray words) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        if (i < control.get(Control.CHUNKS)) {
            int entry = Control.LIST + i * STRIDE;
            int dim = step.get(StepTable.DIM);
            int perRow = (dim + 31) / 32;
            int source = control.get(entry + SOURCE);
            int bits = control.get(entry + BITS);
            int values = control.get(entry + VALUES);
            int keys = 1 - values;
            int number = control.get(entry + NUMBER);
            int steps = control.get(entry + STEPS);
            int f32 = bits / 32;
            int bf16 = bits % 32 / 16;
            int int8 = bits % 16 / 8;
            int lists = values * dim + keys * Places.BLOCK * perRow;
            int toFloats = control.get(entry + TO_FLOATS);
            int toWords = control.get(entry + TO_WORDS);
            int masks = toWords + values * ((dim + 7) / 8);
            int events = masks + lists;
            int first = 1 - Math.min(1, number);
            int reference = floatsAt(number, dim);
            for (int c = 0; c < reference; c++) {
                pool.set(toFloats + c, pool.get(source + first * dim + c));
            }
            int count = 0;
            int gathered = 0;
            for (int list = 0; list < lists; list++) {
                int part = list % perRow * 32;
                int size = values * 32 + keys * Math.min(32, dim - part);
                for (int k = 0; k < values * (1 - Math.min(1, list % 8)); k++) {
                    words.set(toWords + list / 8, count);
                }
                int mask = 0;
                for (int bit = 0; bit < size; bit++) {
                    int row = values * bit + keys * (list / perRow);
                    int c = values * list + keys * (part + bit);
                    float x = pool.get(source + (1 + row) * dim + c);
                    int there = x == x ? 1 : 0;
                    there = there * (1 - first * (1 - Math.min(1, row)));
                    mask = mask | there << bit;
                    for (int k = 0; k < there * f32; k++) {
                        pool.set(toFloats + reference + count, x);
                    }
                    for (int k = 0; k < there * bf16; k++) {
                        gathered = gathered * Math.min(1, count % 2);
                        gathered = gathered | Floats.bf16Bits(x, floats) << 16 * (count % 2);
                        words.set(events + count / 2, gathered);
                    }
                    for (int k = 0; k < there * int8; k++) {
                        float size8 = Math.max(pool.get(steps + c), 1.17549435e-38f);
                        int above = (int) (Floats.rounded(x / size8) + 127);
                        gathered = gathered * Math.min(1, count % 4);
                        gathered = gathered | above << 8 * (count % 4);
                        words.set(events + count / 4, gathered);
                    }
                    count = count + there;
                }
                words.set(masks + list, mask);
            }
        }
    }
}
