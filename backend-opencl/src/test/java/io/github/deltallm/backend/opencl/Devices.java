package io.github.deltallm.backend.opencl;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The devices that tests run on; without any they are skipped. */
final class Devices {
    private Devices() {}

    /** The first usable device. */
    static ClDevice any() {
        return usable().getFirst();
    }

    /** All usable devices, at least one. */
    static List<ClDevice> usable() {
        return switch (ClLibrary.find(Optional.empty())) {
            case ClLibrary.Missing missing ->
                    abort("needs OpenCL, but " + missing.reason() + "; " + missing.remedy());
            case ClLibrary.Found found -> {
                List<ClDevice> usable =
                        ClDevices.list(found.functions()).stream()
                                .filter(ClDevice::usable)
                                .toList();
                yield usable.isEmpty()
                        ? abort("needs an OpenCL device; on Debian install pocl-opencl-icd")
                        : usable;
            }
        };
    }

    /** Settings that keep compiled programs in a folder. */
    static OpenClSettings settings(Path folder) {
        return settings(folder, false, Long.MAX_VALUE);
    }

    /**
     * Settings that keep compiled programs in a folder.
     *
     * @param apart whether the device is treated as a GPU with memory of its own
     * @param maxAlloc bytes of the largest buffer
     */
    static OpenClSettings settings(Path folder, boolean apart, long maxAlloc) {
        return new OpenClSettings(
                Optional.empty(), Optional.of(folder), false, maxAlloc, apart, false);
    }
}
