package io.github.deltallm.engine.template;

import java.util.ArrayList;
import java.util.List;

/** Python's {@code json.dumps}, which is the {@code tojson} of chat templates. */
final class Json {
    /**
     * How to lay it out.
     *
     * @param indent what one level is indented by; lines are broken only where {@code multiline}
     */
    record Style(
            boolean multiline,
            Text indent,
            Text itemSeparator,
            Text keySeparator,
            boolean asciiOnly,
            boolean sortKeys) {}

    private final Rendering rendering;
    private final Style style;
    private final TextBuilder out;

    private Json(Rendering rendering, Style style) {
        this.rendering = rendering;
        this.style = style;
        this.out = rendering.builder();
    }

    static Text write(Value value, Style style, Rendering rendering) {
        Json json = new Json(rendering, style);
        json.value(value, 0);
        return json.out.build();
    }

    private void value(Value value, int level) {
        rendering.budget().enterValue();
        switch (value) {
            case Text text -> string(text);
            case Value.None none -> out.made("null");
            case Value.Bool bool -> out.made(bool.value() ? "true" : "false");
            case Value.Int number -> out.made(Long.toString(number.value()));
            case Value.Real real -> out.made(real(real.value()));
            case Value.Sequence sequence when sequence.kind().indexed() ->
                    array(sequence.items(), level);
            case Mapping mapping -> object(mapping, level);
            default ->
                    throw Fault.failed(
                            "a value of type '" + value.type() + "' cannot be written as JSON");
        }
        rendering.budget().leaveValue();
    }

    private static String real(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "Infinity" : "-Infinity";
        }
        return RealFormat.shortest(value);
    }

    private void array(List<Value> items, int level) {
        out.made("[");
        for (int i = 0; i < items.size(); i++) {
            before(i, level + 1);
            value(items.get(i), level + 1);
        }
        end(items.isEmpty(), level);
        out.made("]");
    }

    private void object(Mapping mapping, int level) {
        out.made("{");
        List<Mapping.Entry> entries = new ArrayList<>(mapping.entries());
        if (style.sortKeys) {
            entries.sort((a, b) -> rendering.comparison().order(a.key(), b.key()));
        }
        for (int i = 0; i < entries.size(); i++) {
            before(i, level + 1);
            key(entries.get(i).key());
            out.append(style.keySeparator);
            value(entries.get(i).value(), level + 1);
        }
        end(entries.isEmpty(), level);
        out.made("}");
    }

    private void before(int index, int level) {
        if (index > 0) {
            out.append(style.itemSeparator);
        }
        newLine(level);
    }

    private void end(boolean empty, int level) {
        if (!empty) {
            newLine(level);
        }
    }

    private void newLine(int level) {
        if (style.multiline) {
            out.made("\n");
            for (int i = 0; i < level; i++) {
                out.append(style.indent);
            }
        }
    }

    private void key(Value key) {
        switch (key) {
            case Text text -> string(text);
            case Value.None none -> out.made("\"null\"");
            case Value.Bool bool -> out.made(bool.value() ? "\"true\"" : "\"false\"");
            case Value.Int number -> out.made("\"" + number.value() + "\"");
            case Value.Real real -> out.made("\"" + real(real.value()) + "\"");
            default ->
                    throw Fault.failed(
                            "a value of type '" + key.type() + "' cannot be a key in JSON");
        }
    }

    private void string(Text text) {
        out.made("\"");
        String chars = text.chars();
        int copied = 0;
        for (int i = 0; i < chars.length(); i++) {
            String escape = escape(chars.charAt(i));
            if (!escape.isEmpty()) {
                out.append(text, copied, i).made(escape);
                copied = i + 1;
            }
        }
        out.append(text, copied, text.length()).made("\"");
    }

    /** What stands for a character that cannot stand for itself, else nothing. */
    private String escape(char c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            default ->
                    c < 0x20 || (style.asciiOnly && c > 0x7e)
                            ? String.format("\\u%04x", (int) c)
                            : "";
        };
    }
}
