package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.DeltaLlmException;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Compiled task graphs with their buffers on a device.
 *
 * <p>All graphs share one execution plan: buffers stay on the device between them. TornadoVM
 * compiles a graph when it runs first, and knows buffers by the Java objects that stand for them;
 * so a machine is as large as it was made, and is used again by programs with the same graphs. One
 * program uses it at a time.
 */
final class Machine {
    /** TornadoVM's runtime is one a process and not made for several threads. */
    private static final ReentrantLock RUNTIME = new ReentrantLock();

    /**
     * What machines are told apart by.
     *
     * @param segments the graphs that a program consists of
     * @param logits the task of its logits; none or one
     */
    record Key(
            TornadoDevice device,
            List<List<TaskSpec>> segments,
            List<TaskSpec> logits,
            BufferSizes sizes) {
        Key {
            segments = List.copyOf(segments);
            logits = List.copyOf(logits);
        }

        Key with(BufferSizes other) {
            return new Key(device, segments, logits, other);
        }
    }

    /** A graph's place in the plan, and the grids of its tasks. */
    private record Graph(String name, int index, List<WorkerGrid1D> workers) {}

    final DeviceBuffers buffers;

    /** Keys and values that are floats. */
    final FloatLane pool;

    /** Keys and values that are words. */
    final WordLane words;

    /** Activations. */
    final FloatLane values;

    private final Key key;

    /** Threads of a work-group; grids are multiples of it, and kernels check their bounds. */
    private final int group;

    private final GridScheduler grids = new GridScheduler();
    private final List<ImmutableTaskGraph> graphs = new ArrayList<>();
    private final Graph load;
    private final Graph begin;
    private final List<Graph> segments = new ArrayList<>();
    private final List<Graph> logits = new ArrayList<>();
    private final Graph counts;
    private final Graph places;
    private final Graph pack;
    private final Graph fetchPool;
    private final Graph storePool;
    private final Graph copyPool;
    private final Graph fetchWords;
    private final Graph storeWords;
    private final Graph copyWords;
    private final Graph fetchValues;
    private final Graph storeValues;
    private final TornadoExecutionPlan plan;
    private boolean failed;

    Machine(Key key) {
        this.key = key;
        group = key.device().group();
        buffers = new DeviceBuffers(key.sizes());
        pool = new FloatLane(this, true);
        words = new WordLane(this);
        values = new FloatLane(this, false);
        RUNTIME.lock();
        try {
            TaskGraphs all = new TaskGraphs(buffers);
            load = added(all.load(), 1 + buffers.slabs.size());
            begin = added(all.begin(), 1);
            places = added(all.places(), 1);
            pack = added(all.pack(), 1);
            for (List<TaskSpec> specs : key.segments()) {
                segments.add(added(all.segment(segments.size(), specs), specs.size()));
            }
            if (!key.logits().isEmpty()) {
                logits.add(added(all.logits(key.logits()), 1));
            }
            counts = added(all.counts(), 1);
            fetchPool = added(all.fetch("fetchPool", buffers.pool), 1);
            storePool = added(all.store("storePool", buffers.pool), 1);
            copyPool = added(all.duplicatePool(), 1);
            fetchWords = added(all.fetchWords(), 1);
            storeWords = added(all.storeWords(), 1);
            copyWords = added(all.duplicateWords(), 1);
            fetchValues = added(all.fetch("fetchValues", buffers.values), 1);
            storeValues = added(all.store("storeValues", buffers.values), 1);
            plan = new TornadoExecutionPlan(graphs.toArray(ImmutableTaskGraph[]::new));
            plan.withDevice(key.device().device());
            plan.withGridScheduler(grids);
            plan.withCompilerFlags(TornadoVMBackendType.OPENCL, key.device().openClCompilerFlags());
        } finally {
            RUNTIME.unlock();
        }
    }

    Key key() {
        return key;
    }

