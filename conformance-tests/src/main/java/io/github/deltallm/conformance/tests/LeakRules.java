package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.Optional;

/**
 * KVC and ERR, what is left behind by things that were closed, as the system counts it: a cache's
 * own count of its bytes says only what it knows of.
 *
 * <p>Where devices have a memory of their own, this sees what the driver holds on the host alone.
 * When a rule fails, look at buffers that are made for a shape and dropped for the next, at arenas
 * that only a garbage collection closes, and at forks.
 */
public abstract class LeakRules extends ConformanceRules {
    private static final HeadShape HEADS = new HeadShape(1, 8, 8, 256);
    private static final int ROWS = 64;
    private static final int WIDTH = 768;

    /** For subclasses. */
    protected LeakRules() {}

    @Test
    @Tag("KVC")
    @DisplayName("KVC-26 optional: filled, forked and closed a hundred times, no memory is left")
    void closedCachesLeaveNothing() {
        Held.requireCounts();
        Sequence sequence = Sequence.random(HEADS, ROWS, 26);
        try (Bench bench = new Bench(backend(), Sequence.program(HEADS), ROWS)) {
            long bytes = 4L * 2 * ROWS * HEADS.kvWidth();
            Held.assertNothingLeft(
                    "filling and closing caches",
                    bytes,
                    () -> {
                        try (KvCache cache = bench.newCache(Runs.DENSE, ROWS)) {
                            sequence.feed(bench, cache, ROWS, ROWS - 1);
                            try (KvCache fork = cache.fork()) {
                                sequence.feed(bench, fork, 1);
                            }
                        }
                    });
        }
    }

    @Test
    @Tag("ERR")
    @DisplayName("ERR-14 optional: opened and closed a hundred times, no memory or file is left")
    void closedBackendsLeaveNothing() {
        Held.requireCounts();
        float[] weights = new Numbers(14).normal(WIDTH * WIDTH);
        Tensor weight = Weights.f32("weight", WIDTH, WIDTH, weights);
        Program program = LinearFormula.program(weight, Optional.empty(), Op.Activations.FLOAT);
        float[] in = new Numbers(15).normal(WIDTH);
        Held.assertNothingLeft(
                "opening and closing backends",
                4L * WIDTH * 256,
                () -> {
                    try (Backend opened = open(Precision.F32);
                            Bench bench = new Bench(opened, program, 256);
                            KvCache cache = bench.newCache(Runs.DENSE, 1)) {
                        bench.run(cache, 1, in);
                    }
                });
    }
}
