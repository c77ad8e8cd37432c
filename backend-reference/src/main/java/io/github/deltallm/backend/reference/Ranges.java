package io.github.deltallm.backend.reference;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Splits independent work over threads by static ranges. What a range computes must not depend on
 * where it begins, so results do not depend on the number of threads.
 */
final class Ranges implements AutoCloseable {
    /** Works on the items from {@code from} to {@code to - 1}. */
    @FunctionalInterface
    interface Task {
        void run(int from, int to);
    }

    private final int threads;
    private final ExecutorService workers;

    Ranges(int threads) {
        this.threads = threads;
        workers =
                Executors.newFixedThreadPool(
                        threads, Thread.ofPlatform().daemon().name("reference-", 0).factory());
    }

    int threads() {
        return threads;
    }

    void requireOpen() {
        if (workers.isShutdown()) {
            throw new IllegalStateException("the backend reference is closed");
        }
    }

    /** Runs {@code task} on all of {@code [0, count)} and returns when every range is done. */
    void run(int count, Task task) {
        requireOpen();
        int parts = Math.min(threads, count);
        if (parts <= 1) {
            task.run(0, count);
            return;
        }
        CompletableFuture<?>[] running = new CompletableFuture<?>[parts];
        for (int part = 0; part < parts; part++) {
            int from = (int) ((long) count * part / parts);
            int to = (int) ((long) count * (part + 1) / parts);
            running[part] = CompletableFuture.runAsync(() -> task.run(from, to), workers);
        }
        try {
            CompletableFuture.allOf(running).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        workers.shutdown();
    }
}
