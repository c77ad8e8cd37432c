package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

/** Says what a sound strategy says; a subclass overrides what it gets wrong. */
class StrategyCopy implements AttentionStrategy {
    final AttentionStrategy sound;

    StrategyCopy(AttentionStrategy sound) {
        this.sound = sound;
    }

    @Override
    public AttentionSpec spec() {
        return sound.spec();
    }

    /** What an encoding becomes. */
    Encoding changed(Encoding encoding) {
        return encoding;
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        return changed(sound.keys(layer, kvHead));
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        return changed(sound.values(layer, kvHead));
    }

    @Override
    public int sinks(int layer, int kvHead) {
        return sound.sinks(layer, kvHead);
    }

    @Override
    public boolean dropsMiddle(int layer, int kvHead) {
        return sound.dropsMiddle(layer, kvHead);
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        return sound.window(layer, kvHead, request);
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        return sound.exactFrom(layer, kvHead, position, request);
    }
}
