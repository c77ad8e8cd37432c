package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Counts on the device what has been run, so that the host learns when something was not.
 * TornadoVM's OpenCL layer prints what a driver refuses, and goes on with whatever the buffers
 * have.
 *
 * <p>Each run of a graph has a ticket, a number that {@link Control} brings to the device. Every
 * kernel adds it to a sum there, whatever is sent adds one of its own, and all that is brought back
 * carries the sum: {@link Machine} knows what it must be.
 */
final class Progress {
    private static final int SHOWN = 0x3FFFFF;

    private Progress() {}

    /** Counts a kernel, in its first thread. */
    static void count(IntArray ops, IntArray control, int thread) {
        if (thread == 0) {
            add(ops, control.get(Control.TICKET));
        }
    }

    /** Counts what came with a ticket of its own; for one thread. */
    static void add(IntArray ops, int ticket) {
        ops.set(OpTable.PROGRESS, ops.get(OpTable.PROGRESS) + ticket);
    }

    /** As much of a sum as a float can carry. */
    static int shown(int sum) {
        return sum & SHOWN;
    }

    /** Writes the sum among floats that are brought back. */
    static void tell(IntArray ops, FloatArray out, int at, int thread) {
        if (thread == 0) {
            out.set(at, shown(ops.get(OpTable.PROGRESS)));
        }
    }
}
