package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A device of TornadoVM.
 *
 * @param driver number of the installed TornadoVM backend
 * @param index of the device in it
 * @param name as it is selected by
 */
record TornadoDevice(int driver, int index, String name) {
    /** Threads of a work-group, where the device takes so many. */
    private static final int GROUP = 64;

    /**
     * The OpenCL devices that TornadoVM has found; its default first. Its other backends have other
     * compilers, with which nothing here was tried.
     */
    static List<TornadoDevice> all() {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        List<TornadoDevice> devices = new ArrayList<>();
        for (int driver = 0; driver < runtime.getNumBackends(); driver++) {
            TornadoBackend backend = runtime.getBackend(driver);
            boolean openCl = backend.getBackendType() == TornadoVMBackendType.OPENCL;
            for (int index = 0; openCl && index < backend.getNumDevices(); index++) {
                String name =
                        backend.getBackendType().name().toLowerCase(java.util.Locale.ROOT)
                                + ":"
                                + index
                                + " "
                                + backend.getDevice(index)
                                        .getPhysicalDevice()
                                        .getDeviceName()
                                        .strip();
                devices.add(new TornadoDevice(driver, index, name));
            }
        }
        return devices;
    }

    uk.ac.manchester.tornado.api.common.TornadoDevice device() {
        return TornadoRuntimeProvider.getTornadoRuntime().getBackend(driver).getDevice(index);
    }

    /** What memory it takes. */
    MemoryBudget.Limits limits() {
        uk.ac.manchester.tornado.api.common.TornadoDevice device = device();
        long allowed = TornadoSettings.deviceMemory();
        long global = device.getMaxGlobalMemory();
        return new MemoryBudget.Limits(
                name,
                device.getMaxAllocMemory(),
                Math.min(global, allowed),
                allowed < global ? " (" + TornadoSettings.MEMORY + ")" : "");
    }

    /** Threads of a work-group. */
    int group() {
        long most = Arrays.stream(device().getPhysicalDevice().getDeviceMaxWorkGroupSize()).sum();
        return (int) Math.max(1, Math.min(GROUP, most));
    }

    /**
     * TornadoVM's own would allow the driver to reorder sums, and to take NaN and infinities for
     * impossible: masks and integers would no longer be those of the contract. What must be divided
     * exactly is, by {@link Floats#quotient}: not every device has a flag for it.
     */
    String openClCompilerFlags() {
        return "-w";
    }
}
