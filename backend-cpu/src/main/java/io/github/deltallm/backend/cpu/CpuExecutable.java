package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RunCheck;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;

/** A program's stages, its activations, and the threads' scratch; one run at a time. */
final class CpuExecutable implements Executable {
    private final Program program;
    private final int maxRows;
    private final RunCheck check;
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

    CpuExecutable(Program program, int maxRows, Team team, Precision precision) {
        check = new RunCheck(program, maxRows);
        this.program = program;
        this.maxRows = maxRows;
        this.team = team;
        boolean done = false;
        try {
            workers = workers(precision);
            plan = new AttentionPlan(program.heads(), workers[0].attention);
            Compiler compiler = new Compiler(program, maxRows, plan, team, precision, arena);
            rows = compiler.rows();
            stages = compiler.stages().toArray(Stage[]::new);
            state = new StepState(program.heads(), maxRows);
            done = true;
        } finally {
            if (!done) {
                arena.close();
            }
        }
    }

    private Worker[] workers(Precision precision) {
        Worker[] all = new Worker[team.members()];
        int columns = Compiler.longestRow(program, weight -> true);
        int repacked =
                Compiler.longestRow(program, weight -> RepackedWeight.takes(weight, precision));
        for (int member = 0; member < all.length; member++) {
            AttentionScratch scratch = new AttentionScratch(program.heads(), arena);
            all[member] = new Worker(team, member, columns, repacked, scratch, arena);
        }
        return all;
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
        return new CpuKvCache(this, strategy, capacity);
    }

    @Override
    public KvCache restore(
            AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
        CpuKvCache cache = emptyCache(strategy, capacity);
        boolean done = false;
        try {
            cache.declare(declared);
            cache.restore(source);
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
        check.step(step);
        for (int span = 0; span < step.spans(); span++) {
            if (!(step.cache(span) instanceof CpuKvCache cache) || !cache.belongsTo(this)) {
                throw RunCheck.foreignCache(span);
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
            plan.fill(state, workers.length);
            for (Stage stage : stages) {
                if (stage instanceof LogitsStage logits) {
                    logits.reserve(state.wantedRows());
                }
            }
            team.run(job);
            commit(step);
            done = true;
            tidy(step);
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

    private void tidy(Step step) {
        for (int span = 0; span < step.spans(); span++) {
            CpuKvCache cache = (CpuKvCache) step.cache(span);
            if (step.rows(span) <= AttentionPlan.FEW) {
                cache.tidy();
            } else {
                cache.trim();
            }
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
        check.write(input, count, data);
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
        check.read(output, count);
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
