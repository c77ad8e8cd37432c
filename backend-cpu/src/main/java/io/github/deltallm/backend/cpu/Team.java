package io.github.deltallm.backend.cpu;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A fixed number of threads that run one job together, in step: the calling thread is member 0.
 *
 * <p>Every member runs the whole job on its own share of the work and meets the others at {@link
 * #barrier}. Nothing is allocated per job.
 */
final class Team implements AutoCloseable {
    /** What every member runs. */
    interface Job {
        void run(int member);
    }

    /** Ends the members that wait for one that failed. */
    private static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1;

        Broken() {
            super("another member of the team failed", null, false, false);
        }
    }

    private final int members;
    private final ReentrantLock oneAtATime = new ReentrantLock();
    private final Thread[] threads;
    private final Gate start;
    private final Gate barrier;
    private final Gate finish;
    private final AtomicInteger arrived = new AtomicInteger();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final Broken broken = new Broken();
    private volatile @Nullable Job job;
    private volatile boolean closed;

    Team(int members) {
        this.members = members;
        boolean crowded = members > Runtime.getRuntime().availableProcessors();
        int spins = crowded ? 20 : 2_000;
        int yields = crowded ? 20 : 0;
        start = new Gate(members, spins, yields);
        barrier = new Gate(members, spins, yields);
        finish = new Gate(members, spins, yields);
        threads = new Thread[members - 1];
        for (int i = 0; i < threads.length; i++) {
            int member = i + 1;
            threads[i] =
                    Thread.ofPlatform()
                            .daemon()
                            .name("deltallm-cpu-" + member)
                            .start(() -> work(member));
        }
    }

    int members() {
        return members;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the CPU backend is closed");
        }
    }

    /** Runs a job on all members and waits for them; what a member throws is thrown here. */
    void run(Job next) {
        if (oneAtATime.isHeldByCurrentThread()) {
            throw new IllegalStateException("a run of the backend can't start another one");
        }
        oneAtATime.lock();
        try {
            requireOpen();
            failure.set(null);
            arrived.set(0);
            job = next;
            running.set(members);
            start.open();
            runMember(next, 0);
            int seen = finish.generation();
            if (running.decrementAndGet() > 0) {
                finish.await(seen, 0);
            }
            job = null;
            rethrow(failure.get());
        } finally {
            oneAtATime.unlock();
        }
    }

    /** Waits until all members are here. */
    void barrier(int member) {
        if (members == 1) {
            return;
        }
        int seen = barrier.generation();
        if (failure.get() != null) {
            throw broken;
        }
        if (arrived.incrementAndGet() == members) {
            arrived.set(0);
            barrier.open();
        } else {
            barrier.await(seen, member);
        }
        if (failure.get() != null) {
            throw broken;
        }
    }

    /** Ends the threads; a job in progress is waited for. */
    @Override
    public void close() {
        oneAtATime.lock();
        try {
            closed = true;
            start.open();
        } finally {
            oneAtATime.unlock();
        }
    }

    private void work(int member) {
        int seen = 0;
        while (true) {
            start.await(seen, member);
            seen++;
            Job next = job;
            if (closed || next == null) {
                return;
            }
            runMember(next, member);
            if (running.decrementAndGet() == 0) {
                finish.open();
            }
        }
    }

    // A member's failure of whatever kind must reach the caller, or the others would wait forever.
    private void runMember(Job next, int member) {
        try {
            next.run(member);
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
            barrier.open();
        }
    }

    private static void rethrow(@Nullable Throwable thrown) {
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
    }
}
