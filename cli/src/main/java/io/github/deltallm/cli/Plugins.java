package io.github.deltallm.cli;

import io.github.deltallm.engine.Providers;

/** Backends, model families and attentions. */
final class Plugins {
    private Plugins() {}

    /** All that are installed; warns of those that can't be loaded. */
    static Providers found(Streams streams) {
        Providers providers = Providers.installed();
        providers.failures().forEach(failure -> streams.note("warning: " + failure));
        return providers;
    }
}
