package io.github.deltallm.engine.template;

import java.util.List;

/** Writes values as Python's {@code str()} and {@code repr()} do. */
final class Printer {
    private final Budget budget;

    Printer(Budget budget) {
        this.budget = budget;
    }

    Text text(Value value) {
        return switch (value) {
            case Text text -> text;
            case Value.Undefined missing -> Text.EMPTY;
            default -> repr(value);
        };
    }

    Text repr(Value value) {
        TextBuilder out = new TextBuilder(budget);
        repr(value, out);
        return out.build();
    }

    private void repr(Value value, TextBuilder out) {
        budget.enterValue();
        switch (value) {
            case Text text -> quote(text, out);
            case Value.Undefined missing -> out.made("Undefined");
            case Value.None none -> out.made("None");
            case Value.Bool bool -> out.made(bool.value() ? "True" : "False");
            case Value.Int number -> out.made(Long.toString(number.value()));
            case Value.Real real -> out.made(RealFormat.shortest(real.value()));
            case Value.Sequence sequence -> sequence(sequence, out);
            case Mapping mapping -> mapping(mapping, out);
            case Value.Callable callable -> out.made("<function " + callable.name() + ">");
            case Namespace namespace -> out.made("<Namespace>");
            case Loop loop -> out.made("<LoopContext>");
        }
        budget.leaveValue();
    }

    private void sequence(Value.Sequence sequence, TextBuilder out) {
        switch (sequence.kind()) {
            case LIST -> items(sequence.items(), "[", "]", out);
            case TUPLE ->
                    items(sequence.items(), "(", sequence.items().size() == 1 ? ",)" : ")", out);
            case ITERATOR -> out.made("<generator>");
            default -> items(sequence.items(), sequence.type() + "([", "])", out);
        }
    }

    private void items(List<Value> items, String open, String close, TextBuilder out) {
        out.made(open);
        String separator = "";
        for (Value item : items) {
            out.made(separator);
            repr(item, out);
            separator = ", ";
        }
        out.made(close);
    }

    private void mapping(Mapping mapping, TextBuilder out) {
        out.made("{");
        String separator = "";
        for (Mapping.Entry entry : mapping.entries()) {
            out.made(separator);
            repr(entry.key(), out);
            out.made(": ");
            repr(entry.value(), out);
            separator = ", ";
        }
        out.made("}");
    }

    private static void quote(Text text, TextBuilder out) {
        String chars = text.chars();
        char quote = chars.indexOf('\'') >= 0 && chars.indexOf('"') < 0 ? '"' : '\'';
        out.made(String.valueOf(quote));
        for (int i = 0; i < chars.length(); ) {
            int c = chars.codePointAt(i);
            int next = i + Character.charCount(c);
            switch (c) {
                case '\n' -> out.made("\\n");
                case '\r' -> out.made("\\r");
                case '\t' -> out.made("\\t");
                case '\\' -> out.made("\\\\");
                default -> {
                    if (c == quote) {
                        out.made("\\").append(text, i, next);
                    } else if (isPrintable(c)) {
                        out.append(text, i, next);
                    } else {
                        out.made(
                                String.format(
                                        c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x",
                                        c));
                    }
                }
            }
            i = next;
        }
        out.made(String.valueOf(quote));
    }

    private static boolean isPrintable(int c) {
        return c == ' '
                || switch (Character.getType(c)) {
                    case Character.CONTROL,
                            Character.FORMAT,
                            Character.SURROGATE,
                            Character.PRIVATE_USE,
                            Character.UNASSIGNED,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR,
                            Character.SPACE_SEPARATOR ->
                            false;
                    default -> true;
                };
    }
}
