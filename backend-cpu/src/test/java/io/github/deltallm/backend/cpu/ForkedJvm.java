package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.testsupport.WindowStrategy;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a class of these tests in a JVM of its own, on the class path. */
final class ForkedJvm {
    static final String VECTORS = "--add-modules=jdk.incubator.vector";

    private ForkedJvm() {}

    /**
     * Returns what it printed.
     *
     * @throws AssertionError if it fails or takes more than five minutes
     */
    static String run(Class<?> main, String... flags) throws IOException, InterruptedException {
        // Surefire says where the module is; its tests are patched into it and have no place.
        Path target = Path.of(System.getProperty("basedir", "")).resolve("target");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.addAll(List.of("-Xmx1g", "-cp"));
        command.add(
                String.join(
                        File.pathSeparator,
                        target.resolve("classes").toString(),
                        target.resolve("test-classes").toString(),
                        placeOf(BackendProvider.class),
                        placeOf(WindowStrategy.class)));
        command.add(main.getName());
        Path out = Files.createTempFile("forked", ".txt");
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(out.toFile())
                            .start();
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError("does not end: " + command);
            }
            String printed = Files.readString(out);
            if (process.exitValue() != 0) {
                throw new AssertionError(command + " failed:\n" + printed);
            }
            return printed;
        } finally {
            Files.delete(out);
        }
    }

    private static String placeOf(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
