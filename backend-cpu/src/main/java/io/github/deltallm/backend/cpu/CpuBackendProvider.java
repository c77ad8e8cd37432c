package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.UnavailableException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;

import java.util.List;

/** Makes the backend {@code cpu}; available wherever the Vector API's module is. */
public final class CpuBackendProvider implements BackendProvider {
    /** For {@link java.util.ServiceLoader}. */
    public CpuBackendProvider() {}

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public BackendProbe probe() {
        try {
            return new BackendProbe.Available(List.of(device()), List.of("delta"));
        } catch (LinkageError e) {
            return new BackendProbe.Unavailable(
                    "the module jdk.incubator.vector is not there",
                    "start Java with --add-modules jdk.incubator.vector");
        }
    }

    private static String device() {
        int cores = Processor.cores();
        return Processor.name()
                + ", "
                + cores
                + (cores == 1 ? " core, " : " cores, ")
                + 32 * Lanes.N
                + "-bit vectors";
    }

    @Override
    public Backend open(BackendOptions options) {
        if (probe() instanceof BackendProbe.Unavailable unavailable) {
            throw new UnavailableException(
                    "the backend cpu can't work here: "
                            + unavailable.reason()
                            + "; "
                            + unavailable.remedy());
        }
        options.device()
                .filter(device -> !device.equals(device()))
                .ifPresent(device -> {
                    throw new InvalidOptionException(
                            "the backend cpu has no device '"
                                    + device
                                    + "'; it has '"
                                    + device()
                                    + "'");
                });
        int threads = options.threads() == 0 ? Processor.cores() : options.threads();
        return new CpuBackend(threads, options.precision());
    }
}
