package uk.ac.manchester.tornado.api;

/** A device as its driver sees it. */
public interface TornadoTargetDevice {
    String getDeviceName();
}
