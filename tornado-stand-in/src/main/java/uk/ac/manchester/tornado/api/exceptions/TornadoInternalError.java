package uk.ac.manchester.tornado.api.exceptions;

/** A defect of the runtime. */
public class TornadoInternalError extends Error {
    private static final long serialVersionUID = 1;

    public TornadoInternalError(String message) {
        super(message);
    }
}
