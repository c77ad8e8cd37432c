/**
 * Stands in for the API of TornadoVM where there is none: as much of it as {@code backend-tornado}
 * uses, written for its tests. It runs task graphs as the plain Java that kernels are. Never
 * published, and what passes on it says nothing about TornadoVM or a device.
 */
@org.jspecify.annotations.NullMarked
module tornado.api {
    requires static org.jspecify;

    exports uk.ac.manchester.tornado.api;
    exports uk.ac.manchester.tornado.api.common;
    exports uk.ac.manchester.tornado.api.enums;
    exports uk.ac.manchester.tornado.api.exceptions;
    exports uk.ac.manchester.tornado.api.math;
    exports uk.ac.manchester.tornado.api.runtime;
    exports uk.ac.manchester.tornado.api.types.arrays;
}
