package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.UnavailableException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Makes the backend {@code opencl}; available wherever a driver has a device of OpenCL 1.2. */
public final class OpenClBackendProvider implements BackendProvider {
    private static final String INSTALL =
            "install the OpenCL driver of a device (on Debian for example intel-opencl-icd,"
                    + " mesa-opencl-icd or, for the processor, pocl-opencl-icd)";

    private final OpenClSettings settings;

    /** For {@link java.util.ServiceLoader}. */
    public OpenClBackendProvider() {
        this(OpenClSettings.ofProcess());
    }

    OpenClBackendProvider(OpenClSettings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return "opencl";
    }

    /**
     * Half the usual: {@code auto} takes a device of unknown speed only where there is no backend
     * for the processor.
     */
    @Override
    public int weight() {
        return 50;
    }

    @Override
    public BackendProbe probe() {
        try {
            return switch (ClLibrary.find(settings.library())) {
                case ClLibrary.Missing missing ->
                        new BackendProbe.Unavailable(missing.reason(), missing.remedy());
                case ClLibrary.Found found -> probe(found);
            };
        } catch (RuntimeException | LinkageError e) {
            return fails(e);
        }
    }

    private static BackendProbe.Unavailable fails(Throwable e) {
        return new BackendProbe.Unavailable(
                "the OpenCL driver does not work: " + e.getMessage(), INSTALL);
    }

    /** As {@link #probe()} with a library that was found. */
    static BackendProbe probe(ClLibrary.Found found) {
        try {
            return probe(found.name(), ClDevices.list(found.functions()));
        } catch (RuntimeException | LinkageError e) {
            return fails(e);
        }
    }

    private static BackendProbe probe(String library, List<ClDevice> devices) {
        List<ClDevice> usable = devices.stream().filter(ClDevice::usable).toList();
        if (devices.isEmpty()) {
            return new BackendProbe.Unavailable(
                    library + " is there, but no driver with a device", INSTALL);
        }
        if (usable.isEmpty()) {
            return new BackendProbe.Unavailable(
                    "no device can be used: " + unusable(devices), INSTALL);
        }
        return new BackendProbe.Available(
                usable.stream().map(ClDevice::name).toList(), List.of("delta"));
    }

    private static String unusable(List<ClDevice> devices) {
        return devices.stream()
                .filter(device -> !device.usable())
                .map(device -> device.name() + ": " + device.unusable())
                .collect(Collectors.joining("; "));
    }

    @Override
    public Backend open(BackendOptions options) {
        ClLibrary.Found found =
                switch (ClLibrary.find(settings.library())) {
                    case ClLibrary.Missing missing ->
                            throw cannotWork(missing.reason(), missing.remedy());
                    case ClLibrary.Found there -> there;
                };
        List<ClDevice> devices = ClDevices.list(found.functions());
        if (probe(found.name(), devices) instanceof BackendProbe.Unavailable unavailable) {
            throw cannotWork(unavailable.reason(), unavailable.remedy());
        }
        return new OpenClBackend(new OpenClDevice(choose(devices, options.device()), settings));
    }

    private static UnavailableException cannotWork(String reason, String remedy) {
        return new UnavailableException(
                "the backend opencl can't work here: " + reason + "; " + remedy);
    }

    private static ClDevice choose(List<ClDevice> devices, Optional<String> selector) {
        List<ClDevice> usable = devices.stream().filter(ClDevice::usable).toList();
        if (selector.isEmpty()) {
            return usable.getFirst();
        }
        List<ClDevice> meant = ClDevices.select(devices, selector.get());
        if (meant.size() == 1 && !meant.getFirst().usable()) {
            throw new UnavailableException(
                    "the device "
                            + meant.getFirst().name()
                            + " can't be used: "
                            + meant.getFirst().unusable());
        }
        if (meant.size() != 1) {
            throw new InvalidOptionException(
                    "the backend opencl has "
                            + (meant.isEmpty() ? "no device" : meant.size() + " devices")
                            + " '"
                            + selector.get()
                            + "'; name one by its numbers or a part of its name: "
                            + usable.stream().map(ClDevice::name).collect(Collectors.joining(", "))
                            + (usable.size() == devices.size()
                                    ? ""
                                    : "; these can't be used: " + unusable(devices)));
        }
        return meant.getFirst();
    }
}
