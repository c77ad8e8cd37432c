package io.github.deltallm.backend.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** What the operating system tells about this machine's processor and memory. */
final class Processor {
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    /** Which control groups this process is in, a line a hierarchy. */
    private static final Path GROUPS = Path.of("/proc/self/cgroup");

    /** Where the hierarchies of control groups are mounted. */
    private static final Path MOUNT = Path.of("/sys/fs/cgroup");

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
     * Bytes that the machine, and the control groups of this process, a container's or a service's,
     * can give without swapping; nothing where they are not told, which is so where it is no Linux.
     */
    static OptionalLong availableMemory() {
        return memory("MemAvailable:").stream()
                .map(bytes -> Math.min(bytes, room(MOUNT, lines(GROUPS))))
                .findAny();
    }

    /** The same with what the machine can swap. */
    static OptionalLong availableWithSwap() {
        long swap = memory("SwapFree:").orElse(0);
        return availableMemory().stream().map(bytes -> bytes + swap).findAny();
    }

    /** Bytes of a line of {@link #MEMINFO}. */
    private static OptionalLong memory(String name) {
        for (String line : lines(MEMINFO)) {
            if (line.startsWith(name)) {
                return OptionalLong.of(1024 * Long.parseLong(value(line).split(" ", 2)[0]));
            }
        }
        return OptionalLong.empty();
    }

    /**
     * What is left of the limits of control groups, of version 1 and 2, and of all that they are
     * part of.
     *
     * @param mount where they are mounted; a container may see its own group there as the whole
     * @param groups lines of {@code <number>:<controllers>:<path>}
     */
    static long room(Path mount, List<String> groups) {
        Path first = mount.resolve("memory");
        long room = Math.min(room(mount), room(first));
        for (String line : groups) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3) {
                continue;
            }
            boolean second = parts[1].isEmpty();
            if (second || List.of(parts[1].split(",")).contains("memory")) {
                Path group = second ? mount : first;
                for (Path name : names(parts[2])) {
                    group = group.resolve(name);
                    room = Math.min(room, room(group));
                }
            }
        }
        return room;
    }

    /** None where the path can't be written in the system's encoding of names. */
    private static Path names(String path) {
        try {
            return Path.of(path).normalize();
        } catch (InvalidPathException e) {
            return Path.of("/");
        }
    }

    private static long room(Path group) {
        long first = room(group, "memory.limit_in_bytes", "total_rss ");
        long second = room(group, "memory.max", "anon ");
        return Math.min(first, Math.min(second, room(group, "memory.high", "anon ")));
    }

    /**
     * What is left of a control group's limit. Pages of files count as free: they go when memory is
     * needed.
     *
     * @param limit the file with the limit, which holds no number where there is none
     * @param used what the line of {@code memory.stat} begins with that tells what can't go
     */
    private static long room(Path group, String limit, String used) {
        long bytes = Long.MAX_VALUE;
        for (String line : lines(group.resolve(limit))) {
            bytes = line.matches("\\d{1,18}") ? Long.parseLong(line) : Long.MAX_VALUE;
        }
        if (bytes == Long.MAX_VALUE) {
            return bytes;
        }
        for (String line : lines(group.resolve("memory.stat"))) {
            if (line.startsWith(used)) {
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
