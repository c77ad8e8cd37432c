import org.jspecify.annotations.NullMarked;

/**
 * Conformance kits: abstract JUnit classes that a plugin author extends, and how they run against
 * what is installed.
 *
 * @uses io.github.deltallm.api.spi.BackendProvider the backend {@code reference}, the kits' oracle
 */
@NullMarked
module io.github.deltallm.conformance.tests {
    requires transitive io.github.deltallm.api;
    requires transitive io.github.deltallm.engine;
    requires io.github.deltallm.backend.reference;
    requires java.management;
    requires transitive org.junit.jupiter.api;
    requires org.junit.platform.launcher;
    requires static org.jspecify;

    uses io.github.deltallm.api.spi.BackendProvider;

    exports io.github.deltallm.conformance.tests;
    exports io.github.deltallm.conformance.tests.run;

    opens io.github.deltallm.conformance.tests to
            org.junit.platform.commons;
    opens io.github.deltallm.conformance.tests.run to
            org.junit.platform.commons;
}
