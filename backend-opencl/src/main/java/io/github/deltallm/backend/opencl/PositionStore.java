package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Op;

import java.util.concurrent.locks.ReentrantLock;

/** Counts positions, for programs without attention. */
final class PositionStore implements KeyValueStore {
    private final OpenClExecutable executable;

    PositionStore(OpenClExecutable executable, ReentrantLock lock) {
        this.executable = executable;
    }

    private static final class Positions implements KvCache {
        private final OpenClExecutable owner;
        private final AttentionStrategy strategy;
        private final int capacity;
        private int length;

        Positions(OpenClExecutable owner, AttentionStrategy strategy, int capacity) {
            this.owner = owner;
            this.strategy = strategy;
            this.capacity = capacity;
        }

        @Override
        public AttentionStrategy strategy() {
            return strategy;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public int capacity() {
            return capacity;
        }

        @Override
        public void declare(int tokens) {}

        @Override
        public AttentionStrategy.Request request() {
            return new AttentionStrategy.Request(length);
        }

        @Override
        public void truncate(int to) {
            length = to;
        }

        @Override
        public int truncationFloor() {
            return 0;
        }

        @Override
        public KvCache fork() {
            throw new UnsupportedOperationException();
        }

        @Override
        public CacheBytes bytes() {
            throw new UnsupportedOperationException();
        }

        @Override
        public AttentionCounts counts(int layer, Stage stage) {
            throw new UnsupportedOperationException();
        }

        @Override
        public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    @Override
    public KvCache newCache(AttentionStrategy strategy, int capacity) {
        return new Positions(executable, strategy, capacity);
    }

    @Override
    public KvCache restore(
            AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Launch attention(
            Op.Attention op, Activation query, Activation key, Activation value, Activation out) {
        throw new UnsupportedModelException("the backend opencl has no attention");
    }

    @Override
    @SuppressWarnings("ReferenceEquality")
    public void check(KvCache cache, int span, int rows) {
        if (!(cache instanceof Positions positions) || positions.owner != executable) {
            throw new IllegalArgumentException("the cache was made by another executable");
        }
        if (rows > positions.capacity - positions.length) {
            throw new ContextOverflowException("the capacity does not suffice");
        }
    }

    @Override
    public void begin(StepState step) {}

    @Override
    public void commit(StepState step) {
        for (int span = 0; span < step.spans(); span++) {
            if (step.cache(span) instanceof Positions positions) {
                positions.length += step.spanRows(span);
            }
        }
    }

    @Override
    public void rollback(StepState step) {}

    @Override
    public void close() {}
}
