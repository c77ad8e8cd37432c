package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What the groups of rules share: the backend under test and the oracle, both opened for each rule
 * with {@link Precision#F32}.
 */
public abstract class ConformanceRules {
    private Backend backend;
    private Backend oracle;

    /** For subclasses. */
    protected ConformanceRules() {}

    /** Makes the backend under test. */
    protected abstract BackendProvider provider();

    @BeforeEach
    final void openBackends() {
        available();
        backend = open(Precision.F32);
        oracle = Oracle.open(Precision.F32);
    }

    @AfterEach
    final void closeBackends() {
        backend.close();
        oracle.close();
    }

    /** The backend under test. */
    final Backend backend() {
        return backend;
    }

    /** The backend {@code reference}. */
    final Backend oracle() {
        return oracle;
    }

    /** Another one of the backend under test. */
    final Backend open(Precision precision) {
        return provider().open(options(precision));
    }

    private static BackendOptions options(Precision precision) {
        return new BackendOptions(0, precision, Optional.empty());
    }

    /** What the probe says; a backend that can't run here skips every rule. */
    final BackendProbe.Available available() {
        return switch (provider().probe()) {
            case BackendProbe.Available available -> available;
            case BackendProbe.Unavailable(String reason, String remedy) ->
                    Assumptions.abort(
                            "the backend "
                                    + provider().name()
                                    + " is unavailable: "
                                    + reason
                                    + " ("
                                    + remedy
                                    + ")");
        };
    }

    /** Skips a rule about a capability that the backend does not declare. */
    final void requireCapability(String capability) {
        List<String> declared = available().capabilities();
        Assumptions.assumeTrue(
                declared.contains(capability),
                () ->
                        "the backend "
                                + provider().name()
                                + " does not declare the capability '"
                                + capability
                                + "'; it declares "
                                + declared);
    }

    /** Skips a rule under a strategy that asks for a capability that is not declared. */
    final void requireCapabilities(AttentionStrategy strategy, HeadShape heads) {
        for (int layer = 0; layer < heads.layers(); layer++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                if (strategy.keys(layer, head) instanceof Encoding.Delta
                        || strategy.values(layer, head) instanceof Encoding.Delta) {
                    requireCapability("delta");
                }
            }
        }
    }

    /** Skips a rule about something optional that the backend refuses, with its own words. */
    final <T> T optional(Supplier<T> attempt) {
        try {
            return attempt.get();
        } catch (UnsupportedModelException e) {
            return Assumptions.abort("optional, and refused: " + e.getMessage());
        }
    }

    /** Fails a rule about something required that the backend refuses. */
    final <T> T required(Supplier<T> attempt) {
        try {
            return attempt.get();
        } catch (UnsupportedModelException e) {
            return Assertions.fail("required of every backend, but refused: " + e.getMessage());
        }
    }
}
