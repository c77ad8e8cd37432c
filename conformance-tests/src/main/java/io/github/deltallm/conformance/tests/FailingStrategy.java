package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

import java.util.concurrent.atomic.AtomicInteger;

/** Says what a sound strategy says, until it is asked once too often. */
final class FailingStrategy extends StrategyCopy {
    private static final int NEVER = -1;

    /** What comes out instead of an answer. */
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1;

        Failure() {
            super("the strategy fails");
        }
    }

    private final AtomicInteger left = new AtomicInteger(NEVER);

    FailingStrategy(AttentionStrategy sound) {
        super(sound);
    }

    /** Answers so many questions more. */
    void failAfter(int questions) {
        left.set(questions);
    }

    /** Answers all questions. */
    void recover() {
        left.set(NEVER);
    }

    private void asked() {
        if (left.get() != NEVER && left.getAndUpdate(more -> Math.max(0, more - 1)) == 0) {
            throw new Failure();
        }
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        asked();
        return super.keys(layer, kvHead);
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        asked();
        return super.values(layer, kvHead);
    }

    @Override
    public int sinks(int layer, int kvHead) {
        asked();
        return super.sinks(layer, kvHead);
    }

    @Override
    public boolean dropsMiddle(int layer, int kvHead) {
        asked();
        return super.dropsMiddle(layer, kvHead);
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        asked();
        return super.window(layer, kvHead, request);
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        asked();
        return super.exactFrom(layer, kvHead, position, request);
    }
}
