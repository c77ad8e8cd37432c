package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.DeltaLlmException;

/** A call of OpenCL failed; the message says which, with what, what for, and what to do. */
final class ClException extends DeltaLlmException {
    private static final long serialVersionUID = 1;

    private final int code;

    ClException(int code, String function, String attempted) {
        super(
                "OpenCL could not "
                        + attempted
                        + ": "
                        + function
                        + " failed with "
                        + ClStatus.name(code)
                        + remedy(code));
        this.code = code;
    }

    int code() {
        return code;
    }

    private static String remedy(int code) {
        return switch (code) {
            case -4, -6 ->
                    "; the device is out of memory: use a smaller model, a shorter context or"
                            + " smaller steps, or another backend";
            case -5 ->
                    "; the device is out of memory or other resources, or was reset by its driver:"
                            + " use a shorter context or smaller steps, and start again";
            case -2, -14, -36 ->
                    "; the device was lost or reset by its driver: start again, and look at the"
                            + " driver's log if it happens again";
            default -> "";
        };
    }
}
