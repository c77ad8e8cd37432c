package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Moves chunks of equal length between a small buffer that is transferred and the large ones that
 * never are. {@code control} lists where the chunks begin.
 */
public final class MoveKernels {
    private MoveKernels() {}

    /** {@code stage = array}, chunk after chunk. */
    public static void fetch(
            KernelContext context,
            IntArray control,
            IntArray ops,
            FloatArray array,
            FloatArray stage) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        Progress.tell(ops, stage, BufferSizes.STAGE, i);
        int length = control.get(Control.LENGTH);
        if (i < length * control.get(Control.CHUNKS)) {
            int chunk = i / length;
            stage.set(i, array.get(control.get(Control.LIST + chunk) + i - chunk * length));
        }
    }

    /** {@code array = stage}, chunk after chunk. */
    public static void store(
            KernelContext context,
            IntArray control,
            IntArray ops,
            FloatArray array,
            FloatArray stage) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        if (i == 0) {
            Progress.add(ops, (int) stage.get(BufferSizes.STAGE));
        }
        int length = control.get(Control.LENGTH);
        if (i < length * control.get(Control.CHUNKS)) {
            int chunk = i / length;
            array.set(control.get(Control.LIST + chunk) + i - chunk * length, stage.get(i));
        }
    }

    /** Copies chunks within an array: from the even offsets of the list to the odd ones. */
    public static void duplicate(
            KernelContext context, IntArray control, IntArray ops, FloatArray array) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int length = control.get(Control.LENGTH);
        if (i < length * control.get(Control.CHUNKS)) {
            int chunk = i / length;
            int from = control.get(Control.LIST + 2 * chunk);
            int to = control.get(Control.LIST + 2 * chunk + 1);
            array.set(to + i - chunk * length, array.get(from + i - chunk * length));
        }
    }

    /** As {@link #fetch}. */
    public static void fetchWords(
            KernelContext context, IntArray control, IntArray ops, IntArray array, IntArray stage) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        if (i == 0) {
            stage.set(BufferSizes.STAGE, ops.get(OpTable.PROGRESS));
        }
        int length = control.get(Control.LENGTH);
        if (i < length * control.get(Control.CHUNKS)) {
            int chunk = i / length;
            stage.set(i, array.get(control.get(Control.LIST + chunk) + i - chunk * length));
        }
    }

    /** As {@link #store}. */
    public static void storeWords(
            KernelContext context, IntArray control, IntArray ops, IntArray array, IntArray stage) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        if (i == 0) {
            Progress.add(ops, stage.get(BufferSizes.STAGE));
        }
        int length = control.get(Control.LENGTH);
        if (i < length * control.get(Control.CHUNKS)) {
            int chunk = i / length;
            array.set(control.get(Control.LIST + chunk) + i - chunk * length, stage.get(i));
        }
    }

    /** As {@link #duplicate}. */
    public static void duplicateWords(
            KernelContext context, IntArray control, IntArray ops, IntArray array) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int length = control.get(Control.LENGTH);
        if (i < length * control.get(Control.CHUNKS)) {
            int chunk = i / length;
            int from = control.get(Control.LIST + 2 * chunk);
            int to = control.get(Control.LIST + 2 * chunk + 1);
            array.set(to + i - chunk * length, array.get(from + i - chunk * length));
        }
    }

    /** Counts what a step transfers; TornadoVM drops what no task uses. */
    public static void useStep(
            KernelContext context, IntArray ops, IntArray step, FloatArray angles) {
        int i = context.globalIdx;
        if (i == 0) {
            Progress.add(ops, step.get(StepTable.TICKET) + (int) angles.get(0));
        }
    }

    /** Counts what is transferred when rows have other places. */
    public static void usePlaces(KernelContext context, IntArray ops, IntArray places) {
        int i = context.globalIdx;
        if (i == 0) {
            Progress.add(ops, places.get(Places.TICKET));
        }
    }

    /** Tells what is counted beside the counts of a step. */
    public static void useCounts(KernelContext context, IntArray ops, IntArray counts) {
        int i = context.globalIdx;
        if (i == 0) {
            counts.set(0, ops.get(OpTable.PROGRESS));
        }
    }

    /** Counts a slab of weights by its first byte. */
    public static void useWeights(KernelContext context, IntArray ops, ByteArray weights) {
        int i = context.globalIdx;
        if (i == 0) {
            Progress.add(ops, weights.get(0));
        }
    }

    /**
     * Uses all other buffers, so that they are there for the graphs that come after; counts the
     * weights that are floats by the 1 among their tables.
     */
    public static void useBuffers(
            KernelContext context,
            IntArray ops,
            IntArray step,
            FloatArray floats,
            FloatArray angles,
            FloatArray values,
            FloatArray pool,
            FloatArray scores,
            IntArray counts,
            IntArray codes,
            IntArray places,
            IntArray words) {
        int i = context.globalIdx;
        if (i == 0) {
            Progress.add(ops, (int) floats.get(FloatTables.POWERS + 127));
            counts.set(0, step.get(0));
            values.set(0, angles.get(0));
            scores.set(0, 0);
            pool.set(0, 0);
            codes.set(0, places.get(0));
            words.set(0, 0);
        }
    }
}
