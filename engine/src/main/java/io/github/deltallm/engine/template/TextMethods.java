package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.TextLayout.Side;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/** The methods of Python's {@code str}. */
final class TextMethods {
    private static final Map<String, Method<Text>> METHODS =
            Map.ofEntries(
                    Map.entry("upper", (self, arguments, r) -> TextCase.upper(self, r)),
                    Map.entry("lower", (self, arguments, r) -> TextCase.lower(self, r)),
                    Map.entry("casefold", (self, arguments, r) -> TextCase.lower(self, r)),
                    Map.entry("title", (self, arguments, r) -> TextCase.title(self, r)),
                    Map.entry("capitalize", (self, arguments, r) -> TextCase.capitalize(self, r)),
                    Map.entry("swapcase", (self, arguments, r) -> TextCase.swapcase(self, r)),
                    Map.entry("strip", (self, arguments, r) -> strip(self, arguments, true, true)),
                    Map.entry(
                            "lstrip", (self, arguments, r) -> strip(self, arguments, true, false)),
                    Map.entry(
                            "rstrip", (self, arguments, r) -> strip(self, arguments, false, true)),
                    Map.entry("split", (self, arguments, r) -> split(self, arguments, r, false)),
                    Map.entry("rsplit", (self, arguments, r) -> split(self, arguments, r, true)),
                    Map.entry("splitlines", TextMethods::splitlines),
                    Map.entry(
                            "partition", (self, arguments, r) -> partition(self, arguments, false)),
                    Map.entry(
                            "rpartition", (self, arguments, r) -> partition(self, arguments, true)),
                    Map.entry("replace", TextMethods::replace),
                    Map.entry(
                            "removeprefix", (self, arguments, r) -> removed(self, arguments, true)),
                    Map.entry(
                            "removesuffix",
                            (self, arguments, r) -> removed(self, arguments, false)),
                    Map.entry("join", TextMethods::join),
                    Map.entry(
                            "format",
                            (self, arguments, r) -> BraceFormat.format(self, arguments, r)),
                    Map.entry("startswith", TextSearch::startsWith),
                    Map.entry("endswith", TextSearch::endsWith),
                    Map.entry(
                            "find",
                            (self, arguments, r) -> TextSearch.find(self, arguments, false)),
                    Map.entry(
                            "rfind",
                            (self, arguments, r) -> TextSearch.find(self, arguments, true)),
                    Map.entry(
                            "index",
                            (self, arguments, r) -> TextSearch.index(self, arguments, false)),
                    Map.entry(
                            "rindex",
                            (self, arguments, r) -> TextSearch.index(self, arguments, true)),
                    Map.entry("count", TextSearch::count),
                    Map.entry("center", (self, arguments, r) -> pad(self, arguments, r, Side.BOTH)),
                    Map.entry("ljust", (self, arguments, r) -> pad(self, arguments, r, Side.RIGHT)),
                    Map.entry("rjust", (self, arguments, r) -> pad(self, arguments, r, Side.LEFT)),
                    Map.entry("zfill", TextMethods::zeroFill),
                    Map.entry("isdigit", (self, arguments, r) -> all(self, Character::isDigit)),
                    Map.entry("isnumeric", (self, arguments, r) -> all(self, Character::isDigit)),
                    Map.entry("isdecimal", (self, arguments, r) -> all(self, Character::isDigit)),
                    Map.entry("isalpha", (self, arguments, r) -> all(self, Character::isLetter)),
                    Map.entry(
                            "isalnum",
                            (self, arguments, r) -> all(self, Character::isLetterOrDigit)),
                    Map.entry("isspace", (self, arguments, r) -> all(self, Whitespace::is)),
                    Map.entry("isascii", (self, arguments, r) -> ascii(self)),
                    Map.entry(
                            "isupper", (self, arguments, r) -> cased(self, Character::isUpperCase)),
                    Map.entry(
                            "islower",
                            (self, arguments, r) -> cased(self, Character::isLowerCase)));

