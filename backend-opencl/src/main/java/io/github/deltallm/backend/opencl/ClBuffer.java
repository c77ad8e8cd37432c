package io.github.deltallm.backend.opencl;

/** Memory of a device. Closing it twice is harmless, from whatever thread. */
final class ClBuffer implements AutoCloseable {
    private final ClObject object;
    private final long bytes;
    private final Runnable released;

    /**
     * @param released runs once, when it is closed
     */
    ClBuffer(ClObject object, long bytes, Runnable released) {
        this.object = object;
        this.bytes = bytes;
        this.released = released;
    }

    long bytes() {
        return bytes;
    }

    long handle() {
        return object.handle();
    }

    /**
     * @throws IndexOutOfBoundsException if it has no such range
     */
    void requireRange(long offset, long count) {
        if (offset < 0 || count < 0 || count > bytes - offset) {
            throw new IndexOutOfBoundsException(
                    count + " bytes at " + offset + " of a buffer of " + bytes);
        }
    }

    @Override
    public void close() {
        synchronized (object) {
            if (object.closed()) {
                return;
            }
            try {
                object.close();
            } finally {
                released.run();
            }
        }
    }
}
