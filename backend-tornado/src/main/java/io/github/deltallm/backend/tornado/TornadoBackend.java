package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.Program;

/** A device of TornadoVM, open. */
final class TornadoBackend implements Backend {
    private final TornadoDevice device;
    private volatile boolean closed;

    TornadoBackend(TornadoDevice device) {
        this.device = device;
    }

    @Override
    public String description() {
        return "tornado: " + device.name();
    }

    @Override
    public Executable compile(Program program, int maxRows) {
        if (maxRows < 1) {
            throw new IllegalArgumentException("a step has at least one row, not " + maxRows);
        }
        if (closed) {
            throw new IllegalStateException("the backend tornado is closed");
        }
        ProgramLayout layout = new ProgramLayout(program, maxRows, device.limits().buffer());
        return new TornadoExecutable(layout, device, Machines.SHARED);
    }

    @Override
    public void close() {
        closed = true;
    }
}
