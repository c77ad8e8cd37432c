package io.github.deltallm.backend.opencl;

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
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** A program's launches with the buffers that they work on; one run at a time. */
final class OpenClExecutable implements Executable {
    private final Program program;
    private final int maxRows;
    private final RunCheck check;
    private final ReentrantLock lock = new ReentrantLock();
    private final Resources resources = new Resources();
    private final ClQueue queue;
    private final StepState state;
    private final KeyValueStore store;
    private final Activation[] activations;
    private final Launch[] launches;
    private final List<RotaryTable> tables;
    private volatile boolean closed;

    OpenClExecutable(Program program, int maxRows, OpenClDevice device) {
        check = new RunCheck(program, maxRows);
        Compiler.check(program);
        this.program = program;
        this.maxRows = maxRows;
        try {
            queue = device.queue();
            resources.add(queue, queue::close);
            state = new StepState(device.context(), maxRows);
            resources.add(state, state::close);
            store = new AttentionStore(device, queue, lock, program.heads());
            resources.add(store, store::close);
            Compiler compiler =
                    new Compiler(device, queue, program, maxRows, state, store, resources);
            activations = compiler.activations();
            launches = compiler.launches().toArray(Launch[]::new);
            tables = compiler.tables();
        } catch (RuntimeException | Error e) {
            resources.closeAfter(e);
            throw e;
        }
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
        requireOpen();
        return store.newCache(strategy, capacity);
    }

    @Override
    public KvCache restore(
            AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
        requireOpen();
        return store.restore(strategy, capacity, declared, source);
    }

    private void requireOpen() {
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
            store.check(step.cache(span), span, step.rows(span));
        }
    }

    private void runChecked(Step step, LogitsSink sink) {
        try {
            state.fill(step, sink);
            store.begin(state);
            state.upload(queue);
            for (RotaryTable table : tables) {
                table.upload(state, queue);
            }
            for (Launch launch : launches) {
                launch.enqueue(state);
            }
            queue.finish();
            store.finish(state);
            store.commit(state);
        } catch (Throwable e) { // whatever a sink throws
            undo(e);
            throw e;
        } finally {
            state.clear();
        }
    }

    /** Waits for what is queued still, whatever comes of it, and undoes the step. */
    private void undo(Throwable failure) {
        try {
            try {
                queue.finish();
            } finally {
                store.rollback(state);
            }
        } catch (RuntimeException e) {
            failure.addSuppressed(e); // what failed first says more
        }
    }

    @Override
    public void write(Value input, int count, float[] data) {
        check.write(input, count, data);
        transfer(
                input,
                count,
                (buffer, memory, bytes) -> {
                    int floats = count * input.width();
                    MemorySegment.copy(data, 0, memory, ValueLayout.JAVA_FLOAT, 0, floats);
                    queue.writeNow(buffer, 0, memory, 0, bytes);
                });
    }

    @Override
    public float[] read(Value output, int count) {
        check.read(output, count);
        float[] data = new float[Math.multiplyExact(count, output.width())];
        transfer(
                output,
                count,
                (buffer, memory, bytes) -> {
                    queue.read(buffer, 0, memory, 0, bytes);
                    MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, 0, data, 0, data.length);
                });
        return data;
    }

    /** Moves rows between a buffer and native memory. */
    private interface Transfer {
        void move(ClBuffer buffer, MemorySegment memory, long bytes);
    }

    private void transfer(Value value, int count, Transfer transfer) {
        lock.lock();
        try (Arena arena = Arena.ofConfined()) {
            requireOpen();
            long bytes = 4L * count * value.width();
            transfer.move(
                    activations[value.id()].buffer(), arena.allocate(Math.max(4, bytes), 4), bytes);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        if (lock.isHeldByCurrentThread()) {
            throw new IllegalStateException(
                    "a sink of logits, or a source of rows, can't close the executable");
        }
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                resources.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
