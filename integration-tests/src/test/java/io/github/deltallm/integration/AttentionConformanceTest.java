package io.github.deltallm.integration;

import static org.junit.jupiter.api.Assumptions.abort;

import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.conformance.tests.AttentionConformance;

import org.junit.jupiter.api.Nested;

import java.util.List;
import java.util.ServiceLoader;

/** The conformance kit for strategies against those of this repository. */
class AttentionConformanceTest {
    abstract static class Installed extends AttentionConformance {
        private final String name;

        Installed(String name) {
            this.name = name;
        }

        @Override
        protected AttentionProvider provider() {
            return ServiceLoader.load(AttentionProvider.class).stream()
                    .map(ServiceLoader.Provider::get)
                    .filter(provider -> provider.name().equals(name))
                    .findFirst()
                    .orElseGet(() -> abort("no installed module provides " + name));
        }
    }

    @Nested
    class Dense extends Installed {
        Dense() {
            super("dense");
        }

        @Override
        protected List<String> specs() {
            return List.of("dense", "dense:keys=bf16,values=int8", "dense:keys=int4");
        }
    }

    @Nested
    class Delta extends Installed {
        Delta() {
            super("delta");
        }

        @Override
        protected List<String> specs() {
            return List.of(
                    "delta",
                    "delta:theta=0.3,window=9,sinks=2",
                    "delta:theta=0.3,mode=blocks,window=20%",
                    "delta:theta=0.3,window=9,events=bf16",
                    "delta:theta=0.3,window=9,events=int8,values=0.5");
        }
    }

    @Nested
    class Window extends Installed {
        Window() {
            super("window");
        }

        @Override
        protected List<String> specs() {
            return List.of("window", "window:size=9,sinks=2", "window:size=10%,sinks=0");
        }
    }

    @Nested
    class Prune extends Installed {
        Prune() {
            super("prune");
        }

        @Override
        protected List<String> specs() {
            return List.of(
                    "prune", "prune:theta=0.3,window=9", "prune:theta=0.3,mode=blocks,sinks=3");
        }
    }
}
