package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.UnavailableException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;

import java.util.List;

/** The backend {@code tornado}; available where TornadoVM runs and has a device. */
public final class TornadoBackendProvider implements BackendProvider {
    private static final String START =
            "set TORNADOVM_HOME to the TornadoVM SDK for JDK 25 and start Java with"
                    + " @$TORNADOVM_HOME/tornado-argfile, as ./deltallm --backend tornado does";

    /** For {@link java.util.ServiceLoader}. */
    public TornadoBackendProvider() {}

    @Override
    public String name() {
        return "tornado";
    }

    /** Below others: it is a choice, not what {@code auto} should stumble upon. */
    @Override
    public int weight() {
        return 10;
    }

    @Override
    public BackendProbe probe() {
        try {
            TornadoSettings.apply();
            List<String> devices = TornadoDevice.all().stream().map(TornadoDevice::name).toList();
            return devices.isEmpty()
                    ? new BackendProbe.Unavailable(
                            "TornadoVM has found no OpenCL device",
                            "install an OpenCL driver for a device of this machine (pocl-opencl-icd"
                                    + " makes one of the CPU), and take an SDK of TornadoVM with"
                                    + " its OpenCL backend")
                    : new BackendProbe.Available(devices, List.of("delta"));
        } catch (VirtualMachineError e) {
            throw e;
        } catch (RuntimeException | Error e) {
            // Errors too: TornadoVM has one of its own, whose class may be as absent as it is.
            return new BackendProbe.Unavailable(
                    "TornadoVM's runtime is not there or can't start (" + e + ")", START);
        }
    }

    @Override
    public Backend open(BackendOptions options) {
        if (probe() instanceof BackendProbe.Unavailable unavailable) {
            throw new UnavailableException(
                    "the backend tornado can't work here: "
                            + unavailable.reason()
                            + "; "
                            + unavailable.remedy());
        }
        List<TornadoDevice> devices = TornadoDevice.all();
        return new TornadoBackend(
                options.device().map(name -> named(devices, name)).orElseGet(devices::getFirst));
    }

    private static TornadoDevice named(List<TornadoDevice> devices, String name) {
        return devices.stream()
                .filter(device -> device.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new InvalidOptionException(
                                "the backend tornado has no device '"
                                        + name
                                        + "'; it has "
                                        + devices.stream()
                                                .map(device -> "'" + device.name() + "'")
                                                .toList()));
    }
}
