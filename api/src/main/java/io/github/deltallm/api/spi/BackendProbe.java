package io.github.deltallm.api.spi;

import java.util.List;

/** Whether a backend can work on this machine, and if not, what to do. */
public sealed interface BackendProbe {
    /**
     * It can.
     *
     * @param devices what it can run on, the default first; the names select a device
     * @param capabilities optional abilities, such as {@code delta}; conformance tests those that
     *     are declared
     */
    record Available(List<String> devices, List<String> capabilities) implements BackendProbe {
        public Available {
            devices = List.copyOf(devices);
            capabilities = List.copyOf(capabilities);
        }
    }

    /**
     * It can't.
     *
     * @param reason one sentence: what is missing
     * @param remedy one sentence: what to do about it
     */
    record Unavailable(String reason, String remedy) implements BackendProbe {}
}
