package io.github.deltallm.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

/** Threads wait here until it is opened once more: they spin for a while, then park. */
final class Gate {
    private final AtomicInteger generation = new AtomicInteger();
    private final AtomicReferenceArray<Thread> parked;
    private final int spins;
    private final int yields;

    /**
     * @param members how many threads may wait, each in its own slot
     * @param spins pauses before parking; about 40 ns each
     * @param yields times the processor is offered to others before parking
     */
    Gate(int members, int spins, int yields) {
        parked = new AtomicReferenceArray<>(members);
        this.spins = spins;
        this.yields = yields;
    }

    /** How often it was opened. */
    int generation() {
        return generation.get();
    }

    /** Waits until {@link #generation()} is no longer {@code seen}. */
    @SuppressWarnings("ThreadPriorityCheck") // yields only while another member is about to finish
    void await(int seen, int member) {
        for (int i = 0; i < spins; i++) {
            if (generation.get() != seen) {
                return;
            }
            Thread.onSpinWait();
        }
        for (int i = 0; i < yields; i++) {
            if (generation.get() != seen) {
                return;
            }
            Thread.yield();
        }
        parked.set(member, Thread.currentThread());
        while (generation.get() == seen) {
            LockSupport.park(this);
        }
        parked.set(member, null);
    }

    void open() {
        generation.incrementAndGet();
        for (int member = 0; member < parked.length(); member++) {
            Thread thread = parked.get(member);
            if (thread != null) {
                LockSupport.unpark(thread);
            }
        }
    }
}
