package io.github.deltallm.backend.tornado;

import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

import java.util.ArrayList;
import java.util.List;

/**
 * Makes the task graphs of a {@link Machine}. The first one leaves all buffers on the device, and
 * all others find them there: any graph may follow any other.
 */
final class TaskGraphs {
    private final DeviceBuffers buffers;
    private final KernelContext context = new KernelContext();

    TaskGraphs(DeviceBuffers buffers) {
        this.buffers = buffers;
    }

    /** The name of a graph's task. */
    static String task(int i) {
        return "task" + i;
    }

    TaskGraph load() {
        TaskGraph graph = new TaskGraph("load");
        graph.transferToDevice(EVERY_EXECUTION, buffers.ops, buffers.floats);
        buffers.slabs.forEach(slab -> graph.transferToDevice(EVERY_EXECUTION, slab));
        graph.task(
                task(0),
                MoveKernels::useBuffers,
                context,
                buffers.ops,
                buffers.step,
                buffers.floats,
                buffers.angles,
                buffers.values,
                buffers.pool,
                buffers.scores,
                buffers.counts,
                buffers.codes,
                buffers.places,
                buffers.words);
        for (int i = 0; i < buffers.slabs.size(); i++) {
            graph.task(
                    task(1 + i),
                    MoveKernels::useWeights,
                    context,
                    buffers.ops,
                    buffers.slabs.get(i));
        }
        return graph.persistOnDevice(buffers.persistent());
    }

    TaskGraph begin() {
        List<Object> others = new ArrayList<>(List.of(buffers.persistent()));
        others.remove(buffers.step);
        others.remove(buffers.angles);
        return new TaskGraph("begin")
                .consumeFromDevice(others.toArray())
                .transferToDevice(EVERY_EXECUTION, buffers.step, buffers.angles)
                .task(
                        task(0),
                        MoveKernels::useStep,
                        context,
                        buffers.ops,
                        buffers.step,
                        buffers.angles)
                .persistOnDevice(buffers.step, buffers.angles);
    }

    TaskGraph places() {
        List<Object> others = new ArrayList<>(List.of(buffers.persistent()));
        others.remove(buffers.places);
        return new TaskGraph("places")
                .consumeFromDevice(others.toArray())
                .transferToDevice(EVERY_EXECUTION, buffers.places)
                .task(task(0), MoveKernels::usePlaces, context, buffers.ops, buffers.places)
                .persistOnDevice(buffers.places);
    }

    TaskGraph pack() {
        return controlled("pack")
                .task(
                        task(0),
                        PackKernels::pack,
                        context,
                        buffers.control,
                        buffers.ops,
                        buffers.step,
                        buffers.floats,
                        buffers.pool,
                        buffers.words);
    }

    TaskGraph segment(int index, List<TaskSpec> specs) {
        return tasks("segment" + index, specs);
    }

    TaskGraph attention(List<TaskSpec> specs) {
        return tasks("attention", specs);
    }

    TaskGraph logits(List<TaskSpec> specs) {
        return tasks("logits", specs).transferToHost(EVERY_EXECUTION, buffers.logits);
    }

    private TaskGraph tasks(String name, List<TaskSpec> specs) {
        TaskGraph graph = controlled(name);
        for (int i = 0; i < specs.size(); i++) {
            specs.get(i).addTo(graph, task(i), context, buffers);
        }
        return graph;
    }

    private TaskGraph controlled(String name) {
        return new TaskGraph(name)
                .consumeFromDevice(buffers.persistent())
                .transferToDevice(EVERY_EXECUTION, buffers.control);
    }

    TaskGraph counts() {
        return new TaskGraph("counts")
                .consumeFromDevice(buffers.persistent())
                .task(task(0), MoveKernels::useCounts, context, buffers.ops, buffers.counts)
                .transferToHost(EVERY_EXECUTION, buffers.counts);
    }

    TaskGraph fetch(String name, FloatArray array) {
        return controlled(name)
                .task(
                        task(0),
                        MoveKernels::fetch,
                        context,
                        buffers.control,
                        buffers.ops,
                        array,
                        buffers.stage)
                .transferToHost(EVERY_EXECUTION, buffers.stage);
    }

    TaskGraph store(String name, FloatArray array) {
        return controlled(name)
                .transferToDevice(EVERY_EXECUTION, buffers.stage)
                .task(
                        task(0),
                        MoveKernels::store,
                        context,
                        buffers.control,
                        buffers.ops,
                        array,
                        buffers.stage);
    }

    TaskGraph duplicatePool() {
        return controlled("copyPool")
                .task(
                        task(0),
                        MoveKernels::duplicate,
                        context,
                        buffers.control,
                        buffers.ops,
                        buffers.pool);
    }

    TaskGraph fetchWords() {
        return controlled("fetchWords")
                .task(
                        task(0),
                        MoveKernels::fetchWords,
                        context,
                        buffers.control,
                        buffers.ops,
                        buffers.words,
                        buffers.wordStage)
                .transferToHost(EVERY_EXECUTION, buffers.wordStage);
    }

    TaskGraph storeWords() {
        return controlled("storeWords")
                .transferToDevice(EVERY_EXECUTION, buffers.wordStage)
                .task(
                        task(0),
                        MoveKernels::storeWords,
                        context,
                        buffers.control,
                        buffers.ops,
                        buffers.words,
                        buffers.wordStage);
    }

    TaskGraph duplicateWords() {
        return controlled("copyWords")
                .task(
                        task(0),
                        MoveKernels::duplicateWords,
                        context,
                        buffers.control,
                        buffers.ops,
                        buffers.words);
    }
}
