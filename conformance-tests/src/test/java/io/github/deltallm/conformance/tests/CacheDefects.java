package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.KvCache;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

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

    /** The memory of caches is not given back, though they say so. */
    static final class LeakedBuffer implements Defect {
        private static final int BYTES = 1 << 20;

        private final List<MemorySegment> leaked = new ArrayList<>();

        @Override
        public DefectiveCache cache(KvCache cache) {
            return new DefectiveCache(cache) {
                @Override
                public void close() {
                    sound().close();
                    leaked.add(Arena.ofAuto().allocate(BYTES).fill((byte) 1));
                }
            };
        }
    }

    /** A backend that was opened keeps a file open. */
    static final class LeakedFile implements Defect {
        private final List<InputStream> leaked = new ArrayList<>();

        @Override
        public void opened(BackendOptions options) {
            try {
                leaked.add(new FileInputStream("/dev/null"));
            } catch (FileNotFoundException e) {
                throw new UncheckedIOException(e);
            }
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
