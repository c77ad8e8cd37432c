package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A block that is to be packed.
 *
 * @param open its events, not packed
 * @param rule thresholds and steps
 * @param number of the block in its sequence
 */
record Packing(Extent open, Extent to, Extent rule, StreamFormat format, int number) {
    /** Lists it for {@link PackKernels}. */
    void list(IntArray control, int index, DeviceMemory memory) {
        list(
                control,
                index,
                memory.floatsAt(open),
                memory.floatsAt(to),
                memory.wordsAt(to),
                memory.floatsAt(rule),
                format,
                number);
    }

    /** Lists a block that has these places. */
    static void list(
            IntArray control,
            int index,
            int source,
            int toFloats,
            int toWords,
            int ruleAt,
            StreamFormat format,
            int number) {
        int at = Control.LIST + index * PackKernels.STRIDE;
        control.set(at + PackKernels.SOURCE, source);
        control.set(at + PackKernels.TO_FLOATS, toFloats);
        control.set(at + PackKernels.TO_WORDS, toWords);
        control.set(at + PackKernels.BITS, format.bits());
        control.set(at + PackKernels.VALUES, format.keys() ? 0 : 1);
        control.set(at + PackKernels.NUMBER, number);
        control.set(at + PackKernels.STEPS, ruleAt + format.dim());
    }
}
