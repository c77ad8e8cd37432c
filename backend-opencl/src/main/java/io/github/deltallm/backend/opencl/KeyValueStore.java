package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Op;

/**
 * Keeps the keys and values of an executable's sequences, and attends to them: what the executable
 * knows of caches. It is called under the executable's lock, but for what caches do by themselves.
 */
interface KeyValueStore extends AutoCloseable {
    /** See {@link io.github.deltallm.api.spi.Executable#newCache}. */
    KvCache newCache(AttentionStrategy strategy, int capacity);

    /**
     * See {@link io.github.deltallm.api.spi.Executable#restore}. Not called under the lock, which
     * it does not hold while the source is read either.
     */
    KvCache restore(AttentionStrategy strategy, int capacity, int declared, KvStream.Source source);

    /** What runs an attention operation of the program; its caller closes it. */
    Launch attention(
            Op.Attention op, Activation query, Activation key, Activation value, Activation out);

    /**
     * Refuses a span before anything is changed.
     *
     * @throws IllegalArgumentException if the cache was made by another executable
     * @throws IllegalStateException if it is closed
     * @throws io.github.deltallm.api.ContextOverflowException if its capacity does not suffice
     */
    void check(KvCache cache, int span, int rows);

    /** Makes room for a step's rows and sends what its attention needs to know to the device. */
    void begin(StepState step);

    /**
     * Reads back what the device tells of a step, before the sink gets any of its logits: waits for
     * what is queued. A second call does nothing.
     *
     * @throws io.github.deltallm.api.DeltaLlmException if a key or a value can't be kept as its
     *     strategy declares
     */
    void finish(StepState step);

    /** Takes a step's rows over: the queue is finished and the sink has its logits. */
    void commit(StepState step);

    /**
     * Makes the caches of a step that failed as they were before {@link #begin}, which may have
     * failed half-way; the queue is finished.
     */
    void rollback(StepState step);

    @Override
    void close();
}
