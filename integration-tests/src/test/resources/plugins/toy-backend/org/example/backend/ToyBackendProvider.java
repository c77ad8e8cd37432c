package org.example.backend;

import io.github.deltallm.api.UnavailableException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.Program;

import java.util.List;
import java.util.ServiceLoader;

/** The backend {@code toy}: the reference backend under another name. */
public final class ToyBackendProvider implements BackendProvider {
    @Override
    public String name() {
        return "toy";
    }

    @Override
    public int weight() {
        return 2;
    }

    @Override
    public BackendProbe probe() {
        return new BackendProbe.Available(List.of("toy device"), List.of());
    }

    @Override
    public Backend open(BackendOptions options) {
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
            if (provider.name().equals("reference")) {
                return new ToyBackend(provider.open(options));
            }
        }
        throw new UnavailableException(
                "the backend 'toy' needs the reference backend; add deltallm-backend-reference");
    }

    private record ToyBackend(Backend other) implements Backend {
        @Override
        public String description() {
            return "toy on " + other.description();
        }

        @Override
        public Executable compile(Program program, int maxRows) {
            return other.compile(program, maxRows);
        }

        @Override
        public void close() {
            other.close();
        }
    }
}
