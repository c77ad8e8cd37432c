package io.github.deltallm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The most memory this process has had resident. */
final class PeakMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String FIELD = "VmHWM:";

    private PeakMemory() {}

    /** Bytes, by the kernel's count; where that is not told, what the JVM's heap takes now. */
    static long bytes() {
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith(FIELD)) {
                    String kibibytes = line.substring(FIELD.length()).replace("kB", "").strip();
                    return 1024 * Long.parseLong(kibibytes);
                }
            }
        } catch (IOException | NumberFormatException e) {
            // Not Linux: the heap is the best that Java itself knows.
        }
        return Runtime.getRuntime().totalMemory();
    }
}
