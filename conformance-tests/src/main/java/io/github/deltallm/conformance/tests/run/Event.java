package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.conformance.tests.run.CheckResult.Status;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/**
 * What a worker tells about its run: a line of its standard output behind a mark, since backends
 * and their drivers print there too.
 */
sealed interface Event {
    /** Begins an event, wherever in a line it stands. */
    String MARK = "\u001eDELTALLM ";

    /** The worker has started. */
    record Ready() implements Event {}

    /** The backend under test says this of itself. */
    record Described(String description) implements Event {}

    /** A rule, or one of its checks, begins. */
    record Begun(String rule, String check) implements Event {}

    /** A check, or a rule that has none, ended. */
    record Ended(String rule, String check, Status status, String message, Duration time)
            implements Event {}

    /** What the test's thread is doing, told when asked. */
    record Stack(String trace) implements Event {}

    /** All rules ran. */
    record Done() implements Event {}

    /** As a line, without its end. */
    default String line() {
        return MARK
                + switch (this) {
                    case Ready _ -> "ready";
                    case Described event -> "described " + encoded(event.description);
                    case Begun event -> "begun " + event.rule + " " + encoded(event.check);
                    case Ended event ->
                            "ended "
                                    + event.rule
                                    + " "
                                    + encoded(event.check)
                                    + " "
                                    + event.status
                                    + " "
                                    + encoded(event.message)
                                    + " "
                                    + event.time.toNanos();
                    case Stack event -> "stack " + encoded(event.trace);
                    case Done _ -> "done";
                };
    }

    /** The event that a line tells; empty if it tells none. */
    static Optional<Event> of(String line) {
        int mark = line.indexOf(MARK);
        if (mark < 0) {
            return Optional.empty();
        }
        String[] words = line.substring(mark + MARK.length()).split(" ", -1);
        return Optional.of(
                switch (words[0]) {
                    case "ready" -> new Ready();
                    case "described" -> new Described(decoded(words[1]));
                    case "begun" -> new Begun(words[1], decoded(words[2]));
                    case "ended" ->
                            new Ended(
                                    words[1],
                                    decoded(words[2]),
                                    Status.valueOf(words[3]),
                                    decoded(words[4]),
                                    Duration.ofNanos(Long.parseLong(words[5])));
                    case "stack" -> new Stack(decoded(words[1]));
                    default -> new Done();
                });
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }
}
