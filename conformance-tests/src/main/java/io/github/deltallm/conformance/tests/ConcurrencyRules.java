package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/**
 * CON, threads.
 *
 * <p>When results differ between threads, look at buffers that belong to the executable and are
 * used outside its lock.
 */
@Tag("CON")
@Timeout(60)
public abstract class ConcurrencyRules extends ConformanceRules {
    private static final int TOKENS = 24;

    /** For subclasses. */
    protected ConcurrencyRules() {}

    private static Program program() {
        return TinyLlama.random(TensorType.Q8_0, 1).program();
    }

    private static int[] tokens(int seed) {
        return new Numbers(seed).tokens(TOKENS, TinyLlama.VOCABULARY);
    }

    @Test
    @DisplayName("CON-01 required: threads that share an executable get what they get alone")
    void threadsShareAnExecutable() throws ExecutionException, InterruptedException {
        int threads = 4;
        try (ModelRun run = new ModelRun(backend(), program(), TOKENS);
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Callable<float[]>> work =
                    IntStream.range(0, 3 * threads)
                            .<Callable<float[]>>mapToObj(
                                    seed -> () -> run.logits(tokens(seed), Runs.DENSE, 5))
                            .toList();
            List<Future<float[]>> results = pool.invokeAll(work);
            for (int seed = 0; seed < results.size(); seed++) {
                new Comparison("thread " + seed, TinyLlama.VOCABULARY)
                        .same(results.get(seed).get(), run.logits(tokens(seed), Runs.DENSE, 5));
            }
        }
    }

    @Test
    @DisplayName("CON-02 required: the number of threads changes nothing in the results")
    void threadCountChangesNothing() {
        float[] one = logitsWith(1);
        for (int threads : new int[] {2, 3, 5}) {
            new Comparison(threads + " threads", TinyLlama.VOCABULARY)
                    .same(logitsWith(threads), one);
        }
    }

    private float[] logitsWith(int threads) {
        BackendOptions options = new BackendOptions(threads, Precision.F32, Optional.empty());
        try (Backend opened = provider().open(options);
                ModelRun run = new ModelRun(opened, program(), TOKENS)) {
            return run.logits(tokens(1), Runs.DENSE, 7);
        }
    }

    @Test
    @DisplayName("CON-03 required: equal runs give equal results, bit for bit")
    void runsAreRepeatable() {
        try (ModelRun run = new ModelRun(backend(), program(), TOKENS)) {
            float[] first = run.logits(tokens(1), Runs.DENSE, 7);
            for (int i = 0; i < 5; i++) {
                new Comparison("repetition " + i, TinyLlama.VOCABULARY)
                        .same(run.logits(tokens(1), Runs.DENSE, 7), first);
            }
        }
    }

    @Test
    @DisplayName("CON-04 required: closing waits for a run in progress")
    void closingWaitsForARun() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Executable executable = backend().compile(program(), TOKENS);
        KvCache cache = executable.newCache(Runs.DENSE, TOKENS);
        Step step = new Step().add(cache, tokens(1), 0, TOKENS, Step.Logits.LAST);
        try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
            Future<?> run =
                    pool.submit(() ->
                            executable.run(
                                    step,
                                    (row, logits) -> {
                                        running.countDown();
                                        await(goOn);
                                    }));
            running.await();
            Future<?> close = pool.submit(executable::close);
            try {
                Assertions.assertThrows(
                        TimeoutException.class, () -> close.get(200, TimeUnit.MILLISECONDS));
            } finally {
                goOn.countDown();
            }
            run.get();
            close.get();
        }
        cache.close();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    @DisplayName("CON-05 required: opened and closed a hundred times, it still computes the same")
    void openedAndClosedAHundredTimes() {
        Program program = program();
        float[] first = logitsWith(2);
        for (int i = 0; i < 100; i++) {
            try (Backend opened = open(Precision.F32);
                    Executable executable = opened.compile(program, 4);
                    KvCache cache = executable.newCache(Runs.DENSE, 4)) {
                executable.run(
                        new Step().add(cache, tokens(i), 0, 4, Step.Logits.LAST),
                        (row, logits) -> {});
            }
        }
        new Comparison("afterwards", TinyLlama.VOCABULARY).same(logitsWith(2), first);
    }

    @Test
    @DisplayName("CON-06 required: a cache may move from thread to thread between runs")
    void cacheMovesBetweenThreads() throws ExecutionException, InterruptedException {
        int[] tokens = tokens(3);
        try (ModelRun run = new ModelRun(backend(), program(), TOKENS);
                KvCache cache = run.executable().newCache(Runs.DENSE, TOKENS)) {
            float[] moved = {};
            for (int from = 0; from < TOKENS; from += 8) {
                int[] part = Arrays.copyOfRange(tokens, from, from + 8);
                try (ExecutorService another = Executors.newSingleThreadExecutor()) {
                    moved =
                            Sequence.joined(
                                    moved, another.submit(() -> run.logits(cache, part, 8)).get());
                }
            }
            new Comparison("moved", TinyLlama.VOCABULARY)
                    .same(moved, run.logits(tokens, Runs.DENSE, 8));
        }
    }
}
