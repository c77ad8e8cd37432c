package uk.ac.manchester.tornado.api.runtime;

import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** One driver with one device: this thread. */
public final class TornadoRuntimeProvider {
    private TornadoRuntimeProvider() {}

    public static TornadoRuntime getTornadoRuntime() {
        return new ThisThread();
    }

    private static final class ThisThread implements TornadoRuntime, TornadoBackend {
        @Override
        public int getNumBackends() {
            return 1;
        }

        @Override
        public TornadoBackend getBackend(int index) {
            return this;
        }

        @Override
        public int getNumDevices() {
            return 1;
        }

        @Override
        public TornadoDevice getDevice(int index) {
            return () -> () -> "stand-in, no device at all";
        }

        @Override
        public TornadoVMBackendType getBackendType() {
            return TornadoVMBackendType.OPENCL;
        }
    }
}
