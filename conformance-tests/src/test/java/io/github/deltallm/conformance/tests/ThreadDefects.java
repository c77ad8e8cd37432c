package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.LogitsSink;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/** Defects of runs that follow or meet each other. */
final class ThreadDefects {
    private ThreadDefects() {}

    /** Logits are this many units in the last place off. */
    private static LogitsSink off(LogitsSink sink, int units) {
        return (row, logits) -> {
            float[] nudged = LinearRules.floats(logits);
            for (int i = 0; i < nudged.length; i++) {
                nudged[i] += units * Math.ulp(nudged[i]);
            }
            sink.accept(row, MemorySegment.ofArray(nudged));
        };
    }

    /** Sums are added in another order each time. */
    static final class AnyOrder implements Defect {
        private final AtomicInteger runs = new AtomicInteger();

        @Override
        public LogitsSink sink(LogitsSink sink) {
            return off(sink, runs.getAndIncrement() % 3);
        }
    }

    /** Sums are split by threads. */
    static final class SplitByThreads implements Defect {
        private final AtomicInteger threads = new AtomicInteger();

        @Override
        public void opened(BackendOptions options) {
            threads.set(options.threads());
        }

        @Override
        public LogitsSink sink(LogitsSink sink) {
            return off(sink, threads.get());
        }
    }

    /** Closing does not wait for a run. */
    static final class ClosesAtOnce implements Defect {
        @Override
        public boolean closesAtOnce() {
            return true;
        }
    }
}
