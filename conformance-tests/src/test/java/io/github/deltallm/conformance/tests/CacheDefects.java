package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.KvCache;

/** Defects of caches and of what they make of a strategy. */
final class CacheDefects {
    private CacheDefects() {}

    /** The exact run begins one key late. */
    static final class WindowOffByOne implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            Runs runs = (Runs) strategy;
            boolean narrow = runs.window() > 1 && runs.window() != AttentionStrategy.UNBOUNDED;
            return new Runs(
                    runs.keys(),
                    runs.values(),
                    runs.sinks(),
                    narrow ? runs.window() - 1 : runs.window(),
                    runs.dropsMiddle());
        }
    }

    /** Rows that should be bf16 are not rounded. */
    static final class UnroundedRows implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            Runs runs = (Runs) strategy;
            return new Runs(
                    unrounded(runs.keys()),
                    unrounded(runs.values()),
                    runs.sinks(),
                    runs.window(),
                    runs.dropsMiddle());
        }

        private static Encoding unrounded(Encoding encoding) {
            return encoding instanceof Encoding.Exact(Store store) && store == Store.BF16
                    ? new Encoding.Exact(Store.F32)
                    : encoding;
        }
    }

    /** A change that equals its threshold is transmitted. */
    static final class TransmittedTies implements Defect {
        @Override
        public AttentionStrategy strategy(AttentionStrategy strategy) {
            Runs runs = (Runs) strategy;
            return new Runs(
                    lowered(runs.keys()),
                    lowered(runs.values()),
                    runs.sinks(),
                    runs.window(),
                    runs.dropsMiddle());
        }

        private static Encoding lowered(Encoding encoding) {
            if (encoding instanceof Encoding.Delta delta) {
                float[] thresholds = delta.thresholds();
                for (int i = 0; i < thresholds.length; i++) {
                    thresholds[i] = Math.max(0, Math.nextDown(thresholds[i]));
                }
                return new Encoding.Delta(
                        thresholds, delta.relative(), delta.events(), delta.steps(), delta.store());
            }
            return encoding;
        }
    }

    /** A truncation forgets the length, but not the rows. */
    static final class StaleRows implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                private int stale;

                @Override
                public void truncate(int length) {
                    stale += length() - length;
                }

                @Override
                public int length() {
                    return sound().length() - stale;
                }
            };
        }
    }

    /** A fork is the same sequence. */
    static final class SharedFork implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                @Override
                public KvCache fork() {
                    return new DefectiveCache(sound()) {
                        @Override
                        public void close() {}
                    };
                }
            };
        }
    }

    /** A closed cache keeps its memory. */
    static final class KeptMemory implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                private CacheBytes most = CacheBytes.ZERO;

                @Override
                public CacheBytes bytes() {
                    CacheBytes bytes = sound().bytes();
                    most = bytes.keys() > most.keys() ? bytes : most;
                    return most;
                }
            };
        }
    }

    /** A failed run leaves rows behind. */
    static final class HalfARun implements Defect {
        @Override
        public boolean keepsHalfARun() {
            return true;
        }
    }
}
