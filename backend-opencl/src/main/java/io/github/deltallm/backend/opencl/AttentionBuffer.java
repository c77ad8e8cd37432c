package io.github.deltallm.backend.opencl;

import org.jspecify.annotations.Nullable;

/** A buffer that is made anew, without its contents, when it is too small. */
final class AttentionBuffer implements AutoCloseable {
    private final ClContext context;
    private final BufferUse use;
    private final String what;
    private @Nullable ClBuffer buffer;

    /**
     * @param what it holds, for messages
     */
    AttentionBuffer(ClContext context, BufferUse use, String what) {
        this.context = context;
        this.use = use;
        this.what = what;
    }

    /** Makes room for so many 32-bit words. */
    void reserve(long words) {
        ClBuffer own = buffer;
        if (own == null || own.bytes() < 4 * words) {
            close();
            buffer = context.buffer(use, 4 * Math.max(words, 16), what);
        }
    }

    ClBuffer get() {
        ClBuffer own = buffer;
        if (own == null) {
            throw new IllegalStateException("no room was made for " + what);
        }
        return own;
    }

    @Override
    public void close() {
        ClBuffer own = buffer;
        if (own != null) {
            buffer = null;
            own.close();
        }
    }
}
