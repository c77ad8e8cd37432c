package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.Program;

/** The backend {@code reference} with a defect. */
record DefectiveProvider(Defect defect) implements BackendProvider {
    @Override
    public String name() {
        return "sabotaged";
    }

    @Override
    public BackendProbe probe() {
        return Reference.provider().probe();
    }

    @Override
    public Backend open(BackendOptions options) {
        Backend sound = Reference.provider().open(options);
        defect.opened(options);
        return new Backend() {
            @Override
            public String description() {
                return "sabotaged " + sound.description();
            }

            @Override
            public Executable compile(Program program, int maxRows) {
                return new DefectiveExecutable(
                        program, sound.compile(defect.program(program), maxRows), defect);
            }

            @Override
            public void close() {
                sound.close();
            }
        };
    }
}
