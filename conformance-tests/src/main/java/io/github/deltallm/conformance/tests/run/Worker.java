package io.github.deltallm.conformance.tests.run;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;

import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The process in which rules run; {@link WorkerProcess} starts it. Its standard output tells {@link
 * Event}s. A line on its standard input asks for the test's stack; the end of it ends the process,
 * so that none outlives the one that started it.
 */
final class Worker {
    /** The first argument: rules to run, separated by commas. */
    static final String RULES = "rules=";

    private static final int MOST_FRAMES = 12;

    private final OutputStream out = new FileOutputStream(FileDescriptor.out);
    private final Thread tests = Thread.currentThread();

    private Worker() {}

    public static void main(String[] args) {
        Worker worker = new Worker();
        Thread.ofPlatform().daemon().name("questions").start(worker::answer);
        List<String> rules = List.of(args[0].substring(RULES.length()).split(",", -1));
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String argument : Arrays.asList(args).subList(1, args.length)) {
            int equals = argument.indexOf('=');
            parameters.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        worker.run(Set.copyOf(rules), parameters);
    }

    private void run(Set<String> rules, Map<String, String> parameters) {
        Target target = Target.of(name -> Optional.ofNullable(parameters.get(name)));
        tell(new Event.Ready());
        tell(new Event.Described(description(target)));
        LauncherFactory.create(
                        LauncherConfig.builder()
                                .enableTestExecutionListenerAutoRegistration(false)
                                .enablePostDiscoveryFilterAutoRegistration(false)
                                .enableLauncherSessionListenerAutoRegistration(false)
                                .enableLauncherDiscoveryListenerAutoRegistration(false)
                                .build())
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(
                                        selectClass(
                                                target.specs().isEmpty()
                                                        ? InstalledBackendKit.class
                                                        : InstalledAttentionKit.class))
                                .filters(EngineFilter.includeEngines("junit-jupiter"), only(rules))
                                .enableImplicitConfigurationParameters(false)
                                .configurationParameters(parameters)
                                .build(),
                        new RuleListener(this::tell));
        tell(new Event.Done());
    }

    /** Empty where the backend does not open: its rules tell why. */
    private static String description(Target target) {
        BackendOptions options = new BackendOptions(0, Precision.FAST, Optional.empty());
        try (Backend backend = InstalledBackend.of(target).open(options)) {
            return backend.description();
        } catch (LinkageError | RuntimeException e) {
            return "";
        }
    }

    private static PostDiscoveryFilter only(Set<String> rules) {
        return found ->
                FilterResult.includedIf(
                        found.getSource().filter(MethodSource.class::isInstance).isEmpty()
                                || rules.contains(RuleListener.number(found.getDisplayName())));
    }

    /** At once and whole, whatever a backend prints at the same time. */
    private synchronized void tell(Event event) {
        try {
            // Behind an unfinished line of a backend the mark still begins the event.
            out.write((event.line() + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            Runtime.getRuntime().halt(1); // nobody listens
        }
    }

    private void answer() {
        try (FileInputStream in = new FileInputStream(FileDescriptor.in)) {
            while (in.read() >= 0) {
                String trace =
                        Arrays.stream(tests.getStackTrace())
                                .limit(MOST_FRAMES)
                                .map(frame -> "at " + frame)
                                .collect(Collectors.joining("\n"));
                tell(new Event.Stack(trace));
            }
        } catch (IOException e) {
            // as good as its end
        }
        Runtime.getRuntime().halt(0);
    }
}