    private Graph added(TaskGraph graph, int tasks) {
        List<WorkerGrid1D> workers = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            WorkerGrid1D worker = new WorkerGrid1D(group);
            worker.setLocalWork(group, 1, 1);
            grids.addWorkerGrid(graph.getTaskGraphName() + "." + TaskGraphs.task(i), worker);
            workers.add(worker);
        }
        Graph added = new Graph(graph.getTaskGraphName(), graphs.size(), workers);
        graphs.add(graph.snapshot());
        return added;
    }

    /** Sends weights, constants and the operations' shapes to the device. */
    void load() {
        run(load);
    }

    /** Sends a step's tables to the device. */
    void begin() {
        run(begin);
    }

    /** Sends the places of a step's rows to the device. */
    void places() {
        run(places);
    }

    /** Packs so many blocks that {@code control} lists. */
    void pack(int blocks) {
        buffers.control.set(Control.CHUNKS, blocks);
        run(pack, blocks);
    }

    /** Blocks that can be packed at once. */
    int packs() {
        return (key.sizes().control() - Control.LIST) / PackKernels.STRIDE;
    }

    /**
     * Runs a segment of the program.
     *
     * @param base its first operation in the table of operations
     * @param threads of each task
     */
    void segment(int index, int base, int rows, long[] threads) {
        buffers.control.set(Control.BASE, base);
        buffers.control.set(Control.ROWS, rows);
        run(segments.get(index), threads);
    }

    /** Computes the logits of the rows that are listed in {@code control}, into {@code logits}. */
    void logits(int base, int rows, long threads) {
        buffers.control.set(Control.BASE, base);
        buffers.control.set(Control.ROWS, rows);
        run(logits.getFirst(), threads);
    }

    /** Brings the counts of the last step to the host. */
    void counts() {
        run(counts);
    }

    /** Chunks that fit a move. */
    int chunks(int length) {
        return Math.max(
                1,
                Math.min(BufferSizes.STAGE / length, (key.sizes().control() - Control.LIST) / 2));
    }

    /** Brings listed chunks of the pool to the host's {@code stage}. */
    void fetchPool(int length, int chunks) {
        move(fetchPool, length, chunks);
    }

    void storePool(int length, int chunks) {
        move(storePool, length, chunks);
    }

    void copyPool(int length, int chunks) {
        move(copyPool, length, chunks);
    }

    void fetchWords(int length, int chunks) {
        move(fetchWords, length, chunks);
    }

    void storeWords(int length, int chunks) {
        move(storeWords, length, chunks);
    }

    void copyWords(int length, int chunks) {
        move(copyWords, length, chunks);
    }

    void fetchValues(int length, int chunks) {
        move(fetchValues, length, chunks);
    }

    void storeValues(int length, int chunks) {
        move(storeValues, length, chunks);
    }

    private void move(Graph graph, int length, int chunks) {
        buffers.control.set(Control.LENGTH, length);
        buffers.control.set(Control.CHUNKS, chunks);
        run(graph, (long) length * chunks);
    }

    /** Runs a graph whose tasks have so many threads each, or one work-group. */
    private void run(Graph graph, long... threads) {
        RUNTIME.lock();
        try {
            for (int i = 0; i < threads.length; i++) {
                long groups = Math.max(1, (threads[i] + group - 1) / group);
                graph.workers().get(i).setGlobalWork(groups * group, 1, 1);
            }
            failed = true;
            plan.withGraph(graph.index()).execute();
            failed = false;
        } catch (RuntimeException e) {
            throw new DeltaLlmException(
                    "the device "
                            + key.device().name()
                            + " could not run the graph "
                            + graph.name()
                            + " ("
                            + e
                            + "); check its driver and memory, or use another backend",
                    e);
        } finally {
            RUNTIME.unlock();
        }
    }

    /** Whether a graph could not be run, so that no other program should try it. */
    boolean failed() {
        return failed;
    }

    /**
     * Frees the device's memory: the first graph's, to which all buffers belong that graphs share,
     * then what each of the others has of its own. (TornadoVM refuses to free a shared buffer
     * twice, so graphs are left out that have none but such.)
     */
    void close() {
        RUNTIME.lock();
        try {
            plan.withGraph(load.index()).freeDeviceMemory();
            for (int index = 0; index < graphs.size(); index++) {
                if (index != load.index()
                        && index != begin.index()
                        && index != places.index()
                        && index != counts.index()) {
                    plan.withGraph(index).freeDeviceMemory();
                }
            }
        } finally {
            RUNTIME.unlock();
        }
    }
}
