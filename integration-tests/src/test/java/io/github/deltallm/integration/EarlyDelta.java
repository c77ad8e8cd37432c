package io.github.deltallm.integration;

import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.DeltaBreakEven;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;
import io.github.deltallm.engine.Installed;
import io.github.deltallm.engine.Providers;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The backend {@code early}: another one on which delta attention pays as early as a test wants,
 * and whose caches it can look at. On the path for {@link #providers()} alone.
 */
public final class EarlyDelta implements BackendProvider {
    private String other = "cpu";
    private DeltaBreakEven breakEven = DeltaBreakEven.NEVER;
    private boolean refusing;
    private UnaryOperator<KvStream.Source> restoring = source -> source;
    private final List<KvCache> made = new ArrayList<>();
    private int restored;

    /** For {@link java.util.ServiceLoader}. */
    public EarlyDelta() {}

    /** All that is installed, and this. */
    static Providers providers() {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        URL listing = EarlyDelta.class.getResource("/early-delta/");
        thread.setContextClassLoader(new URLClassLoader(new URL[] {listing}, before));
        try {
            return Providers.installed();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** This one among others. */
    static EarlyDelta among(Providers providers) {
        return providers.backends().stream()
                .map(Installed::provider)
                .filter(EarlyDelta.class::isInstance)
                .map(EarlyDelta.class::cast)
                .findFirst()
                .orElseThrow();
    }

    /** Computes as a backend of this name does. */
    EarlyDelta on(String backend) {
        other = backend;
        return this;
    }

    EarlyDelta from(int promptTokens, long denseBytes) {
        breakEven = new DeltaBreakEven(promptTokens, denseBytes);
        return this;
    }

    /** Has no delta-encoded caches. */
    EarlyDelta refusing() {
        refusing = true;
        return this;
    }

    /** What restored caches are filled from instead. */
    void restoring(UnaryOperator<KvStream.Source> change) {
        restoring = change;
    }

    /** The caches of all sessions, in the order in which they were made. */
    List<KvCache> made() {
        return List.copyOf(made);
    }

    /** How often a cache was to be filled from another one. */
    int restored() {
        return restored;
    }

    @Override
    public String name() {
        return "early";
    }

    @Override
    public int weight() {
        return 0;
    }

    @Override
    public BackendProbe probe() {
        return new BackendProbe.Available(List.of(), List.of());
    }

    @Override
    public Backend open(BackendOptions options) {
        return Providers.installed().backends().stream()
                .map(Installed::provider)
                .filter(provider -> provider.name().equals(other))
                .findFirst()
                .map(provider -> new Early(provider.open(options)))
                .orElseThrow();
    }

    private final class Early implements Backend {
        private final Backend backend;

        Early(Backend backend) {
            this.backend = backend;
        }

        @Override
        public String description() {
            return "early " + backend.description();
        }

        @Override
        public Executable compile(Program program, int maxRows) {
            return new Watched(backend.compile(program, maxRows));
        }

        @Override
        public DeltaBreakEven deltaBreakEven(HeadShape heads) {
            return breakEven;
        }

        @Override
        public void close() {
            backend.close();
        }
    }

    private final class Watched implements Executable {
        private final Executable executable;

        Watched(Executable executable) {
            this.executable = executable;
        }

        @Override
        public Program program() {
            return executable.program();
        }

        @Override
        public int maxRows() {
            return executable.maxRows();
        }

        @Override
        public KvCache newCache(AttentionStrategy strategy, int capacity) {
            requireKnown(strategy);
            return watched(executable.newCache(strategy, capacity));
        }

        @Override
        public KvCache restore(
                AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
            restored++;
            requireKnown(strategy);
            return watched(
                    executable.restore(strategy, capacity, declared, restoring.apply(source)));
        }

        private void requireKnown(AttentionStrategy strategy) {
            if (refusing && strategy.spec().name().equals("delta")) {
                throw new UnsupportedModelException("the backend early has no delta caches");
            }
        }

        private KvCache watched(KvCache cache) {
            made.add(cache);
            return cache;
        }

        @Override
        public void run(Step step, LogitsSink sink) {
            executable.run(step, sink);
        }

        @Override
        public void write(Value input, int rows, float[] data) {
            executable.write(input, rows, data);
        }

        @Override
        public float[] read(Value output, int rows) {
            return executable.read(output, rows);
        }

        @Override
        public void close() {
            executable.close();
        }
    }
}
