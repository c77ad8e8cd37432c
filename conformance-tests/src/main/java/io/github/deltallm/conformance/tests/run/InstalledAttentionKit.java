package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.conformance.tests.AttentionConformance;
import io.github.deltallm.engine.Providers;

import org.junit.jupiter.api.extension.ExtendWith;

import java.util.List;

/** The kit for attention strategies against one that is installed, on one backend. */
@ExtendWith(Target.Resolver.class)
final class InstalledAttentionKit extends AttentionConformance {
    private final Target target;
    private final AttentionProvider provider;

    InstalledAttentionKit(Target target) {
        this.target = target;
        String name = AttentionSpec.parse(target.specs().getFirst()).name();
        provider = Providers.installed().attention(name);
    }

    @Override
    protected AttentionProvider provider() {
        return provider;
    }

    @Override
    protected List<String> specs() {
        return target.specs();
    }

    @Override
    protected List<BackendProvider> backends() {
        return List.of(InstalledBackend.of(target));
    }
}
