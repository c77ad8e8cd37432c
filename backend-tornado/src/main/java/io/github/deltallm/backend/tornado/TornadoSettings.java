package io.github.deltallm.backend.tornado;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Settings of TornadoVM that the kernels depend on. TornadoVM reads them once, as system
 * properties, when its first class is loaded.
 */
final class TornadoSettings {
    /** What TornadoVM allocates on a device at most. */
    static final String MEMORY = "tornado.device.memory";

    private static final Pattern SIZE = Pattern.compile("(\\d+)(?:([KMGTPE])B)?");

    /** By name, with what goes wrong otherwise. */
    private static final Map<String, String> NEEDED =
            Map.of(
                    // A kernel that can't be compiled would run in Java, one thread after another.
                    "tornado.recover.bailout",
                    "False",
                    // Products and sums would be fused: events would differ in their last bit.
                    "tornado.enable.fma",
                    "False",
                    // Exponentials would be as imprecise as a driver likes.
                    "tornado.enable.nativeFunctions",
                    "False",
                    "tornado.enable.fastMathOptimizations",
                    "False",
                    // 4 GB would be the limit, whatever the device has.
                    MEMORY,
                    "1024GB");

    private TornadoSettings() {}

    /** Bytes that TornadoVM allocates on a device at most. */
    static long deviceMemory() {
        Matcher size = SIZE.matcher(System.getProperty(MEMORY, "4GB"));
        if (!size.matches()) {
            return Long.MAX_VALUE;
        }
        String prefix = size.group(2);
        int unit = prefix == null ? 0 : 1 + "KMGTPE".indexOf(prefix);
        return Long.parseLong(size.group(1)) << 10 * unit;
    }

    /** Sets what nobody has set; to be called before any class of TornadoVM is touched. */
    static void apply() {
        NEEDED.forEach((name, value) -> {
            if (System.getProperty(name) == null) {
                System.setProperty(name, value);
            }
        });
    }
}
