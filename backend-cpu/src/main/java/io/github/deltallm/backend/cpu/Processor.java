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

    /** Bytes that the machine can give without swapping; none are told where it is no Linux. */
    static long availableMemory() {
        for (String line : lines(MEMINFO)) {
            if (line.startsWith("MemAvailable:")) {
                return 1024 * Long.parseLong(value(line).split(" ", 2)[0]);
            }
        }
        return 0;
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
