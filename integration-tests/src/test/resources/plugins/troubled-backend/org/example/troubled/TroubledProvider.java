package org.example.troubled;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.util.List;
import java.util.ServiceLoader;

/**
 * The backend {@code troubled}: the reference backend, but gates crash the process, additions alone
 * never end, and the first number of a norm is off. Its device {@code lost} crashes when it is opened.
 */
public final class TroubledProvider implements BackendProvider {
    @Override
    public String name() {
        return "troubled";
    }

    @Override
    public int weight() {
        return 1;
    }

    @Override
    public BackendProbe probe() {
        return new BackendProbe.Available(List.of("trouble", "lost"), List.of());
    }

    @Override
    public Backend open(BackendOptions options) {
        System.out.print("a driver's words without an end of line");
        if (options.device().filter("lost"::equals).isPresent()) {
            Runtime.getRuntime().halt(139);
        }
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
            if (provider.name().equals("reference")) {
                return new Troubled(provider.open(options));
            }
        }
        throw new IllegalStateException("the reference backend is missing");
    }

    private record Troubled(Backend other) implements Backend {
        @Override
        public String description() {
            return "troubled " + other.description();
        }

        @Override
        public Executable compile(Program program, int maxRows) {
            return new TroubledExecutable(other.compile(program, maxRows));
        }

        @Override
        public void close() {
            other.close();
        }
    }

    private record TroubledExecutable(Executable other) implements Executable {
        private boolean begins(Class<? extends Op> type) {
            return type.isInstance(program().ops().getFirst());
        }

        @Override
        public Program program() {
            return other.program();
        }

        @Override
        public int maxRows() {
            return other.maxRows();
        }

        @Override
        public KvCache newCache(AttentionStrategy strategy, int capacity) {
            return other.newCache(strategy, capacity);
        }

        @Override
        public KvCache restore(
                AttentionStrategy strategy, int capacity, int declared, KvStream.Source source) {
            return other.restore(strategy, capacity, declared, source);
        }

        @Override
        public void run(Step step, LogitsSink sink) {
            if (begins(Op.Gate.class)) {
                System.err.println("the driver has lost the device");
                Runtime.getRuntime().halt(134);
            }
            while (begins(Op.Add.class)) {
                waitForever();
            }
            other.run(step, sink);
        }

        private static void waitForever() {
            try {
                Thread.sleep(1_000_000);
            } catch (InterruptedException e) {
                // a kernel on a device would not listen either
            }
        }

        @Override
        public void write(Value input, int rows, float[] data) {
            other.write(input, rows, data);
        }

        @Override
        public float[] read(Value output, int rows) {
            float[] read = other.read(output, rows);
            if (begins(Op.RmsNorm.class)) {
                read[0] += 1;
            }
            return read;
        }

        @Override
        public void close() {
            other.close();
        }
    }
}
