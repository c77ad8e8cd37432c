package io.github.deltallm.benchmarks;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.KvCache;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/** Attention of a whole prompt in one layer; one specification beside another. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PrefillAttention {
    private static final int CHUNK = 512;

    @Param("LLAMA_1B")
    Shape shape = Shape.LLAMA_1B;

    @Param("2048")
    int tokens;

    @Param("0.6")
    double zeros;

    @Param({
        "DENSE_BF16",
        "DENSE_INT8",
        "DELTA_BF16",
        "DELTA_INT8",
        "DELTA_BF16_VALUES",
        "DELTA_INT8_VALUES"
    })
    Kept kept = Kept.DENSE_BF16;

    @Param("2")
    int threads;

    @Param("cpu")
    String backend = "";

    @SuppressWarnings("NullAway.Init") // by open()
    private Attention model;

    @SuppressWarnings("NullAway.Init")
    private AttentionStrategy strategy;

    /** Opens the backend. */
    @Setup(Level.Trial)
    public void open() {
        model = new Attention(backend, threads, shape.heads(1), Math.min(tokens, CHUNK), tokens);
        strategy = model.strategy(kept.pattern, zeros);
    }

    /** A prompt, in chunks. */
    @Benchmark
    public long prompt() {
        try (KvCache cache = model.empty(strategy, tokens)) {
            model.prompt(cache, tokens);
            return cache.bytes().keys();
        }
    }

    /** Frees it all. */
    @TearDown(Level.Trial)
    public void close() {
        model.close();
    }
}
