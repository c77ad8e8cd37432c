package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.api.DeltaLlmException;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A running {@link Worker}: a JVM with the flags, module path and class path of this one. */
final class WorkerProcess implements AutoCloseable {
    private static final int LAST_WORDS = 12;
    private static final int PATIENCE_SECONDS = 5;

    private final Process process;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final Deque<String> lastWords = new ArrayDeque<>();
    private final List<Thread> readers;

    private WorkerProcess(Process process) {
        this.process = process;
        readers =
                List.of(
                        Thread.ofVirtual().start(() -> read(process.getInputStream())),
                        Thread.ofVirtual().start(() -> read(process.getErrorStream())));
    }

    /**
     * Starts a worker.
     *
     * @param rules numbers of the rules to run
     * @param errorFile where the JVM writes what it knows if it crashes
     */
    static WorkerProcess start(Target target, List<String> rules, Path errorFile) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // A debugger's port is taken; a crash needs no core file.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> !flag.contains("jdwp"))
                .forEach(command::add);
        command.add("-XX:ErrorFile=" + errorFile);
        command.add("-XX:-CreateCoredumpOnCrash");
        String classPath = System.getProperty("java.class.path", "");
        if (!classPath.isEmpty()) {
            command.addAll(List.of("-cp", classPath));
        }
        Module module = Worker.class.getModule();
        if (module.isNamed()) {
            command.addAll(List.of("-m", module.getName() + "/" + Worker.class.getName()));
        } else {
            command.add(Worker.class.getName());
        }
        command.add(Worker.RULES + String.join(",", rules));
        command.addAll(target.arguments());
        try {
            return new WorkerProcess(new ProcessBuilder(command).start());
        } catch (IOException e) {
            throw new DeltaLlmException(
                    "the process that runs the rules can't be started: " + e.getMessage(), e);
        }
    }

    private void read(InputStream stream) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            String line;
            while ((line = lines.readLine()) != null) {
                Optional<Event> event = Event.of(line);
                event.ifPresent(events::add);
                if (event.isEmpty()) {
                    remember(line);
                }
            }
        } catch (IOException e) {
            // The process was destroyed; what it told by then counts.
        }
    }

    private void remember(String line) {
        synchronized (lastWords) {
            if (!line.isBlank() && !line.startsWith("WARNING: Using incubator modules")) {
                lastWords.addLast(line);
                if (lastWords.size() > LAST_WORDS) {
                    lastWords.removeFirst();
                }
            }
        }
    }

    /** The next event; empty if there is none within the time. */
    Optional<Event> next(Duration patience) throws InterruptedException {
        return Optional.ofNullable(events.poll(patience.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** Whether the process has ended and all it told was taken. */
    boolean ended() throws InterruptedException {
        if (process.isAlive()) {
            return false;
        }
        for (Thread reader : readers) {
            reader.join(Duration.ofSeconds(PATIENCE_SECONDS));
        }
        return events.isEmpty();
    }

    /** Ends it and tells what its test was doing; empty if it does not say. */
    String destroy() throws InterruptedException {
        String stack = "";
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (stack.isEmpty() && System.nanoTime() < end) {
                if (next(Duration.ofMillis(100)).orElse(null) instanceof Event.Stack told) {
                    stack = told.trace();
                }
            }
        } catch (IOException e) {
            stack = ""; // it is gone already
        }
        process.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return stack;
    }

    /** How it ended, with its last words. */
    String end() throws InterruptedException {
        process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        String told;
        synchronized (lastWords) {
            told = String.join("\n", lastWords);
        }
        return "ended with exit code "
                + (process.isAlive() ? "unknown" : "" + process.exitValue())
                + (told.isEmpty() ? "" : "; its last words:\n" + told);
    }

    /** The end of its standard input ends it; whoever does not care is destroyed. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
