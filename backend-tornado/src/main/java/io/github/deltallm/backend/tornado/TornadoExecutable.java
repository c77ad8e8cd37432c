package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RunCheck;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** A program on a device; one run at a time. */
final class TornadoExecutable implements Executable {
    private final Program program;
    private final ProgramLayout layout;
    private final RunCheck check;
    private final DeviceMemory memory;
    private final List<List<TaskSpec>> graphs;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean closed;

    /** Whether the thread that has the lock runs a step, so that its sink is what asks. */
    private boolean running;

    TornadoExecutable(ProgramLayout layout, TornadoDevice device, Machines machines) {
        this.layout = layout;
        program = layout.program();
        graphs = layout.graphs();
        check = new RunCheck(program, layout.maxRows());
        memory = new DeviceMemory(layout, device, machines);
    }

    @Override
    public Program program() {
        return program;
    }

    @Override
    public int maxRows() {
        return layout.maxRows();
    }

    /** Where its sequences lie. */
    DeviceMemory memory() {
        return memory;
    }

    @Override
    public KvCache newCache(AttentionStrategy strategy, int capacity) {
        return emptyCache(strategy, capacity);
    }

    private TornadoCache emptyCache(AttentionStrategy strategy, int capacity) {
        exclusively(() -> {});
        return new TornadoCache(this, memory, strategy, capacity);
    }

    @Override
    public KvCache restore(
            AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
        TornadoCache cache = emptyCache(strategy, capacity);
        boolean done = false;
        try {
            cache.declare(declared);
            new CacheRestore(source, cache, this, memory).restore();
            done = true;
            return cache;
        } finally {
            if (!done) {
                cache.close();
            }
        }
    }

    @Override
    public void run(Step step, LogitsSink sink) {
        exclusively(() -> {
            check.step(step);
            StepRows rows = new StepRows(step, this);
            if (rows.count() > 0) {
                running = true;
                try {
                    run(rows, sink);
                } finally {
                    running = false;
                }
            }
        });
    }

    private void run(StepRows rows, LogitsSink sink) {
        int begun = 0;
        boolean done = false;
        try {
            for (StepRows.Span span : rows.spans()) {
                begun++;
                span.cache().begin(span.count());
            }
            reserve(rows);
            int[][] counts = compute(rows);
            logits(rows, sink);
            for (int i = 0; i < counts.length; i++) {
                StepRows.Span span = rows.spans().get(i);
                span.cache().commit(span.count(), counts[i]);
            }
            done = true;
        } finally {
            for (int i = 0; i < begun && !done; i++) {
                rows.spans().get(i).cache().rollback();
            }
        }
    }

    /** Takes memory, and sends the step's tables and angles. */
    private void reserve(StepRows rows) {
        HeadShape heads = program.heads();
        int scores = StepTables.blocks(rows) * Places.BLOCK;
        memory.reserve(needs(rows, 0), () -> needs(rows, layout.maxRows()));
        if (layout.attends()) {
            prepare(rows);
        }
        DeviceBuffers buffers = memory.machine().buffers;
        new StepTables(heads, rows, buffers.step).fill(scores);
        for (int row = 0; row < rows.count(); row++) {
            layout.angles(buffers, row, rows.position(row));
        }
        memory.machine().begin();
        if (layout.attends()) {
            new PlaceTable(rows, memory, buffers.places).fill();
            memory.machine().places();
        }
    }

    /**
     * What a step needs.
     *
     * @param least rows of each span that there is to be room for
     */
    private Needs needs(StepRows rows, int least) {
        Demand demand = new Demand();
        for (int layer = 0; layout.attends() && layer < program.heads().layers(); layer++) {
            demand.nextLayer();
            for (StepRows.Span span : rows.spans()) {
                span.cache().demand(layer, Math.max(least, span.count()), demand);
            }
        }
        return new Needs(
                memory.stepInts(rows.count(), rows.spans().size()),
                PlaceTable.ints(rows, memory.streams(), least),
                layout.attends() ? StepTables.blocks(rows) * (long) Places.BLOCK : 0,
                demand.floats(),
                demand.words());
    }

    private void prepare(StepRows rows) {
        Lender lender = new Lender();
        for (int layer = 0; layer < program.heads().layers(); layer++) {
            lender.nextLayer();
            for (StepRows.Span span : rows.spans()) {
                span.cache().prepare(layer, span.count(), lender);
            }
        }
        memory.lend(lender);
        for (StepRows.Span span : rows.spans()) {
            span.cache().sendRules();
        }
    }

    /** Runs all segments; returns {@link #counts} by span. */
    private int[][] compute(StepRows rows) {
        List<StepRows.Span> spans = rows.spans();
        int[][] counts = new int[spans.size()][];
        boolean fills = false;
        for (int i = 0; i < counts.length; i++) {
            StepRows.Span span = spans.get(i);
            counts[i] = new int[span.count() * memory.streams()];
            fills |= layout.attends() && span.cache().fillsBlock(span.count());
        }
        for (Segment segment : layout.segments()) {
            compute(segment, rows);
            if (segment.encoded() >= 0 && fills) {
                counts(rows, segment.encoded(), counts);
                pack(rows, segment.encoded(), counts);
            }
            if (segment.appended() >= 0) {
                for (StepRows.Span span : spans) {
                    span.cache().fix(segment.appended(), span.position() + span.count());
                }
            }
        }
        if (layout.attends() && !fills) {
            counts(rows, -1, counts);
        }
        return counts;
    }

