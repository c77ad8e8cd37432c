package io.github.deltallm.benchmarks;

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

/** Attention of one token in all layers, at a depth; one specification beside another. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DecodeAttention {
    private static final int RUN = 256;

    @Param("LLAMA_1B")
    Shape shape = Shape.LLAMA_1B;

    @Param("4096")
    int depth;

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
    private KvCache start;

    @SuppressWarnings("NullAway.Init")
    private KvCache cache;

    /** Fills the cache. */
    @Setup(Level.Trial)
    public void open() {
        model = new Attention(backend, threads, shape.heads(), 1, depth + RUN);
        start = model.filled(model.strategy(kept.pattern, zeros), depth, depth + RUN);
        cache = start.fork();
        model.write(depth, 1);
        System.out.println(cache.bytes());
    }

    /** One token. After so many, it begins again at the depth. */
    @Benchmark
    public int token() {
        if (cache.length() == depth + RUN) {
            cache.close();
            cache = start.fork();
        }
        model.run(cache, 1);
        return cache.length();
    }

    /** Frees it all. */
    @TearDown(Level.Trial)
    public void close() {
        cache.close();
        start.close();
        model.close();
    }
}
