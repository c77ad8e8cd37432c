package io.github.deltallm.backend.tornado;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The machines that no program uses at the moment. TornadoVM compiles kernels anew for each
 * execution plan; programs that are opened and closed again and again would spend their time with
 * that. What is kept is bounded, and the oldest goes first. Thread-safe.
 */
final class Machines {
    private static final int MOST = 48;
    private static final long MOST_BYTES = 512L << 20;
    private static final long LARGE = 64L << 20;

    /** Those of the process, as TornadoVM's runtime is one a process. */
    static final Machines SHARED = new Machines();

    private final List<Machine> idle = new ArrayList<>();

    /** A machine with these graphs and sizes, used before or new. */
    Machine acquire(Machine.Key key) {
        Machine found = take(key);
        return found != null ? found : new Machine(key);
    }

    private synchronized @org.jspecify.annotations.Nullable Machine take(Machine.Key key) {
        for (Iterator<Machine> all = idle.iterator(); all.hasNext(); ) {
            Machine machine = all.next();
            if (machine.key().equals(key)) {
                all.remove();
                return machine;
            }
        }
        return null;
    }

    /** Frees a machine that failed. */
    void discard(Machine machine) {
        machine.close();
    }

    /** Keeps a machine for the next program, or frees it. */
    synchronized void release(Machine machine) {
        if (machine.key().sizes().bytes() > LARGE) {
            machine.close();
            return;
        }
        idle.add(machine);
        long bytes = idle.stream().mapToLong(one -> one.key().sizes().bytes()).sum();
        while (idle.size() > MOST || bytes > MOST_BYTES) {
            Machine oldest = idle.removeFirst();
            bytes -= oldest.key().sizes().bytes();
            oldest.close();
        }
    }
}
