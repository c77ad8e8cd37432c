package io.github.deltallm.engine.template;

import java.util.List;

/**
 * Python's {@code 'text %s' % values}. Text that goes in keeps its trust; digits and padding have
 * none.
 */
final class PercentFormat {
    private final Text format;
    private final Value values;
    private final Rendering rendering;
    private final TextBuilder out;
    private int next;
    private int used;

    private PercentFormat(Text format, Value values, Rendering rendering) {
        this.format = format;
        this.values = values;
        this.rendering = rendering;
        this.out = rendering.builder();
    }

    static Text format(Text format, Value values, Rendering rendering) {
        return new PercentFormat(format, values, rendering).format();
    }

    private Text format() {
        String chars = format.chars();
        rendering.budget().characters(chars.length());
        while (next < chars.length()) {
            int percent = chars.indexOf('%', next);
            int end = percent < 0 ? chars.length() : percent;
            out.append(format, next, end);
            next = end;
            if (percent >= 0) {
                field();
            }
        }
        if (values instanceof Value.Sequence tuple
                && tuple.kind() == Value.Kind.TUPLE
                && used < tuple.items().size()) {
            throw Fault.failed("a format got more values than it has fields");
        }
        if (!(values instanceof Value.Sequence) && !(values instanceof Mapping) && used == 0) {
            throw Fault.failed("a format got a value and has no field for it");
        }
        return out.build();
    }

    private void field() {
        int percent = next++;
        Value named = Value.NONE;
        boolean byName = current() == '(';
        if (byName) {
            named = named();
        }
        boolean left = false;
        boolean zero = false;
        boolean alternate = false;
        char sign = '-';
        for (; "-+ 0#".indexOf(current()) >= 0; next++) {
            switch (current()) {
                case '-' -> left = true;
                case '0' -> zero = true;
                case '#' -> alternate = true;
                default -> sign = sign == '+' ? sign : current();
            }
        }
        long width = integer();
        int precision = -1;
        if (current() == '.') {
            next++;
            precision = (int) integer();
        }
        char type = current();
        next++;
        if (type == '%') {
            out.append(format, percent, percent + 1);
            return;
        }
        Value value = byName ? named : value();
        boolean number = "diufFxXo".indexOf(type) >= 0;
        Text fill = Text.untrusted(zero && number && !left ? "0" : " ");
        char align = left ? '<' : zero && number ? '=' : '>';
        out.append(
                convert(
                        value,
                        new FieldFormat(
                                fill, align, sign, alternate, false, width, precision, type)));
    }

    private Text convert(Value value, FieldFormat field) {
        return switch (field.type()) {
            case 's' -> field.text(rendering.text(value), rendering);
            case 'r' -> field.text(rendering.printer().repr(value), rendering);
            case 'c' -> field.text(character(value), rendering);
            default -> field.number(number(value, field.type()), rendering);
        };
    }

    private static Value number(Value value, char type) {
        Arithmetic.requireDefined(value);
        if (!Arithmetic.isNumber(value)) {
            throw Fault.failed(
                    "the format %" + type + " needs a number, not '" + value.type() + "'");
        }
        return value;
    }

    private static Text character(Value value) {
        if (value instanceof Text text && text.codePoints() == 1) {
            return text;
        }
        if (value instanceof Value.Int number
                && number.value() >= 0
                && number.value() <= Character.MAX_CODE_POINT) {
            return Text.untrusted(Character.toString((int) number.value()));
        }
        throw Fault.failed("the format %c needs one character");
    }

    private Value named() {
        int close = format.chars().indexOf(')', next);
        if (close < 0 || !(values instanceof Mapping mapping)) {
            throw Fault.failed("a format with names needs a dict");
        }
        String name = format.chars().substring(next + 1, close);
        next = close + 1;
        used++;
        return mapping.get(name)
                .orElseThrow(() -> Fault.failed("a format finds no value named '" + name + "'"));
    }

    private Value value() {
        List<Value> positional =
                values instanceof Value.Sequence tuple && tuple.kind() == Value.Kind.TUPLE
                        ? tuple.items()
                        : List.of(values);
        if (used >= positional.size()) {
            throw Fault.failed("a format has more fields than values");
        }
        return positional.get(used++);
    }

    /** Digits up to a number that is too large for any text, as which it is then refused. */
    private long integer() {
        long value = 0;
        for (; Character.digit(current(), 10) >= 0; next++) {
            value = Math.min(value * 10 + Character.digit(current(), 10), Budget.TEXT + 1L);
        }
        return value;
    }

    /** The character to be read; a format that ends too early has none. */
    private char current() {
        if (next >= format.length()) {
            throw Fault.failed("a format ends in the middle of a field");
        }
        return format.chars().charAt(next);
    }
}
