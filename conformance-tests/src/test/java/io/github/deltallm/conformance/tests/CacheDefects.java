package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.KvCache;

/** Defects of caches. */
final class CacheDefects {
    private CacheDefects() {}

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

    /** What a run declares stays, even if the run fails. */
    static final class KeptDeclaration implements Defect {
        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                @Override
                void runs() {
                    if (length() == 0) {
                        declare(1);
                    }
                }

                @Override
                public KvCache fork() {
                    return KeptDeclaration.this.cache(sound().fork()).pretend(strategy());
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
