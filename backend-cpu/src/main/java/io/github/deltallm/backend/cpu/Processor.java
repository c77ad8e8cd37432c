package io.github.deltallm.backend.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What the operating system tells about this machine's processor and memory. */
final class Processor {
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    /** Where a container sees its limits, by the version of control groups. */
    private static final Path GROUP_2 = Path.of("/sys/fs/cgroup");

    private static final Path GROUP_1 = Path.of("/sys/fs/cgroup/memory");

    private Processor() {}

    /** Its model name, or its architecture where none is told. */
    static String name() {
        for (String line : lines(CPUINFO)) {
            if (line.startsWith("model name")) {
                return value(line);
            }
        }
        return System.getProperty("os.arch") + " processor";
    }

    /** Cores that this process may use; threads of the same core count once. */
    static int cores() {
        int available = Runtime.getRuntime().availableProcessors();
        Set<String> cores = new HashSet<>();
        String socket = "";
        for (String line : lines(CPUINFO)) {
            if (line.startsWith("physical id")) {
                socket = value(line);
            } else if (line.startsWith("core id")) {
                cores.add(socket + ":" + value(line));
            }
        }
        return cores.isEmpty() ? available : Math.min(available, cores.size());
    }

    /** Whether it expands packed bytes and shorts under a mask: AVX-512 VBMI2. */
    static boolean expands() {
        return has("avx512_vbmi2");
    }

    /** Whether it has 32 vector registers: AVX-512, or another architecture than x86. */
    static boolean hasManyRegisters() {
        boolean x86 = List.of("amd64", "x86_64").contains(System.getProperty("os.arch"));
        return !x86 || Lanes.N == 16 || has("avx512vl");
    }

    /**
     * Bytes that the machine, or the container, can give without swapping; none are told where it
     * is no Linux.
     */
    static long availableMemory() {
        for (String line : lines(MEMINFO)) {
            if (line.startsWith("MemAvailable:")) {
                long machine = 1024 * Long.parseLong(value(line).split(" ", 2)[0]);
                long second = room(GROUP_2, "memory.max", "anon ");
                long first = room(GROUP_1, "memory.limit_in_bytes", "total_rss ");
                return Math.min(machine, Math.min(first, second));
            }
        }
        return 0;
    }

    /**
     * What is left of a control group's limit. Pages of files count as free: they go when memory is
     * needed.
     *
     * @param limit the file with the limit, which holds no number where there is none
     * @param used what the line of {@code memory.stat} begins with that tells what can't go
     */
    static long room(Path group, String limit, String used) {
        long bytes = Long.MAX_VALUE;
        for (String line : lines(group.resolve(limit))) {
            bytes = line.matches("\\d{1,18}") ? Long.parseLong(line) : Long.MAX_VALUE;
        }
        for (String line : lines(group.resolve("memory.stat"))) {
            if (bytes < Long.MAX_VALUE && line.startsWith(used)) {
                bytes = Math.max(0, bytes - Long.parseLong(line.substring(used.length())));
            }
        }
        return bytes;
    }

    private static boolean has(String flag) {
        for (String line : lines(CPUINFO)) {
            if (line.startsWith("flags")) {
                return List.of(value(line).split(" ")).contains(flag);
            }
        }
        return false;
    }

    private static String value(String line) {
        return line.substring(line.indexOf(':') + 1).strip().replaceAll(" +", " ");
    }

    private static List<String> lines(Path file) {
        try {
            return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            return List.of();
        }
    }
}
