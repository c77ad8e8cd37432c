import org.jspecify.annotations.NullMarked;

/** The command line. */
@NullMarked
module io.github.deltallm.cli {
    requires io.github.deltallm.calibration;
    requires io.github.deltallm.conformance.tests;
    requires io.github.deltallm.engine;
    requires io.github.deltallm.evaluation;
    requires info.picocli;
    requires org.jline.reader;
    requires tools.jackson.core;
    requires static org.jspecify;

    opens io.github.deltallm.cli to
            info.picocli;
}
