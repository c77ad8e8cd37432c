package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** A program with its buffers; one run at a time. */
final class ReferenceExecutable implements Executable {
    private final Program program;
    private final int maxRows;
    private final Ranges ranges;
    private final Weights weights = new Weights();
    private final Activations activations;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean closed;

    ReferenceExecutable(Program program, int maxRows, Ranges ranges) {
        this.program = program;
        this.maxRows = maxRows;
        this.ranges = ranges;
        activations = new Activations(program, maxRows);
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

    @Override
    public KvCache restore(
            AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
        ReferenceCache cache = emptyCache(strategy, capacity);
        cache.declare(declared);
        new CacheRestore(program.heads(), source).into(cache);
        return cache;
    }

    private ReferenceCache emptyCache(AttentionStrategy strategy, int capacity) {
        exclusively(() -> {});
        if (capacity < 1) {
            throw new IllegalArgumentException("a cache has room for a position, not " + capacity);
        }
        HeadShape heads = program.heads();
        for (int layer = 0; layer < heads.layers(); layer++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                strategy.keys(layer, head).requireFit(heads, strategy.spec());
                strategy.values(layer, head).requireFit(heads, strategy.spec());
            }
        }
        return new ReferenceCache(this, strategy, capacity);
    }

    @Override
    public void run(Step step, LogitsSink sink) {
        exclusively(() -> {
            StepRows rows = new StepRows(step, this);
            List<Runnable> snapshots =
                    rows.spans().stream().map(span -> span.cache().snapshot()).toList();
            boolean done = false;
            try {
                Interpreter interpreter =
                        new Interpreter(program, weights, activations, ranges, rows, sink);
                rows.spans().forEach(span -> span.cache().begin(span.count()));
                for (Op op : program.ops()) {
                    interpreter.run(op);
                }
                rows.spans().forEach(span -> span.cache().advance(span.count()));
                done = true;
            } finally {
                if (!done) {
                    snapshots.forEach(Runnable::run);
                }
            }
        });
    }

    @Override
    public void write(Value input, int rows, float[] data) {
        requireOf(program.inputs(), input, "an input");
        requireRows(input, rows);
        if (data.length < rows * input.width()) {
            throw new IllegalArgumentException(
                    rows + " rows of " + input + " are more than " + data.length + " values");
        }
        exclusively(
                () -> System.arraycopy(data, 0, activations.of(input), 0, rows * input.width()));
    }

    @Override
    public float[] read(Value output, int rows) {
        requireOf(program.outputs(), output, "an output");
        requireRows(output, rows);
        float[] copy = new float[rows * output.width()];
        exclusively(() -> System.arraycopy(activations.of(output), 0, copy, 0, copy.length));
        return copy;
    }

    private static void requireOf(List<Value> values, Value value, String what) {
        if (!values.contains(value)) {
            throw new IllegalArgumentException(value + " is not " + what + " of the program");
        }
    }

    private void requireRows(Value value, int rows) {
        if (rows < 0 || rows > maxRows) {
            throw new IllegalArgumentException(
                    rows + " rows of " + value + " are asked for, of at most " + maxRows);
        }
    }

    private void exclusively(Runnable work) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the executable is closed");
            }
            work.run();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
    }
}