    private TextMethods() {}

    static Optional<Method<Text>> named(String name) {
        return Optional.ofNullable(METHODS.get(name));
    }

    private static Value strip(Text self, Arguments arguments, boolean left, boolean right) {
        Optional<Text> characters = arguments.bind("strip", "chars").optionalText("chars");
        return TextSplit.strip(self, characters, left, right);
    }

    private static Value split(
            Text self, Arguments arguments, Rendering rendering, boolean fromRight) {
        Parameters parameters = arguments.bind("split", "sep", "maxsplit");
        Optional<Text> separator = parameters.optionalText("sep");
        long limit = parameters.integer("maxsplit", -1);
        List<Text> parts =
                fromRight
                        ? TextSplit.splitRight(self, separator, limit)
                        : TextSplit.split(self, separator, limit);
        rendering.budget().steps(parts.size());
        return Value.list(parts);
    }

    private static Value splitlines(Text self, Arguments arguments, Rendering rendering) {
        boolean keepEnds = arguments.bind("splitlines", "keepends").truth("keepends", false);
        List<Text> lines = TextSplit.lines(self, keepEnds);
        rendering.budget().steps(lines.size());
        return Value.list(lines);
    }

    private static Value partition(Text self, Arguments arguments, boolean last) {
        return Value.tuple(
                TextSplit.partition(self, arguments.bind("partition", "sep").text("sep"), last));
    }

    private static Value replace(Text self, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("replace", "old", "new", "count");
        return TextLayout.replace(
                self,
                parameters.text("old"),
                parameters.text("new"),
                parameters.integer("count", -1),
                rendering);
    }

    private static Value removed(Text self, Arguments arguments, boolean prefix) {
        Text part = arguments.bind(prefix ? "removeprefix" : "removesuffix", "part").text("part");
        if (prefix) {
            return self.chars().startsWith(part.chars()) ? self.from(part.length()) : self;
        }
        return self.chars().endsWith(part.chars())
                ? self.slice(0, self.length() - part.length())
                : self;
    }

    private static Value join(Text self, Arguments arguments, Rendering rendering) {
        List<Value> items =
                rendering.iterate(arguments.bind("join", "iterable").required("iterable"));
        List<Text> parts = items.stream().map(TextMethods::joined).toList();
        return TextLayout.join(self, parts, rendering);
    }

    private static Text joined(Value item) {
        Arithmetic.requireDefined(item);
        if (item instanceof Text text) {
            return text;
        }
        throw Fault.failed("join needs strings, not '" + item.type() + "'");
    }

    private static Value pad(Text self, Arguments arguments, Rendering rendering, Side side) {
        Parameters parameters = arguments.bind("pad", "width", "fillchar");
        parameters.required("width");
        Text fill = TextLayout.fill(parameters.optionalText("fillchar"));
        return TextLayout.pad(self, parameters.integer("width", 0), fill, side, rendering);
    }

    private static Value zeroFill(Text self, Arguments arguments, Rendering rendering) {
        long width = arguments.bind("zfill", "width").integer("width", 0);
        int sign = self.chars().startsWith("-") || self.chars().startsWith("+") ? 1 : 0;
        Text digits =
                TextLayout.pad(
                        self.from(sign), width - sign, Text.untrusted("0"), Side.LEFT, rendering);
        return rendering.builder().append(self, 0, sign).append(digits).build();
    }

    private static Value all(Text self, IntPredicate wanted) {
        return Value.of(!self.isEmpty() && self.chars().codePoints().allMatch(wanted));
    }

    private static Value ascii(Text self) {
        return Value.of(self.chars().chars().allMatch(c -> c < 0x80));
    }

    private static Value cased(Text self, IntPredicate wanted) {
        return Value.of(TextCase.all(self, wanted));
    }
}
