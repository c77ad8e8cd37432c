package io.github.deltallm.backend.tornado;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.conformance.tests.AttentionRules;
import io.github.deltallm.conformance.tests.CacheRules;
import io.github.deltallm.conformance.tests.CountRules;
import io.github.deltallm.conformance.tests.DeltaRules;
import io.github.deltallm.conformance.tests.ErrorRules;
import io.github.deltallm.conformance.tests.LinearRules;
import io.github.deltallm.conformance.tests.ModelRules;
import io.github.deltallm.conformance.tests.RowRules;
import io.github.deltallm.conformance.tests.StateRules;
import io.github.deltallm.conformance.tests.TernaryRules;
import io.github.deltallm.conformance.tests.WindowRules;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;

/**
 * The kernels as the plain Java they are, so that they can't rot where there is no TornadoVM. It
 * borrows rules of the conformance kit, but it is no conformance result: nothing here is compiled
 * for a device.
 */
@DisplayName("kernels as plain Java (a guard, no conformance result)")
class KernelsAsJavaTest {
    @BeforeAll
    static void requireTheStandIn() {
        assumeTrue(
                StandIn.present(), "TORNADOVM_HOME is set: the conformance kit runs on TornadoVM");
    }

    @Nested
    class Linear extends LinearRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class Rows extends RowRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class Attention extends AttentionRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class Delta extends DeltaRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class Windows extends WindowRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class States extends StateRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class Counts extends CountRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class Models extends ModelRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class Ternary extends TernaryRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class Caches extends CacheRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }

    @Nested
    class Errors extends ErrorRules {
        @Override
        protected BackendProvider provider() {
            return StandIn.provider();
        }
    }
}
