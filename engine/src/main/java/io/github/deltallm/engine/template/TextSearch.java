package io.github.deltallm.engine.template;

import java.util.List;
import java.util.Map;

/**
 * Finds texts in texts. Positions count code points; optional bounds narrow the search as a slice
 * would.
 */
final class TextSearch {
    private TextSearch() {}

    /** The part of a text between the optional bounds, and where it begins in code points. */
    private record Window(String chars, int start, boolean valid) {}

    private static Window window(Text self, Parameters parameters) {
        int size = self.codePoints();
        long start = parameters.integerOrNone("start", 0);
        int from = Slicing.clamp(start, size);
        int to = Slicing.clamp(parameters.integerOrNone("end", size), size);
        if (from > to || start > size) {
            return new Window("", from, false);
        }
        return new Window(self.chars().substring(self.offset(from), self.offset(to)), from, true);
    }

    static Value startsWith(Text self, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("startswith", "prefix", "start", "end");
        Window window = window(self, parameters);
        return Value.of(
                alternatives(parameters, "prefix", rendering).stream()
                        .anyMatch(
                                prefix -> window.valid && window.chars.startsWith(prefix.chars())));
    }

    static Value endsWith(Text self, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("endswith", "suffix", "start", "end");
        Window window = window(self, parameters);
        return Value.of(
                alternatives(parameters, "suffix", rendering).stream()
                        .anyMatch(suffix -> window.valid && window.chars.endsWith(suffix.chars())));
    }

    /** One text, or a tuple of texts of which one has to match. */
    private static List<Text> alternatives(
            Parameters parameters, String name, Rendering rendering) {
        if (!(parameters.required(name) instanceof Value.Sequence tuple)
                || tuple.kind() != Value.Kind.TUPLE) {
            return List.of(parameters.text(name));
        }
        new Arguments(tuple.items(), Map.of()).charge(rendering.budget());
        return rendering.iterate(tuple).stream()
                .map(item -> new Arguments(List.of(item), Map.of()))
                .map(arguments -> arguments.bind(parameters.callee(), name).text(name))
                .toList();
    }

    static Value find(Text self, Arguments arguments, boolean last) {
        return Value.of(position(self, arguments.bind("find", "sub", "start", "end"), last));
    }

    static Value index(Text self, Arguments arguments, boolean last) {
        long position = position(self, arguments.bind("index", "sub", "start", "end"), last);
        if (position < 0) {
            throw Fault.failed("the text that 'index' looks for is not there");
        }
        return Value.of(position);
    }

    private static long position(Text self, Parameters parameters, boolean last) {
        Window window = window(self, parameters);
        String wanted = parameters.text("sub").chars();
        int found =
                last
                        ? Search.last(window.chars, wanted, window.chars.length())
                        : Search.first(window.chars, wanted, 0);
        return !window.valid || found < 0
                ? -1
                : window.start + window.chars.codePointCount(0, found);
    }

    static Value count(Text self, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("count", "sub", "start", "end");
        Window window = window(self, parameters);
        String wanted = parameters.text("sub").chars();
        if (wanted.isEmpty()) {
            return Value.of(
                    window.valid ? window.chars.codePointCount(0, window.chars.length()) + 1 : 0);
        }
        long count = 0;
        for (int i = Search.first(window.chars, wanted, 0);
                i >= 0;
                i = Search.first(window.chars, wanted, i + wanted.length())) {
            count++;
        }
        return Value.of(count);
    }
}
