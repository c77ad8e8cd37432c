package io.github.deltallm.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** The devices of all platforms. */
final class ClDevices {
    private static final int PLATFORM_NAME = 0x0902;
    private static final long TYPE_ALL = 0xFFFF_FFFFL;
    private static final System.Logger LOG =
            System.getLogger("io.github.deltallm.backend.opencl.devices");

    private ClDevices() {}

    /**
     * All devices, usable or not: those that are no processor first, which backends of their own
     * serve better. A device or a platform that fails when it is asked stands there as an unusable
     * device, with the reason.
     *
     * @throws ClException if there is no list of platforms
     */
    static List<ClDevice> list(ClFunctions functions) {
        List<ClDevice> devices = new ArrayList<>();
        long[] platforms =
                handles(
                        "clGetPlatformIDs",
                        "list the platforms",
                        ClStatus.PLATFORM_NOT_FOUND,
                        (entries, into, count) -> functions.getPlatformIds(entries, into, count));
        for (int p = 0; p < platforms.length; p++) {
            devices.addAll(ofPlatform(functions, platforms[p], Integer.toString(p)));
        }
        devices.sort(Comparator.comparing(device -> device.limits().cpu()));
        return devices;
    }

    private static List<ClDevice> ofPlatform(ClFunctions functions, long platform, String number) {
        List<ClDevice> devices = new ArrayList<>();
        String told = number;
        try {
            String platformName = platformName(functions, platform);
            told = number + " " + platformName;
            long[] found =
                    handles(
                            "clGetDeviceIDs",
                            "list the devices of " + platformName,
                            ClStatus.DEVICE_NOT_FOUND,
                            (entries, into, count) ->
                                    functions.getDeviceIds(
                                            platform, TYPE_ALL, entries, into, count));
            for (int d = 0; d < found.length; d++) {
                devices.add(device(functions, found[d], number + ":" + d, platformName));
            }
        } catch (RuntimeException e) {
            devices.add(broken(functions, told, e));
        }
        return devices;
    }

    private static ClDevice device(
            ClFunctions functions, long handle, String numbers, String platformName) {
        try {
            return ClDevice.of(functions, handle, numbers, platformName);
        } catch (RuntimeException e) {
            return broken(functions, numbers + " a device (" + platformName + ")", e);
        }
    }

    private static ClDevice broken(ClFunctions functions, String name, RuntimeException e) {
        LOG.log(System.Logger.Level.DEBUG, "the OpenCL device or platform " + name + " fails", e);
        return ClDevice.broken(functions, name, "its driver fails: " + e.getMessage());
    }

    private static String platformName(ClFunctions functions, long platform) {
        return new ClInfo(
                        "clGetPlatformInfo",
                        (name, size, value, needed) ->
                                functions.getPlatformInfo(platform, name, size, value, needed))
                .text(PLATFORM_NAME);
    }

    /** One of the functions that list handles. */
    @FunctionalInterface
    private interface Listing {
        int list(int entries, long into, long count);
    }

    /** The listed handles; none where the function answers {@code none}. */
    private static long[] handles(String function, String attempted, int none, Listing listing) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            int code = listing.list(0, 0, count.address());
            int entries = count.get(ValueLayout.JAVA_INT, 0);
            if (code == none || (code == ClStatus.SUCCESS && entries == 0)) {
                return new long[0];
            }
            ClStatus.check(code, function, attempted);
            MemorySegment into = arena.allocate(ValueLayout.JAVA_LONG, entries);
            ClStatus.check(listing.list(entries, into.address(), 0), function, attempted);
            return into.toArray(ValueLayout.JAVA_LONG);
        }
    }

    /**
     * The devices that a selector means: one with this name or these numbers, or all whose name
     * holds it, in whatever case.
     */
    static List<ClDevice> select(List<ClDevice> devices, String selector) {
        List<ClDevice> exact =
                devices.stream()
                        .filter(device ->
                                device.name().equals(selector)
                                        || device.name().startsWith(selector + " "))
                        .toList();
        String part = selector.strip().toLowerCase(Locale.ROOT);
        return exact.isEmpty() && !part.isEmpty()
                ? devices.stream()
                        .filter(device -> device.name().toLowerCase(Locale.ROOT).contains(part))
                        .toList()
                : exact;
    }
}
