package io.github.deltallm.engine.template;

import java.util.Map;
import java.util.Optional;

/**
 * Python's {@code str.format}: fields by position or name, with accesses, {@code !r} and a layout,
 * but none nested.
 */
final class BraceFormat {
    private final Text format;
    private final Arguments arguments;
    private final Rendering rendering;
    private final TextBuilder out;
    private int automatic;

    private BraceFormat(Text format, Arguments arguments, Rendering rendering) {
        this.format = format;
        this.arguments = arguments;
        this.rendering = rendering;
        this.out = rendering.builder();
    }

    static Text format(Text format, Arguments arguments, Rendering rendering) {
        return new BraceFormat(format, arguments, rendering).format();
    }

    private Text format() {
        String chars = format.chars();
        for (int i = 0; i < chars.length(); ) {
            char c = chars.charAt(i);
            boolean doubled = i + 1 < chars.length() && chars.charAt(i + 1) == c;
            if ((c == '{' || c == '}') && doubled) {
                out.append(format, i, i + 1);
                i += 2;
            } else if (c == '{') {
                int end = chars.indexOf('}', i);
                if (end < 0) {
                    throw Fault.failed("a format has a '{' without '}'");
                }
                field(chars.substring(i + 1, end));
                i = end + 1;
            } else if (c == '}') {
                throw Fault.failed("a format has a '}' without '{'");
            } else {
                out.append(format, i, i + 1);
                i++;
            }
        }
        return out.build();
    }

    private void field(String field) {
        int colon = field.indexOf(':');
        String reference = colon < 0 ? field : field.substring(0, colon);
        String layout = colon < 0 ? "" : field.substring(colon + 1);
        int conversion = reference.indexOf('!');
        Value value = value(conversion < 0 ? reference : reference.substring(0, conversion));
        if (conversion >= 0) {
            value = convert(value, reference.substring(conversion + 1));
        }
        FieldFormat parsed = layout(layout);
        boolean number =
                Arithmetic.isNumber(value) && !(value instanceof Value.Bool && layout.isEmpty());
        out.append(
                number
                        ? parsed.number(value, rendering)
                        : parsed.text(printable(value, parsed), rendering));
    }

    private Text printable(Value value, FieldFormat layout) {
        if (layout.type() != 0 && layout.type() != 's') {
            throw Fault.failed(
                    "the format '"
                            + layout.type()
                            + "' needs a number, not '"
                            + value.type()
                            + "'");
        }
        return rendering.text(value);
    }

    private Value convert(Value value, String conversion) {
        return switch (conversion) {
            case "r" -> rendering.printer().repr(value);
            case "s" -> rendering.text(value);
            default ->
                    throw Fault.failed("a format has an unknown conversion '!" + conversion + "'");
        };
    }

    /** The argument a field names, and what is accessed on it with dots and brackets. */
    private Value value(String reference) {
        int end = 0;
        while (end < reference.length()
                && reference.charAt(end) != '.'
                && reference.charAt(end) != '[') {
            end++;
        }
        Value value = argument(reference.substring(0, end));
        while (end < reference.length()) {
            boolean bracket = reference.charAt(end) == '[';
            int next = end + 1;
            while (next < reference.length()
                    && (bracket
                            ? reference.charAt(next) != ']'
                            : ".[".indexOf(reference.charAt(next)) < 0)) {
                next++;
            }
            String name = reference.substring(end + 1, next);
            value =
                    bracket
                            ? rendering.access().path(value, Text.untrusted(name), Optional.empty())
                            : rendering.access().attribute(value, name);
            end = bracket ? next + 1 : next;
        }
        return value;
    }

    private Value argument(String name) {
        boolean position = name.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!position) {
            Map<String, Value> named = arguments.named();
            if (!named.containsKey(name)) {
                throw Fault.failed("a format finds no value named '" + name + "'");
            }
            return named.get(name);
        }
        long index = name.isEmpty() ? automatic++ : NumberParser.integer(name, 10).orElseThrow();
        if (index >= arguments.positional().size()) {
            throw Fault.failed("a format has more fields than values");
        }
        return arguments.positional().get((int) index);
    }

    private static FieldFormat layout(String spec) {
        int i = 0;
        Text fill = Text.untrusted(" ");
        char align = 0;
        if (spec.length() > 1 && "<>^=".indexOf(spec.charAt(1)) >= 0) {
            fill = Text.untrusted(spec.substring(0, 1));
            align = spec.charAt(1);
            i = 2;
        } else if (!spec.isEmpty() && "<>^=".indexOf(spec.charAt(0)) >= 0) {
            align = spec.charAt(0);
            i = 1;
        }
        char sign = has(spec, i, "+- ") ? spec.charAt(i++) : '-';
        boolean alternate = has(spec, i, "#");
        i += alternate ? 1 : 0;
        if (has(spec, i, "0") && align == 0) {
            fill = Text.untrusted("0");
            align = '=';
        }
        int end = digits(spec, i);
        long width = number(spec, i, end);
        i = end;
        boolean grouped = has(spec, i, ",");
        i += grouped ? 1 : 0;
        int precision = -1;
        if (has(spec, i, ".")) {
            end = digits(spec, i + 1);
            precision = (int) number(spec, i + 1, end);
            i = end;
        }
        char type = i < spec.length() ? spec.charAt(i++) : 0;
        if (i != spec.length()) {
            throw Fault.failed("the layout '" + spec + "' in a format is not understood");
        }
        return new FieldFormat(fill, align, sign, alternate, grouped, width, precision, type);
    }

    private static boolean has(String spec, int index, String characters) {
        return index < spec.length() && characters.indexOf(spec.charAt(index)) >= 0;
    }

    private static int digits(String spec, int start) {
        int end = start;
        while (has(spec, end, "0123456789")) {
            end++;
        }
        return end;
    }

    private static long number(String spec, int start, int end) {
        if (end - start > 9) {
            return Budget.TEXT + 1L; // refused as soon as it is used
        }
        return start == end ? 0 : Long.parseLong(spec, start, end, 10);
    }
}
