package io.github.deltallm.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program in a JVM of its own, the one that runs the tests. */
final class ForkedJvm {
    private static final long MOST_MINUTES = 5;

    private ForkedJvm() {}

    /**
     * How a program ended.
     *
     * @param out what it wrote to standard output
     * @param err what it wrote to standard error, without the JVM's own warnings
     */
    record Ended(int exit, String out, String err) {}

    /** Runs {@code java} with these arguments. */
    static Ended run(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx1g", "-XX:+UseSerialGC"));
        command.addAll(arguments);
        Path out = Files.createTempFile("out", ".txt");
        Path err = Files.createTempFile("err", ".txt");
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectOutput(out.toFile())
                            .redirectError(err.toFile())
                            .start();
            process.getOutputStream().close();
            if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError("does not end: " + command + "\n" + Files.readString(err));
            }
            return new Ended(process.exitValue(), Files.readString(out), ours(err));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static String ours(Path err) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (String line : Files.readAllLines(err)) {
            if (!line.startsWith("WARNING: Using incubator modules")) {
                lines.append(line).append('\n');
            }
        }
        return lines.toString();
    }
}
