package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.Program;

/**
 * An open device.
 *
 * <p>It leaves {@link #deltaBreakEven} at never: from where on delta attention pays differs from
 * device to device, and has been measured on none but a processor that poses as one.
 */
final class OpenClBackend implements Backend {
    private final OpenClDevice device;
    private volatile boolean closed;

    OpenClBackend(OpenClDevice device) {
        this.device = device;
    }

    OpenClDevice device() {
        return device;
    }

    @Override
    public String description() {
        ClDevice opened = device.context().device();
        return "opencl: "
                + opened.name()
                + ", "
                + opened.limits().computeUnits()
                + " compute units, "
                + opened.driver();
    }

    @Override
    public Executable compile(Program program, int maxRows) {
        if (closed) {
            throw new IllegalStateException("the backend opencl is closed");
        }
        return new OpenClExecutable(program, maxRows, device);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            device.close();
        }
    }
}
