package io.github.deltallm.backend.tornado;

import java.util.Map;

/**
 * Settings of TornadoVM that the kernels depend on. TornadoVM reads them once, as system
 * properties, when its first class is loaded.
 */
final class TornadoSettings {
    /** By name, with what goes wrong otherwise. */
    private static final Map<String, String> NEEDED =
            Map.of(
                    // A kernel that can't be compiled would run in Java, one thread after another.
                    "tornado.recover.bailout", "False",
                    // Products and sums would be fused: events would differ in their last bit.
                    "tornado.enable.fma", "False",
                    // Exponentials would be as imprecise as a driver likes.
                    "tornado.enable.nativeFunctions", "False",
                    "tornado.enable.fastMathOptimizations", "False");

    private TornadoSettings() {}

    /** Sets what nobody has set; to be called before any class of TornadoVM is touched. */
    static void apply() {
        NEEDED.forEach((name, value) -> {
            if (System.getProperty(name) == null) {
                System.setProperty(name, value);
            }
        });
    }
}
