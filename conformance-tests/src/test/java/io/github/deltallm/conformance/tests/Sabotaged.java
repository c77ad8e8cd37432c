package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.BackendProvider;

/** The kit against backends with a defect each; run by {@link SabotageTest} alone. */
final class Sabotaged {
    private Sabotaged() {}

    static final class WindowOffByOne extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StrategyDefects.WindowOffByOne());
        }
    }

    static final class UnroundedRows extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StrategyDefects.UnroundedRows());
        }
    }

    static final class TransmittedTies extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StrategyDefects.TransmittedTies());
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

    static final class KeptDeclaration extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new CacheDefects.KeptDeclaration());
        }
    }

    static final class AnyNumber extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StrategyDefects.AnyNumber());
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

    static final class TripledThresholds extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StrategyDefects.TripledThresholds());
        }
    }

    static final class IgnoredSigma extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StrategyDefects.IgnoredSigma());
        }
    }

    static final class FirstHeadForAll extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StrategyDefects.FirstHeadForAll());
        }
    }

    static final class ReachesBack extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StrategyDefects.ReachesBack());
        }
    }

    static final class FixedWindow extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StrategyDefects.FixedWindow());
        }
    }

    static final class OpenLoop extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.OpenLoop());
        }
    }

    static final class ChunksShow extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.ChunksShow());
        }
    }

    static final class StaleSteps extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.StaleSteps());
        }
    }

    static final class DoubledCounts extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.DoubledCounts());
        }
    }

    static final class ForgottenCounts extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.ForgottenCounts());
        }
    }

    static final class OneStage extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.OneStage());
        }
    }

    static final class AcceptedDamage extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.AcceptedDamage());
        }
    }

    static final class RepeatedRow extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new TernaryDefects.RepeatedRow());
        }
    }

    static final class FirstScaleForAll extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new TernaryDefects.FirstScaleForAll());
        }
    }

    static final class ShortSums extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new TernaryDefects.ShortSums());
        }
    }

    static final class HalvesAwayFromZero extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new TernaryDefects.HalvesAwayFromZero());
        }
    }

    static final class ZeroByZero extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new TernaryDefects.ZeroByZero());
        }
    }

    static final class OtherGate extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new TernaryDefects.OtherGate());
        }
    }

    static final class NextScale extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new TernaryDefects.NextScale());
        }
    }

    static final class ReferenceNotUpdated extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.ReferenceNotUpdated());
        }
    }

    static final class ResetAccumulator extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.ResetAccumulator());
        }
    }

    static final class StaleCounts extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new StreamDefects.StaleCounts());
        }
    }

    static final class SwappedNibbles extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new ProgramDefects.SwappedNibbles());
        }
    }

    static final class LeakedBuffer extends BackendConformance {
        private final CacheDefects.LeakedBuffer defect = new CacheDefects.LeakedBuffer();

        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(defect);
        }
    }

    static final class LeakedFile extends BackendConformance {
        private final CacheDefects.LeakedFile defect = new CacheDefects.LeakedFile();

        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(defect);
        }
    }

    static final class AnyOrder extends BackendConformance {
        private final Defect defect = new ThreadDefects.AnyOrder();

        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(defect);
        }
    }

    static final class SplitByThreads extends BackendConformance {
        private final Defect defect = new ThreadDefects.SplitByThreads();

        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(defect);
        }
    }

    static final class ClosesAtOnce extends BackendConformance {
        @Override
        protected BackendProvider provider() {
            return new DefectiveProvider(new ThreadDefects.ClosesAtOnce());
        }
    }
}
