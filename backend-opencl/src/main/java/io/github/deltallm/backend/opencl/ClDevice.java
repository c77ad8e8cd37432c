package io.github.deltallm.backend.opencl;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A device of a platform.
 *
 * @param name unique on this machine, and what selects the device: {@code 0:1 its name (its
 *     platform)}, with the numbers of platform and device
 * @param driver version of the driver
 * @param unusable why it can't be used; empty if it can
 */
record ClDevice(
        ClFunctions functions,
        long handle,
        String name,
        String driver,
        ClDeviceLimits limits,
        String unusable) {
    private static final int TYPE = 0x1000;
    private static final int AVAILABLE = 0x1027;
    private static final int COMPILER_AVAILABLE = 0x1028;
    private static final int LITTLE_ENDIAN = 0x1026;
    private static final int ADDRESS_BITS = 0x100D;
    private static final int MAX_WORK_GROUP_SIZE = 0x1004;
    private static final int MAX_WORK_ITEM_SIZES = 0x1005;
    private static final int NAME = 0x102B;
    private static final int DRIVER_VERSION = 0x102D;
    private static final int VERSION = 0x102F;
    private static final int TYPE_CPU = 2;

    /** What kernels need: a group of 64 items, 16 of them in its second dimension. */
    private static final int LEAST_GROUP = 64;

    private static final int LEAST_SECOND = 16;

    private static final Pattern DOTTED = Pattern.compile("OpenCL (\\d+)\\.(\\d+).*");

    static ClDevice of(ClFunctions functions, long handle, String numbers, String platform) {
        ClInfo info = info(functions, handle);
        boolean cpu = (info.number(TYPE) & TYPE_CPU) != 0;
        return new ClDevice(
                functions,
                handle,
                numbers + " " + info.text(NAME) + " (" + platform + ")",
                info.text(VERSION) + ", driver " + info.text(DRIVER_VERSION),
                ClDeviceLimits.of(info, cpu),
                unusable(info));
    }

    /** A device, or a platform without any, that fails when it is asked what it is. */
    static ClDevice broken(ClFunctions functions, String name, String reason) {
        return new ClDevice(functions, 0, name, "", ClDeviceLimits.NONE, reason);
    }

    private static ClInfo info(ClFunctions functions, long handle) {
        return new ClInfo(
                "clGetDeviceInfo",
                (name, size, value, needed) ->
                        functions.getDeviceInfo(handle, name, size, value, needed));
    }

    private static String unusable(ClInfo info) {
        Matcher version = DOTTED.matcher(info.text(VERSION));
        if (!version.matches()
                || 10 * Integer.parseInt(version.group(1)) + Integer.parseInt(version.group(2))
                        < 12) {
            return "it has " + info.text(VERSION) + ", not OpenCL 1.2";
        }
        if (info.number(AVAILABLE) == 0) {
            return "its driver says that it is not available";
        }
        if (info.number(COMPILER_AVAILABLE) == 0) {
            return "its driver has no compiler";
        }
        if (info.number(LITTLE_ENDIAN) == 0) {
            return "it is big-endian";
        }
        if (info.number(ADDRESS_BITS) != 64) {
            return "its addresses are not of 64 bits";
        }
        long[] most = info.sizes(MAX_WORK_ITEM_SIZES);
        long group = info.number(MAX_WORK_GROUP_SIZE);
        return group < LEAST_GROUP || most.length < 2 || most[1] < LEAST_SECOND
                ? "its groups have " + group + " work items, " + Arrays.toString(most) + " at most"
                : "";
    }

    boolean usable() {
        return unusable.isEmpty();
    }

    /** What was compiled for one identity is of no use to another. */
    String identity() {
        return name.substring(name.indexOf(' ') + 1) + "\n" + driver;
    }

    /** The same with buffers of at most so many bytes. */
    ClDevice withMaxAlloc(long bytes) {
        return new ClDevice(functions, handle, name, driver, limits.withMaxAlloc(bytes), unusable);
    }

    /** The same as a device with memory of its own. */
    ClDevice apart() {
        return new ClDevice(functions, handle, name, driver, limits.apart(), unusable);
    }
}
