import org.jspecify.annotations.NullMarked;

/** Conformance kits: abstract JUnit classes that a plugin author extends. */
@NullMarked
module io.github.deltallm.conformance.tests {
    requires transitive io.github.deltallm.api;
    requires io.github.deltallm.engine;
    requires io.github.deltallm.backend.reference;
    requires transitive org.junit.jupiter.api;
    requires org.junit.platform.launcher;
    requires static org.jspecify;
}
