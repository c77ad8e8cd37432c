package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.DeltaLlmException;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoInternalError;

import java.util.ArrayList;
import java.util.Arrays;
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
     * @param attention the tasks of a layer's attention; none or some
     * @param logits the task of its logits; none or one
     */
    record Key(
            TornadoDevice device,
            List<List<TaskSpec>> segments,
            List<TaskSpec> attention,
            List<TaskSpec> logits,
            BufferSizes sizes) {
        Key {
            segments = List.copyOf(segments);
            attention = List.copyOf(attention);
            logits = List.copyOf(logits);
        }

        Key with(BufferSizes other) {
            return new Key(device, segments, attention, logits, other);
        }
    }

    /**
     * A graph's place in the plan, and the grids of its tasks.
     *
     * @param tickets how often it adds its run's to {@link Progress}
     */
    private record Graph(String name, int index, List<WorkerGrid1D> workers, int tickets) {}

    private static final int TICKETS = 1 << 20;

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
    private final List<Graph> attention = new ArrayList<>();
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
    private int ticket;

    /** What {@link Progress} is on the device if nothing was lost. */
    private int progress;

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
            load = added(all.load(), 1 + buffers.slabs.size(), 0);
            begin = added(all.begin(), 1, 2);
            places = added(all.places(), 1);
            pack = added(all.pack(), 1);
            for (List<TaskSpec> specs : key.segments()) {
                segments.add(added(all.segment(segments.size(), specs), specs.size()));
            }
            if (!key.attention().isEmpty()) {
                attention.add(added(all.attention(key.attention()), key.attention().size()));
            }
            if (!key.logits().isEmpty()) {
                logits.add(added(all.logits(key.logits()), 1));
            }
            counts = added(all.counts(), 1, 0);
            fetchPool = added(all.fetch("fetchPool", buffers.pool), 1);
            storePool = added(all.store("storePool", buffers.pool), 1, 2);
            copyPool = added(all.duplicatePool(), 1);
            fetchWords = added(all.fetchWords(), 1);
            storeWords = added(all.storeWords(), 1, 2);
            copyWords = added(all.duplicateWords(), 1);
            fetchValues = added(all.fetch("fetchValues", buffers.values), 1);
            storeValues = added(all.store("storeValues", buffers.values), 1, 2);
            plan = new TornadoExecutionPlan(graphs.toArray(ImmutableTaskGraph[]::new));
            plan.withDevice(key.device().device());
            plan.withGridScheduler(grids);
            plan.withCompilerFlags(TornadoVMBackendType.OPENCL, key.device().openClCompilerFlags());
        } catch (RuntimeException | TornadoInternalError e) {
            throw failure("could not be given the program's graphs", e);
        } finally {
            RUNTIME.unlock();
        }
    }

    Key key() {
        return key;
    }

    private Graph added(TaskGraph graph, int tasks) {
        return added(graph, tasks, tasks);
    }

    private Graph added(TaskGraph graph, int tasks, int tickets) {
        List<WorkerGrid1D> workers = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            WorkerGrid1D worker = new WorkerGrid1D(group);
            worker.setLocalWork(group, 1, 1);
            grids.addWorkerGrid(graph.getTaskGraphName() + "." + TaskGraphs.task(i), worker);
            workers.add(worker);
        }
        Graph added = new Graph(graph.getTaskGraphName(), graphs.size(), workers, tickets);
        graphs.add(graph.snapshot());
        return added;
    }

    /** Sends weights, constants and the operations' shapes to the device. */
    void load() {
        buffers.ops.set(OpTable.PROGRESS, 0);
        progress = 0;
        run(load);
        progress = 1 + buffers.slabs.size();
        counts();
    }

    /** Sends a step's tables to the device. */
    void begin() {
        buffers.step.set(StepTable.TICKET, nextTicket());
        buffers.angles.set(0, ticket);
        run(begin);
    }

    /** Sends the places of a step's rows to the device. */
    void places() {
        buffers.places.set(Places.TICKET, nextTicket());
        run(places);
    }

    /** Packs so many blocks that {@code control} lists. */
    void pack(int blocks) {
        buffers.control.set(Control.CHUNKS, blocks);
        control(pack, blocks);
    }

    /** Blocks that can be packed at once. */
    int packs() {
        return (key.sizes().control() - Control.LIST) / PackKernels.STRIDE;
    }

    /**
     * Runs a segment of the program.
     *
     * @param index of its graph
     * @param first the first query of those whose attention is left to it
     */
    void segment(int index, Segment segment, Segment.Work work, int first) {
        run(segments.get(index), segment, work, first);
    }

    /** Runs the attention of a segment for some of its queries, from one on. */
    void attend(Segment segment, Segment.Work work, int first) {
        run(attention.getFirst(), segment, work, first);
    }

    private void run(Graph graph, Segment segment, Segment.Work work, int first) {
        buffers.control.set(Control.BASE, segment.base);
        buffers.control.set(Control.ROWS, work.rows());
        buffers.control.set(Control.QUERY, first);
        buffers.control.set(Control.QUERIES, work.queries());
        buffers.control.set(Control.ENCODES, first == 0 ? 1 : 0);
        control(graph, Arrays.copyOf(segment.threads(work), graph.workers().size()));
    }

    /** Computes the logits of the rows that are listed in {@code control}, into {@code logits}. */
    void logits(int base, int rows, long threads) {
        buffers.control.set(Control.BASE, base);
        buffers.control.set(Control.ROWS, rows);
        buffers.logits.set(0, -1);
        control(logits.getFirst(), threads);
        require(logits.getFirst(), buffers.logits.get(0));
    }

    /** Brings the counts of the last step to the host. */
    void counts() {
        buffers.counts.set(0, ~progress);
        run(counts);
        require(counts, buffers.counts.get(0) == progress);
    }

    /** Chunks that fit a move. */
    int chunks(int length) {
        return Math.max(
                1,
                Math.min(BufferSizes.STAGE / length, (key.sizes().control() - Control.LIST) / 2));
    }

    /** Brings listed chunks of the pool to the host's {@code stage}. */
    void fetchPool(int length, int chunks) {
        fetch(fetchPool, length, chunks);
    }

    private void fetch(Graph graph, int length, int chunks) {
        buffers.stage.set(BufferSizes.STAGE, -1);
        move(graph, length, chunks);
        require(graph, buffers.stage.get(BufferSizes.STAGE));
    }

    private void store(Graph graph, int length, int chunks) {
        buffers.stage.set(BufferSizes.STAGE, upcomingTicket());
        move(graph, length, chunks);
    }

    void storePool(int length, int chunks) {
        store(storePool, length, chunks);
    }

    void copyPool(int length, int chunks) {
        move(copyPool, length, chunks);
    }

    void fetchWords(int length, int chunks) {
        buffers.wordStage.set(BufferSizes.STAGE, ~progress);
        move(fetchWords, length, chunks);
        require(fetchWords, buffers.wordStage.get(BufferSizes.STAGE) == progress);
    }

    void storeWords(int length, int chunks) {
        buffers.wordStage.set(BufferSizes.STAGE, upcomingTicket());
        move(storeWords, length, chunks);
    }

    void copyWords(int length, int chunks) {
        move(copyWords, length, chunks);
    }

    void fetchValues(int length, int chunks) {
        fetch(fetchValues, length, chunks);
    }

    void storeValues(int length, int chunks) {
        store(storeValues, length, chunks);
    }

    private void move(Graph graph, int length, int chunks) {
        buffers.control.set(Control.LENGTH, length);
        buffers.control.set(Control.CHUNKS, chunks);
        control(graph, (long) length * chunks);
    }

    private int nextTicket() {
        ticket = upcomingTicket();
        return ticket;
    }

    private int upcomingTicket() {
        return ticket % TICKETS + 1;
    }

    /** Runs a graph to which {@code control} is sent. */
    private void control(Graph graph, long... threads) {
        buffers.control.set(Control.TICKET, nextTicket());
        run(graph, threads);
    }

    private void require(Graph graph, float told) {
        require(graph, (int) told == Progress.shown(progress));
    }

    private void require(Graph graph, boolean done) {
        if (!done) {
            failed = true;
            throw new DeltaLlmException(
                    "the device "
                            + key.device().name()
                            + " has not done all that was asked of it up to the graph "
                            + graph.name()
                            + ": its driver has refused or lost something, see what TornadoVM"
                            + " printed; check its driver and memory and open the model again, or"
                            + " use another backend");
        }
    }

    /** Runs a graph whose tasks have so many threads each, or one work-group. */
    private void run(Graph graph, long... threads) {
        if (failed) {
            throw new DeltaLlmException(
                    "the device "
                            + key.device().name()
                            + " has failed before, and what it holds is lost; open the model"
                            + " again, or use another backend");
        }
        RUNTIME.lock();
        boolean done = false;
        try {
            for (int i = 0; i < threads.length; i++) {
                long groups = Math.max(1, (threads[i] + group - 1) / group);
                graph.workers().get(i).setGlobalWork(groups * group, 1, 1);
            }
            progress += graph.tickets() * ticket;
            plan.withGraph(graph.index()).execute();
            done = true;
        } catch (RuntimeException | TornadoInternalError e) {
            throw failure("could not run the graph " + graph.name(), e);
        } finally {
            failed |= !done;
            RUNTIME.unlock();
        }
    }

    private DeltaLlmException failure(String what, Throwable cause) {
        return new DeltaLlmException(
                "the device "
                        + key.device().name()
                        + " "
                        + what
                        + " ("
                        + cause
                        + "); check its driver and memory, or use another backend",
                cause);
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
        } catch (RuntimeException | TornadoInternalError e) {
            throw failure("could not free its memory", e);
        } finally {
            RUNTIME.unlock();
        }
    }
}
