package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

/** Hands everything to a sound cache; a defect overrides what it does wrong. */
class DefectiveCache implements KvCache {
    private final KvCache sound;
    private AttentionStrategy strategy;

    DefectiveCache(KvCache sound) {
        this.sound = sound;
        strategy = sound.strategy();
    }

    final KvCache sound() {
        return sound;
    }

    /** Is told before every run. */
    void runs() {}

    /** Shows this strategy instead of the defective one. */
    final DefectiveCache pretend(AttentionStrategy asked) {
        strategy = asked;
        return this;
    }

    @Override
    public final AttentionStrategy strategy() {
        return strategy;
    }

    @Override
    public int length() {
        return sound.length();
    }

    @Override
    public int capacity() {
        return sound.capacity();
    }

    @Override
    public void declare(int tokens) {
        sound.declare(tokens);
    }

    @Override
    public AttentionStrategy.Request request() {
        return sound.request();
    }

    @Override
    public void truncate(int length) {
        sound.truncate(length);
    }

    @Override
    public int truncationFloor() {
        return sound.truncationFloor();
    }

    @Override
    public KvCache fork() {
        return new DefectiveCache(sound.fork()).pretend(strategy);
    }

    @Override
    public CacheBytes bytes() {
        return sound.bytes();
    }

    @Override
    public AttentionCounts counts(int layer, Stage stage) {
        return sound.counts(layer, stage);
    }

    @Override
    public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
        return sound.export(layer, kvHead, kind);
    }

    @Override
    public void close() {
        sound.close();
    }
}
