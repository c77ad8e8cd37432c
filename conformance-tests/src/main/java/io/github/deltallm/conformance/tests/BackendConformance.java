package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.BackendProvider;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;

/**
 * All rules for backends. A backend's test extends it and says which backend:
 *
 * <pre>{@code
 * class MyBackendConformanceTest extends BackendConformance {
 *     @Override
 *     protected BackendProvider provider() {
 *         return new MyBackendProvider();
 *     }
 * }
 * }</pre>
 *
 * <p>On the module path the test's package must be open to {@code org.junit.platform.commons}, as
 * for any JUnit test. The groups carry the tags KRN, ATT, DLT, KVC, CNT, MDL, ERR and CON. A
 * backend that is unavailable skips every rule with its reason and its remedy.
 */
public abstract class BackendConformance {
    /** For subclasses. */
    protected BackendConformance() {}

    /** Makes the backend under test; called often, so it should be cheap. */
    protected abstract BackendProvider provider();

    /** KRN: matrices. */
    @Nested
    @DisplayName("KRN matrices")
    public class Linear extends LinearRules {
        /** For JUnit. */
        public Linear() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** KRN: ternary weights. */
    @Nested
    @DisplayName("KRN ternary weights")
    public class Ternary extends TernaryRules {
        /** For JUnit. */
        public Ternary() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** KRN: rows. */
    @Nested
    @DisplayName("KRN rows")
    public class Rows extends RowRules {
        /** For JUnit. */
        public Rows() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** KRN, ATT, DLT: golden vectors. */
    @Nested
    @DisplayName("KRN, ATT, DLT golden vectors")
    public class Golden extends GoldenRules {
        /** For JUnit. */
        public Golden() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** ATT. */
    @Nested
    @DisplayName("ATT attention")
    public class Attention extends AttentionRules {
        /** For JUnit. */
        public Attention() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** DLT. */
    @Nested
    @DisplayName("DLT delta encoding")
    public class Delta extends DeltaRules {
        /** For JUnit. */
        public Delta() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** DLT: properties. */
    @Nested
    @DisplayName("DLT properties of delta encoding")
    public class DeltaProperties extends DeltaPropertyRules {
        /** For JUnit. */
        public DeltaProperties() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** DLT: sizes. */
    @Nested
    @DisplayName("DLT delta encoding of every size")
    public class DeltaMatrix extends DeltaMatrixRules {
        /** For JUnit. */
        public DeltaMatrix() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** KVC. */
    @Nested
    @DisplayName("KVC caches")
    public class Caches extends CacheRules {
        /** For JUnit. */
        public Caches() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** KVC: windows. */
    @Nested
    @DisplayName("KVC windows")
    public class Windows extends WindowRules {
        /** For JUnit. */
        public Windows() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** KVC: states. */
    @Nested
    @DisplayName("KVC states of encoded sequences")
    public class States extends StateRules {
        /** For JUnit. */
        public States() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** CNT. */
    @Nested
    @DisplayName("CNT counts")
    public class Counts extends CountRules {
        /** For JUnit. */
        public Counts() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** MDL. */
    @Nested
    @DisplayName("MDL models")
    public class Models extends ModelRules {
        /** For JUnit. */
        public Models() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** MDL: ternary weights. */
    @Nested
    @DisplayName("MDL models with ternary weights")
    public class TernaryModels extends TernaryModelRules {
        /** For JUnit. */
        public TernaryModels() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** ERR. */
    @Nested
    @DisplayName("ERR errors")
    public class Errors extends ErrorRules {
        /** For JUnit. */
        public Errors() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** ERR: strategies. */
    @Nested
    @DisplayName("ERR strategies that break their contract")
    public class Strategies extends StrategyRules {
        /** For JUnit. */
        public Strategies() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** KVC, ERR: memory and file descriptors. */
    @Nested
    @DisplayName("KVC, ERR what is left behind")
    public class Leaks extends LeakRules {
        /** For JUnit. */
        public Leaks() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }

    /** CON. */
    @Nested
    @DisplayName("CON threads")
    public class Threads extends ConcurrencyRules {
        /** For JUnit. */
        public Threads() {}

        @Override
        protected BackendProvider provider() {
            return BackendConformance.this.provider();
        }
    }
}
