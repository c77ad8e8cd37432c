package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;

/**
 * A task of a graph: which kernel, compiled with which constants. Graphs of equal tasks are one.
 *
 * @param op number of the operation in its graph
 * @param constant a tensor type or a gate's function
 * @param slab which slab of weights it reads
 */
record TaskSpec(Kernel kernel, int op, int constant, int slab) {
    /** The kernels of operations. */
    enum Kernel {
        EMBED,
        RMS_NORM,
        LINEAR,
        QUANTISE,
        TERNARY,
        ROPE,
        APPEND,
        ENCODE,
        TALLY,
        SCORES,
        PACKED,
        SOFTMAX,
        MIX,
        GATE,
        SUM,
        LOGITS
    }

    /** Adds the task to a graph. */
    void addTo(TaskGraph graph, String id, KernelContext c, DeviceBuffers b) {
        ByteArray w = b.slabs.get(slab);
        switch (kernel) {
            case EMBED ->
                    graph.task(
                            id,
                            WeightKernels::embed,
                            c,
                            op,
                            constant,
                            b.control,
                            b.ops,
                            b.step,
                            b.floats,
                            w,
                            b.values);
            case RMS_NORM ->
                    graph.task(
                            id, RowKernels::rmsNorm, c, op, b.control, b.ops, b.floats, b.values);
            case LINEAR ->
                    graph.task(
                            id,
                            WeightKernels::linear,
                            c,
                            op,
                            constant,
                            b.control,
                            b.ops,
                            b.floats,
                            w,
                            b.values);
            case QUANTISE ->
                    graph.task(
                            id,
                            WeightKernels::quantiseRows,
                            c,
                            op,
                            b.control,
                            b.ops,
                            b.values,
                            b.codes);
            case TERNARY ->
                    graph.task(
                            id,
                            WeightKernels::ternary,
                            c,
                            op,
                            constant,
                            b.control,
                            b.ops,
                            b.floats,
                            w,
                            b.values,
                            b.codes);
            case ROPE ->
                    graph.task(id, RowKernels::rope, c, op, b.control, b.ops, b.angles, b.values);
            case APPEND ->
                    graph.task(
                            id,
                            EncodeKernels::appendRows,
                            c,
                            op,
                            b.control,
                            b.ops,
                            b.step,
                            b.places,
                            b.floats,
                            b.values,
                            b.pool,
                            b.words);
            case ENCODE ->
                    graph.task(
                            id,
                            EncodeKernels::encodeRows,
                            c,
                            op,
                            b.control,
                            b.ops,
                            b.step,
                            b.places,
                            b.floats,
                            b.pool,
                            b.words);
            case TALLY ->
                    graph.task(
                            id,
                            EncodeKernels::tallyRows,
                            c,
                            op,
                            b.control,
                            b.ops,
                            b.step,
                            b.places,
                            b.floats,
                            b.pool,
                            b.words,
                            b.counts);
            case SCORES ->
                    graph.task(
                            id,
                            AttentionKernels::attendScores,
                            c,
                            op,
                            b.control,
                            b.ops,
                            b.step,
                            b.places,
                            b.floats,
                            b.values,
                            b.pool,
                            b.words,
                            b.scores);
            case PACKED ->
                    graph.task(
                            id,
                            AttentionKernels::attendPacked,
                            c,
                            op,
                            b.control,
                            b.ops,
                            b.step,
                            b.places,
                            b.floats,
                            b.values,
                            b.pool,
                            b.words,
                            b.scores);
            case SOFTMAX ->
                    graph.task(
                            id,
                            AttentionKernels::attendSoftmax,
                            c,
                            op,
                            b.control,
                            b.ops,
                            b.step,
                            b.floats,
                            b.scores);
            case MIX ->
                    graph.task(
                            id,
                            AttentionKernels::attendMix,
                            c,
                            op,
                            b.control,
                            b.ops,
                            b.step,
                            b.places,
                            b.floats,
                            b.values,
                            b.pool,
                            b.words,
                            b.scores);
            case GATE ->
                    graph.task(id, RowKernels::gate, c, op, constant, b.control, b.ops, b.values);
            case SUM -> graph.task(id, RowKernels::sum, c, op, b.control, b.ops, b.values);
            case LOGITS ->
                    graph.task(
                            id,
                            WeightKernels::logits,
                            c,
                            op,
                            constant,
                            b.control,
                            b.ops,
                            b.floats,
                            w,
                            b.values,
                            b.logits);
        }
    }
}
