package io.github.deltallm.backend.tornado;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * All machines of the process, and what memory they have of each device.
 *
 * <p>Those that no program uses at the moment are kept for the next one, since TornadoVM compiles
 * kernels anew for each execution plan: programs that are opened and closed again and again would
 * spend their time with that. How many are kept is bounded; the oldest goes first, and all go that
 * another machine needs the memory of. Thread-safe.
 */
final class Machines {
    /**
     * What is kept for the next program.
     *
     * @param machines at most
     * @param bytes of all of them
     * @param each bytes of one of them
     */
    record Bounds(int machines, long bytes, long each) {}

    /** Those of the process, as TornadoVM's runtime is one a process. */
    static final Machines SHARED =
            new Machines(new Bounds(48, 512L << 20, 64L << 20), TornadoDevice::limits);

    private final Bounds bounds;
    private final Function<TornadoDevice, MemoryBudget.Limits> limits;
    private final List<Machine> idle = new ArrayList<>();
    private final Map<TornadoDevice, MemoryBudget> budgets = new HashMap<>();

    /**
     * @param limits of a device's memory
     */
    Machines(Bounds bounds, Function<TornadoDevice, MemoryBudget.Limits> limits) {
        this.bounds = bounds;
        this.limits = limits;
    }

    private MemoryBudget budget(TornadoDevice device) {
        return budgets.computeIfAbsent(device, known -> new MemoryBudget(limits.apply(known)));
    }

    /** Bytes that machines have of a device. */
    synchronized long used(TornadoDevice device) {
        return budget(device).used();
    }

    private long idle(TornadoDevice device) {
        return idle.stream()
                .map(Machine::key)
                .filter(key -> key.device().equals(device))
                .mapToLong(key -> key.sizes().bytes())
                .sum();
    }

    /**
     * Whether there is room for a machine beside those in use.
     *
     * @param freed bytes of those that would go for it
     */
    synchronized boolean fits(TornadoDevice device, BufferSizes sizes, long freed) {
        return budget(device).fits(sizes, freed + idle(device));
    }

    /**
     * Refuses a machine for which there is no room.
     *
     * @param freed bytes of machines in use that would go for it
     * @throws io.github.deltallm.api.DeltaLlmException if there is none
     */
    synchronized void requireRoom(TornadoDevice device, BufferSizes sizes, long freed) {
        budget(device).requireRoom(sizes, freed + idle(device));
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
        if (machine.failed() || machine.key().sizes().bytes() > bounds.each()) {
            discard(machine);
            return;
        }
        idle.add(machine);
        long bytes = idle.stream().mapToLong(one -> one.key().sizes().bytes()).sum();
        while (idle.size() > bounds.machines() || bytes > bounds.bytes()) {
            Machine oldest = idle.removeFirst();
            bytes -= oldest.key().sizes().bytes();
            discard(oldest);
        }
    }
}
