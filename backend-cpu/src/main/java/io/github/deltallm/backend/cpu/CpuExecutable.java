package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** A program's stages, its activations, and the threads' scratch; one run at a time. */
final class CpuExecutable implements Executable {
    private final Program program;
    private final int maxRows;
    private final int tokens;
    private final Team team;
    private final Arena arena = Arena.ofShared();
    private final Rows[] rows;
    private final Stage[] stages;
    private final Worker[] workers;
    private final AttentionPlan plan;
    private final StepState state;
    private final StagingPages staging = new StagingPages(arena);
    private final Team.Job job = this::runStages;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean closed;

    CpuExecutable(Program program, int maxRows, Team team) {
        if (maxRows < 1) {
            throw new IllegalArgumentException("a step has at least one row, not " + maxRows);
        }
        this.program = program;
        this.maxRows = maxRows;
        this.team = team;
        boolean done = false;
        try {
            workers = workers();
            plan = new AttentionPlan(program.heads(), workers[0].attention);
            Compiler compiler = new Compiler(program, maxRows, plan, team, arena);
            rows = compiler.rows();
            stages = compiler.stages().toArray(Stage[]::new);
            state = new StepState(program.heads(), maxRows);
            tokens = tokens(program);
            done = true;
        } finally {
            if (!done) {
                arena.close();
            }
        }
    }

    private Worker[] workers() {
        Worker[] all = new Worker[team.members()];
        int columns = Compiler.longestRow(program);
        int repacked = Compiler.longestRepackedRow(program);
        for (int member = 0; member < all.length; member++) {
            AttentionScratch scratch = new AttentionScratch(program.heads(), arena);
            all[member] = new Worker(team, member, columns, repacked, scratch, arena);
        }
        return all;
    }

    /** Tokens that all embeddings have. */
    private static int tokens(Program program) {
        int tokens = Integer.MAX_VALUE;
        for (Op op : program.ops()) {
            if (op instanceof Op.Embed embed) {
                tokens = Math.min(tokens, embed.table().rows());
            }
        }
        return tokens;
    }

    @Override
    public Program program() {
        return program;
    }

    @Override
    public int maxRows() {
        return maxRows;
    }

    @Override
    public KvCache newCache(AttentionStrategy strategy, int capacity) {
        return emptyCache(strategy, capacity);
    }

    private CpuKvCache emptyCache(AttentionStrategy strategy, int capacity) {
        requireOpen();
        if (capacity < 1) {
            throw new IllegalArgumentException("a cache has room for a position, not " + capacity);
        }
        return new CpuKvCache(this, strategy, capacity);
    }

    @Override
    public KvCache restore(
            AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
        CpuKvCache cache = emptyCache(strategy, capacity);
        boolean done = false;
        try {
            cache.declare(declared);
            new CacheRestore(program.heads(), strategy, source).into(cache);
            done = true;
            return cache;
        } finally {
            if (!done) {
                cache.close();
            }
        }
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the executable is closed");
        }
    }

    @Override
    public void run(Step step, LogitsSink sink) {
        if (lock.isHeldByCurrentThread()) {
            throw new IllegalStateException("a sink of logits can't run another step");
        }
        lock.lock();
        try {
            requireOpen();
            check(step);
            if (step.rows() > 0) {
                runChecked(step, sink);
            }
        } finally {
            lock.unlock();
        }
    }

    private void check(Step step) {
        if (step.rows() > maxRows) {
            throw new IllegalArgumentException(
                    "the step has "
                            + step.rows()
                            + " rows, more than the "
                            + maxRows
                            + " that the program was compiled for");
        }
        for (int row = 0; row < step.rows(); row++) {
            int token = step.token(row);
            if (token < 0 || token >= tokens) {
                throw new IllegalArgumentException(
                        "the token "
                                + token
                                + " of row "
                                + row
                                + " is outside the vocabulary of "
                                + tokens);
            }
        }
        for (int span = 0; span < step.spans(); span++) {
            if (!(step.cache(span) instanceof CpuKvCache cache) || !cache.belongsTo(this)) {
                throw new IllegalArgumentException(
                        "the cache of span " + span + " was made by another executable");
            }
            cache.requireOpen();
        }
    }

    private void runChecked(Step step, LogitsSink sink) {
        int reserved = 0;
        boolean done = false;
        try {
            staging.beginStep();
            for (; reserved < step.spans(); reserved++) {
                ((CpuKvCache) step.cache(reserved)).reserve(step.rows(reserved), staging);
            }
            state.fill(step, sink);
            plan.fill(state);
            for (Stage stage : stages) {
                if (stage instanceof LogitsStage logits) {
                    logits.reserve(state.wantedRows());
                }
            }
            team.run(job);
            commit(step);
            done = true;
        } finally {
            for (int span = 0; span < reserved && !done; span++) {
                ((CpuKvCache) step.cache(span)).rollback();
            }
            state.clear();
        }
    }

    private void commit(Step step) {
        for (int span = 0; span < step.spans(); span++) {
            ((CpuKvCache) step.cache(span)).commit(step.rows(span));
        }
    }

    private void runStages(int member) {
        Worker worker = workers[member];
        for (int i = 0; i < stages.length; i++) {
            if (i > 0) {
                worker.barrier();
            }
            stages[i].run(worker, state);
        }
    }

    @Override
    public void write(Value input, int count, float[] data) {
        requireOf(program.inputs(), input, "an input");
        requireRows(input, count);
        if (data.length < (long) count * input.width()) {
            throw new IllegalArgumentException(
                    count + " rows of " + input + " are more than " + data.length + " values");
        }
        lock.lock();
        try {
            requireOpen();
            Rows to = rows[input.id()];
            for (int row = 0; row < count; row++) {
                MemorySegment.copy(
                        data,
                        row * input.width(),
                        to.data(),
                        Lanes.FLOAT,
                        to.at(row),
                        input.width());
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public float[] read(Value output, int count) {
        requireOf(program.outputs(), output, "an output");
        requireRows(output, count);
        float[] data = new float[Math.multiplyExact(count, output.width())];
        lock.lock();
        try {
            requireOpen();
            Rows from = rows[output.id()];
            for (int row = 0; row < count; row++) {
                MemorySegment.copy(
                        from.data(),
                        Lanes.FLOAT,
                        from.at(row),
                        data,
                        row * output.width(),
                        output.width());
            }
        } finally {
            lock.unlock();
        }
        return data;
    }

    private static void requireOf(List<Value> values, Value value, String what) {
        if (!values.contains(value)) {
            throw new IllegalArgumentException(value + " is not " + what + " of the program");
        }
    }

    private void requireRows(Value value, int count) {
        if (count < 0 || count > maxRows) {
            throw new IllegalArgumentException(
                    count + " rows of " + value + " are asked for, of at most " + maxRows);
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                for (Stage stage : stages) {
                    if (stage instanceof LogitsStage logits) {
                        logits.close();
                    }
                }
                plan.close();
                arena.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
