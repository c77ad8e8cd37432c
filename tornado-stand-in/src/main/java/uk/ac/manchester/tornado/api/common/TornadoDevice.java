package uk.ac.manchester.tornado.api.common;

import uk.ac.manchester.tornado.api.TornadoTargetDevice;

/** A device. */
public interface TornadoDevice {
    TornadoTargetDevice getPhysicalDevice();

    default long getMaxAllocMemory() {
        return Long.getLong("tornado.standin.buffer", 1L << 32);
    }

    default long getMaxGlobalMemory() {
        return Long.getLong("tornado.standin.memory", 1L << 34);
    }
}
