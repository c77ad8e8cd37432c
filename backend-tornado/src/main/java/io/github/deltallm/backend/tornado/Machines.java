package io.github.deltallm.backend.tornado;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * All machines of the process, and what memory they have of each device.
 *
 * <p>Those that no program uses at the moment are kept for the next one, since TornadoVM compiles
 * kernels anew for each execution plan: programs that are opened and closed again and again would
 * spend their time with that. How many are kept is bounded; the oldest goes first, and all go that
 * another machine needs the memory of. Thread-safe.
 */
final class Machines {
    private static final int MOST = 48;
    private static final long MOST_BYTES = 512L << 20;
    private static final long LARGE = 64L << 20;

    /** Those of the process, as TornadoVM's runtime is one a process. */
    static final Machines SHARED = new Machines();

    private final List<Machine> idle = new ArrayList<>();
    private final Map<TornadoDevice, MemoryBudget> budgets = new HashMap<>();

    private MemoryBudget budget(TornadoDevice device) {
        return budgets.computeIfAbsent(device, known -> new MemoryBudget(known.limits()));
    }

    /**
     * Refuses what a device can't ever have, before anything is made.
     *
     * @throws io.github.deltallm.api.DeltaLlmException if a buffer is too large for the device
     */
    synchronized void require(TornadoDevice device, BufferSizes sizes) {
        budget(device).requireRoom(sizes);
    }

    /**
     * A machine with these graphs and sizes, used before or new.
     *
     * @throws io.github.deltallm.api.DeltaLlmException if the device has no room for it
     */
    Machine acquire(Machine.Key key) {
        Machine found = take(key);
        if (found != null) {
            return found;
        }
        boolean done = false;
        try {
            Machine made = new Machine(key);
            done = true;
            return made;
        } finally {
            if (!done) {
                give(key);
            }
        }
    }

    private synchronized void give(Machine.Key key) {
        budget(key.device()).give(key.sizes());
    }

    /** An idle machine, or the memory for a new one. */
    private synchronized @Nullable Machine take(Machine.Key key) {
        for (Iterator<Machine> all = idle.iterator(); all.hasNext(); ) {
            Machine machine = all.next();
            if (machine.key().equals(key)) {
                all.remove();
                return machine;
            }
        }
        MemoryBudget budget = budget(key.device());
        budget.requireBuffers(key.sizes());
        for (Iterator<Machine> all = idle.iterator();
                all.hasNext() && !budget.fits(key.sizes()); ) {
            Machine machine = all.next();
            if (machine.key().device().equals(key.device())) {
                all.remove();
                discard(machine);
            }
        }
        budget.take(key.sizes());
        return null;
    }

    /** Frees a machine that nobody uses. */
    synchronized void discard(Machine machine) {
        try {
            machine.close();
        } finally {
            budget(machine.key().device()).give(machine.key().sizes());
        }
    }

    /** Keeps a machine for the next program, or frees it. */
    synchronized void release(Machine machine) {
        if (machine.failed() || machine.key().sizes().bytes() > LARGE) {
            discard(machine);
            return;
        }
        idle.add(machine);
        long bytes = idle.stream().mapToLong(one -> one.key().sizes().bytes()).sum();
        while (idle.size() > MOST || bytes > MOST_BYTES) {
            Machine oldest = idle.removeFirst();
            bytes -= oldest.key().sizes().bytes();
            discard(oldest);
        }
    }
}
