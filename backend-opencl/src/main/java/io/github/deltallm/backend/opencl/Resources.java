package io.github.deltallm.backend.opencl;

import java.util.ArrayDeque;
import java.util.Deque;

/** What was opened, to be closed in the opposite order. */
final class Resources implements AutoCloseable {
    /** Something whose closing throws nothing checked. */
    @FunctionalInterface
    interface Resource extends AutoCloseable {
        @Override
        void close();
    }

    private final Deque<Resource> opened = new ArrayDeque<>();

    /** Takes over what was just opened. */
    <T> T add(T thing, Resource closing) {
        opened.push(closing);
        return thing;
    }

    ClBuffer add(ClBuffer buffer) {
        return add(buffer, buffer::close);
    }

    ClKernel add(ClKernel kernel) {
        return add(kernel, kernel::close);
    }

    /** Closes everything because of a failure, which what fails now is added to. */
    void closeAfter(Throwable failure) {
        try {
            close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Closes everything, even if some of it fails; throws the first failure. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