    /** Runs a segment; its attention in groups of queries, as many as their scores have room. */
    private void compute(Segment segment, StepRows rows) {
        Machine machine = memory.machine();
        int blocks = StepTables.blocks(rows);
        int queries = segment.attention().isEmpty() ? 0 : rows.count() * program.heads().heads();
        int most = Math.max(1, layout.scores() / (blocks * Places.BLOCK));
        Segment.Work all = new Segment.Work(rows.count(), rows.spans().size(), blocks, queries);
        int first = 0;
        for (; queries - first > most; first += most) {
            machine.attend(segment, all.of(most), first);
        }
        machine.segment(graphs.indexOf(segment.tasks()), segment, all.of(queries - first), first);
    }

    /**
     * Reads changed or kept channels of the step's rows, by span, {@code [rows, streams]}.
     *
     * @param layer those of a layer, -1 for all
     */
    private void counts(StepRows rows, int layer, int[][] counts) {
        int streams = memory.streams();
        int ofLayer = streams / program.heads().layers();
        int first = layer < 0 ? 0 : layer * ofLayer;
        int end = layer < 0 ? streams : first + ofLayer;
        memory.machine().counts();
        for (int i = 0; i < counts.length; i++) {
            StepRows.Span span = rows.spans().get(i);
            for (int row = 0; row < span.count(); row++) {
                for (int stream = first; stream < end; stream++) {
                    counts[i][row * streams + stream] =
                            memory.machine()
                                    .buffers
                                    .counts
                                    .get(
                                            EncodeKernels.FIRST_COUNT
                                                    + (span.row() + row) * streams
                                                    + stream);
                }
            }
            span.cache().requireEncodable(span.count(), counts[i]);
        }
    }

    private void pack(StepRows rows, int layer, int[][] counts) {
        List<Packing> packings = new ArrayList<>();
        for (int i = 0; i < counts.length; i++) {
            StepRows.Span span = rows.spans().get(i);
            packings.addAll(span.cache().pack(layer, span.count(), counts[i]));
        }
        memory.pack(packings);
    }

    private void logits(StepRows rows, LogitsSink sink) {
        Segment segment = layout.logits();
        if (segment == null) {
            return;
        }
        List<Integer> wanted = new ArrayList<>();
        for (StepRows.Span span : rows.spans()) {
            for (int row = span.row(); row < span.row() + span.count(); row++) {
                if (span.wanted(row)) {
                    wanted.add(row);
                }
            }
        }
        Machine machine = memory.machine();
        int most = layout.logitRows();
        int vocabulary = program.vocabulary();
        for (int first = 0; first < wanted.size(); first += most) {
            int count = Math.min(most, wanted.size() - first);
            for (int i = 0; i < count; i++) {
                machine.buffers.control.set(Control.LIST + i, wanted.get(first + i));
            }
            machine.logits(
                    segment.base, count, segment.threads(new Segment.Work(count, 0, 0, 0))[0]);
            MemorySegment all = machine.buffers.logits.getSegment();
            for (int i = 0; i < count; i++) {
                sink.accept(
                        wanted.get(first + i),
                        all.asSlice(
                                        4L * (WeightKernels.FIRST_LOGIT + i * vocabulary),
                                        4L * vocabulary)
                                .asReadOnly());
            }
        }
    }

    @Override
    public void write(Value input, int rows, float[] data) {
        check.write(input, rows, data);
        int count = rows * input.width();
        exclusively(() -> {
            if (count > 0) {
                memory.storeValues(layout.offset(input), data, count);
            }
        });
    }

    @Override
    public float[] read(Value output, int rows) {
        check.read(output, rows);
        return exclusively(() ->
                rows == 0
                        ? new float[0]
                        : memory.fetchValues(layout.offset(output), rows * output.width()));
    }

    /** Works on the device's state, alone. */
    void exclusively(Runnable work) {
        exclusively(() -> {
            work.run();
            return this;
        });
    }

    <T> T exclusively(Supplier<T> work) {
        lock.lock();
        try {
            requireIdle();
            if (closed) {
                throw new IllegalStateException("the executable is closed");
            }
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    private void requireIdle() {
        if (running) {
            throw new IllegalStateException(
                    "a sink of logits can't use or close what its step runs on");
        }
    }

    boolean closed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #exclusively}, but does nothing once the executable is closed. */
    void whileOpen(Runnable work) {
        lock.lock();
        try {
            requireIdle();
            if (!closed) {
                work.run();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            requireIdle();
            if (!closed) {
                closed = true;
                memory.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
