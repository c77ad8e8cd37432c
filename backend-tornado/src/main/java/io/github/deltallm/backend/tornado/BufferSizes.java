package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.UnsupportedModelException;

import java.util.List;

/**
 * Elements of each device buffer, rounded up, so that programs of about one size fit the same
 * compiled kernels.
 *
 * @param slabs bytes of each slab of weights
 */
record BufferSizes(
        int control,
        int ops,
        int step,
        int places,
        int floats,
        int angles,
        int values,
        int pool,
        int words,
        int scores,
        int counts,
        int logits,
        int codes,
        List<Integer> slabs) {
    /** Floats that are moved at a time. */
    static final int STAGE = 1 << 16;

    /** Of what stays on the device: small programs all have the same sizes. */
    private static final int LARGE = 1 << 18;

    /** Of what is sent in every step, or brought back. */
    private static final int SMALL = 1 << 14;

    private static final int DOUBLING = 1 << 22;

    BufferSizes {
        slabs = List.copyOf(slabs);
    }

    /** For a buffer that is transferred in every step. */
    static int transferred(long elements, String what) {
        return rounded(SMALL, elements, what);
    }

    /** For a buffer that stays on the device. */
    static int resident(long elements, String what) {
        return rounded(LARGE, elements, what);
    }

    /** An array of keys and values that is to have {@code more} elements than {@code now}. */
    static int grown(int now, long more) {
        // Compiling a larger machine takes seconds; what is never used is memory.
        long ahead = now < DOUBLING ? now / 2 * 3L : now / 4 * 5L;
        long elements = Math.max(now + more, ahead);
        return fitting((elements + LARGE - 1) / LARGE * LARGE, elements, "keys and values");
    }

    /** The next power of two, from 4 Mi elements on the next multiple of that. */
    private static int rounded(int least, long elements, String what) {
        long rounded = Math.max(least, Long.highestOneBit(Math.max(1, elements - 1)) * 2);
        if (rounded > DOUBLING) {
            rounded = (elements + DOUBLING - 1) / DOUBLING * DOUBLING;
        }
        return fitting(rounded, elements, what);
    }

    private static int fitting(long rounded, long elements, String what) {
        if (rounded > Integer.MAX_VALUE - 64) {
            throw new UnsupportedModelException(
                    "the backend tornado can't keep "
                            + elements
                            + " elements of "
                            + what
                            + " in one buffer, whose indices are 32-bit numbers; use a smaller"
                            + " context or chunk, or another backend");
        }
        return (int) rounded;
    }

    /** With other arrays of keys and values. */
    BufferSizes withPool(int newPool, int newWords) {
        return new BufferSizes(
                control, ops, step, places, floats, angles, values, newPool, newWords, scores,
                counts, logits, codes, slabs);
    }

    BufferSizes withStep(int newStep, int newPlaces, int newScores) {
        return new BufferSizes(
                control, ops, newStep, newPlaces, floats, angles, values, pool, words, newScores,
                counts, logits, codes, slabs);
    }

    /** Bytes on the device, and as many again on the host. */
    long bytes() {
        long elements =
                (long) control
                        + ops
                        + step
                        + places
                        + floats
                        + angles
                        + values
                        + pool
                        + words
                        + scores
                        + counts
                        + logits
                        + codes
                        + 2 * STAGE;
        return 4 * elements + slabs.stream().mapToLong(Integer::longValue).sum();
    }
}
