package io.github.deltallm.engine.template;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** Templates from the resources, and short ways to render. */
final class Templates {
    /** Friday, 7 March 2025, 04:05:09.012345. */
    static final Clock CLOCK =
            Clock.fixed(Instant.parse("2025-03-07T04:05:09.012345Z"), ZoneOffset.UTC);

    private Templates() {}

    static String resource(String name) {
        try (InputStream in =
                Objects.requireNonNull(Templates.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ChatTemplate model(String name) {
        return ChatTemplate.compile("the template " + name, resource(name + ".jinja"), CLOCK);
    }

    static ChatTemplate of(String source) {
        return ChatTemplate.compile("the template", source, CLOCK);
    }

    static String text(List<Segment> segments) {
        return segments.stream().map(Segment::text).collect(Collectors.joining());
    }

    static String trusted(List<Segment> segments) {
        return segments.stream()
                .filter(Segment::trusted)
                .map(Segment::text)
                .collect(Collectors.joining());
    }

    /** Renders a template that needs no messages. */
    static String render(String source, Map<String, ?> variables) {
        return text(of(source).render(List.of(), false, variables));
    }

    static String render(String source) {
        return render(source, Map.of());
    }
}
