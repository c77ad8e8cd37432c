package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.TextLayout.Side;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * Filters that make a text, mostly of one. Like Jinja2's, they take any value by what it prints as.
 */
final class TextFilters {
    private static final Pattern WORD = Pattern.compile("\\w++", Pattern.UNICODE_CHARACTER_CLASS);

    static final Map<String, Filter> ALL =
            Map.ofEntries(
                    Map.entry("string", (input, arguments, r) -> r.text(input)),
                    Map.entry("safe", (input, arguments, r) -> r.text(input)),
                    Map.entry("upper", (input, arguments, r) -> TextCase.upper(r.text(input), r)),
                    Map.entry("lower", (input, arguments, r) -> TextCase.lower(r.text(input), r)),
                    Map.entry(
                            "title",
                            (input, arguments, r) -> TextCase.titleWords(r.text(input), r)),
                    Map.entry(
                            "capitalize",
                            (input, arguments, r) -> TextCase.capitalize(r.text(input), r)),
                    Map.entry("trim", TextFilters::trim),
                    Map.entry("replace", TextFilters::replace),
                    Map.entry("indent", TextFilters::indent),
                    Map.entry("center", TextFilters::center),
                    Map.entry("truncate", TextFilters::truncate),
                    Map.entry("format", TextFilters::format),
                    Map.entry("wordcount", TextFilters::wordcount),
                    Map.entry("escape", TextFilters::escape),
                    Map.entry("e", TextFilters::escape),
                    Map.entry("tojson", TextFilters::tojson));

    private TextFilters() {}

    private static Value trim(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("trim", "chars");
        return TextSplit.strip(rendering.text(input), parameters.optionalText("chars"), true, true);
    }

    private static Value replace(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("replace", "old", "new", "count");
        return TextLayout.replace(
                rendering.text(input),
                rendering.text(parameters.required("old")),
                rendering.text(parameters.required("new")),
                parameters.integerOrNone("count", -1),
                rendering);
    }

    private static Value indent(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("indent", "width", "first", "blank");
        Value width = parameters.or("width", Value.of(4));
        Text indentation =
                width instanceof Text text
                        ? text
                        : TextLayout.repeat(
                                Text.untrusted(" "), parameters.integer("width", 4), rendering);
        if (!(input instanceof Text text)) {
            throw Fault.failed("only a string can be indented, not '" + input.type() + "'");
        }
        return TextLayout.indent(
                text,
                indentation,
                parameters.truth("first", false),
                parameters.truth("blank", false),
                rendering);
    }

    private static Value center(Value input, Arguments arguments, Rendering rendering) {
        long width = arguments.bind("center", "width").integer("width", 80);
        return TextLayout.pad(
                rendering.text(input), width, Text.untrusted(" "), Side.BOTH, rendering);
    }

    private static Value truncate(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("truncate", "length", "killwords", "end", "leeway");
        if (!(input instanceof Text text)) {
            throw Fault.failed("only a string can be truncated, not '" + input.type() + "'");
        }
        Text end = rendering.text(parameters.or("end", Text.untrusted("...")));
        long length = parameters.integer("length", 255);
        if (text.codePoints() <= length + parameters.integerOrNone("leeway", 5)) {
            return text;
        }
        long kept = length - end.codePoints();
        if (kept < 0) {
            throw Fault.failed(
                    "truncate cannot keep " + length + " characters, its end alone has more");
        }
        Text start = text.slice(0, text.offset((int) kept));
        int space = start.chars().lastIndexOf(' ');
        Text words =
                parameters.truth("killwords", false) || space < 0 ? start : start.slice(0, space);
        return rendering.builder().append(words).append(end).build();
    }

    private static Value format(Value input, Arguments arguments, Rendering rendering) {
        if (arguments.named().isEmpty()) {
            return PercentFormat.format(
                    rendering.text(input), Value.tuple(arguments.positional()), rendering);
        }
        if (!arguments.positional().isEmpty()) {
            throw Fault.failed("format takes values by position or by name, not both");
        }
        Mapping.Builder named = new Mapping.Builder();
        arguments.named().forEach((name, value) -> named.put(Text.trusted(name), value));
        return PercentFormat.format(rendering.text(input), named.build(), rendering);
    }

    private static Value wordcount(Value input, Arguments arguments, Rendering rendering) {
        return Value.of(WORD.matcher(rendering.text(input).chars()).results().count());
    }

    private static Value escape(Value input, Arguments arguments, Rendering rendering) {
        Text text = rendering.text(input);
        TextBuilder out = rendering.builder();
        for (int i = 0; i < text.length(); i++) {
            switch (text.chars().charAt(i)) {
                case '&' -> out.made("&amp;");
                case '<' -> out.made("&lt;");
                case '>' -> out.made("&gt;");
                case '\'' -> out.made("&#39;");
                case '"' -> out.made("&#34;");
                default -> out.append(text, i, i + 1);
            }
        }
        return out.build();
    }

    private static Value tojson(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters =
                arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
        Value indent = parameters.or("indent", Value.NONE);
        boolean multiline = !(indent instanceof Value.None);
        Text level =
                indent instanceof Text text
                        ? text
                        : TextLayout.repeat(
                                Text.untrusted(" "),
                                parameters.integerOrNone("indent", 0),
                                rendering);
        Text itemSeparator = Text.untrusted(multiline ? "," : ", ");
        Text keySeparator = Text.untrusted(": ");
        Value separators = parameters.or("separators", Value.NONE);
        if (!(separators instanceof Value.None)) {
            Arguments both = new Arguments(rendering.iterate(separators), Map.of());
            Parameters bound = both.bind("separators", "item", "key");
            itemSeparator = bound.text("item");
            keySeparator = bound.text("key");
        }
        Json.Style style =
                new Json.Style(
                        multiline,
                        level,
                        itemSeparator,
                        keySeparator,
                        parameters.truth("ensure_ascii", false),
                        parameters.truth("sort_keys", false));
        return Json.write(input, style, rendering);
    }
}
