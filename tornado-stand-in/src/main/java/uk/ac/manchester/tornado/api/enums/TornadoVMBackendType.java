package uk.ac.manchester.tornado.api.enums;

/** Kinds of devices. */
public enum TornadoVMBackendType {
    OPENCL,
    JAVA
}
