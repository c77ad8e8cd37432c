package uk.ac.manchester.tornado.api;

/** A device as its driver sees it. */
public interface TornadoTargetDevice {
    String getDeviceName();

    default long[] getDeviceMaxWorkGroupSize() {
        return new long[] {Long.getLong("tornado.standin.group", 4096)};
    }
}
