package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.BackendProvider;

/** The kit against backends with a defect each; run by {@link SabotageTest} alone. */
final class Sabotaged {
    private Sabotaged() {}

    static final class WindowOffByOne extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new CacheDefects.WindowOffByOne());
        }
    }

    static final class UnroundedRows extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new CacheDefects.UnroundedRows());
        }
    }

    static final class TransmittedTies extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new CacheDefects.TransmittedTies());
        }
    }

    static final class StaleRows extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new CacheDefects.StaleRows());
        }
    }

    static final class SharedFork extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new CacheDefects.SharedFork());
        }
    }

    static final class KeptMemory extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new CacheDefects.KeptMemory());
        }
    }

    static final class HalfARun extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new CacheDefects.HalfARun());
        }
    }

    static final class DroppedTail extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new ProgramDefects.DroppedTail());
        }
    }

    static final class WrongPairing extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new ProgramDefects.WrongPairing());
        }
    }

    static final class SwappedGroups extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new ProgramDefects.SwappedGroups());
        }
    }

    static final class UnroundedActivations extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new ProgramDefects.UnroundedActivations());
        }
    }

    static final class WrongScale extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new ProgramDefects.WrongScale());
        }
    }

    static final class LeakedNan extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new ProgramDefects.LeakedNan());
        }
    }

    static final class HiddenNan extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new ProgramDefects.HiddenNan());
        }
    }
}
