package io.github.deltallm.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;

/** Adds up the time that kernels took, by name, from the events of their commands. */
final class KernelTimes {
    private static final int START = 0x1282;
    private static final int END = 0x1283;
    private static final System.Logger LOG =
            System.getLogger("io.github.deltallm.backend.opencl.profile");

    private final ClContext context;
    private final boolean on;
    private final ClFunctions.Release release;
    private final Queue<Launched> launched = new ArrayDeque<>();
    private final Map<String, Sum> sums = new TreeMap<>();

    KernelTimes(ClContext context, boolean on) {
        this.context = context;
        this.on = on;
        release = context.functions().release("clReleaseEvent");
    }

    /** A command whose time is not known yet. */
    private record Launched(String kernel, long event) {}

    /** What a kernel took so far. */
    private static final class Sum {
        private long launches;
        private long unknown;
        private long nanoseconds;

        private String untold() {
            return unknown == 0 ? "" : " (without " + unknown + " whose time is unknown)";
        }
    }

    /** Whether times are wanted: then every command needs an event. */
    boolean on() {
        return on;
    }

    /** Takes an event over. */
    void add(String kernel, long event) {
        launched.add(new Launched(kernel, event));
    }

    /**
     * Reads the times of all commands, which must be done. What a driver does not tell is counted
     * as unknown: a step does not fail for want of its time.
     */
    void collect() {
        if (launched.isEmpty()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            while (!launched.isEmpty()) {
                Launched command = launched.remove();
                Sum sum = sums.computeIfAbsent(command.kernel, name -> new Sum());
                sum.launches++;
                try {
                    sum.nanoseconds +=
                            time(command.event, END, value) - time(command.event, START, value);
                } catch (ClException e) {
                    sum.unknown++;
                }
                release.release(command.event);
            }
        }
    }

    private long time(long event, int name, MemorySegment value) {
        ClStatus.check(
                context.functions().getEventProfilingInfo(event, name, 8, value.address(), 0),
                "clGetEventProfilingInfo",
                "tell how long a kernel took");
        return value.get(ValueLayout.JAVA_LONG, 0);
    }

    /** How often a kernel was launched, of the commands whose times were collected. */
    long launches(String kernel) {
        Sum sum = sums.get(kernel);
        return sum == null ? 0 : sum.launches;
    }

    /** Logs the sums, the largest first. */
    void close() {
        while (!launched.isEmpty()) {
            release.release(launched.remove().event);
        }
        sums.entrySet().stream()
                .sorted(Comparator.comparingLong(entry -> -entry.getValue().nanoseconds))
                .forEach(entry ->
                        LOG.log(
                                System.Logger.Level.INFO,
                                String.format(
                                        Locale.ROOT,
                                        "%-24s %8d launches %12.3f ms%s",
                                        entry.getKey(),
                                        entry.getValue().launches,
                                        entry.getValue().nanoseconds / 1e6,
                                        entry.getValue().untold())));
        sums.clear();
    }
}
