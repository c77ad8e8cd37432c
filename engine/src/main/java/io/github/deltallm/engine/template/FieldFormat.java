package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.TextLayout.Side;

import java.util.Locale;

/**
 * How one value is laid out inside a formatted text.
 *
 * @param type the conversion: d, f, x, X, o, c, s; NUL when none is given
 * @param precision decimals or characters, negative when none is given
 */
record FieldFormat(
        Text fill,
        char align,
        char sign,
        boolean alternate,
        boolean grouped,
        long width,
        int precision,
        char type) {

    static final FieldFormat PLAIN =
            new FieldFormat(Text.untrusted(" "), (char) 0, '-', false, false, 0, -1, (char) 0);

    Text text(Text text, Rendering rendering) {
        Text cut =
                precision >= 0 && precision < text.codePoints()
                        ? text.slice(0, text.offset(precision))
                        : text;
        return pad(cut, align == 0 ? '<' : align, rendering);
    }

    /** Digits with their sign, which zero padding leaves in front. */
    Text number(Value value, Rendering rendering) {
        String digits = digits(value);
        String lead = digits.startsWith("-") ? "-" : sign == '-' ? "" : String.valueOf(sign);
        String unsigned = digits.startsWith("-") ? digits.substring(1) : digits;
        Text prefix = Text.untrusted(lead + (alternate ? radixPrefix() : ""));
        Text body = Text.untrusted(unsigned);
        if (align == '=') {
            long room = width - prefix.length();
            body = TextLayout.pad(body, room, fill, Side.LEFT, rendering);
            return rendering.builder().append(prefix).append(body).build();
        }
        return pad(
                rendering.builder().append(prefix).append(body).build(),
                align == 0 ? '>' : align,
                rendering);
    }

    private String digits(Value value) {
        boolean real = value instanceof Value.Real;
        return switch (type) {
            case 'd', 'i', 'u' ->
                    group(Long.toString(real ? truncated(value) : Arithmetic.integer(value)));
            case 'x' -> Long.toString(Arithmetic.integer(value), 16);
            case 'X' -> Long.toString(Arithmetic.integer(value), 16).toUpperCase(Locale.ROOT);
            case 'o' -> Long.toString(Arithmetic.integer(value), 8);
            case 'b' -> Long.toString(Arithmetic.integer(value), 2);
            case 'f', 'F' ->
                    group(RealFormat.fixed(Arithmetic.real(value), precision < 0 ? 6 : precision));
            case '%' ->
                    RealFormat.fixed(Arithmetic.real(value) * 100, precision < 0 ? 6 : precision)
                            + "%";
            case 0 ->
                    group(
                            real
                                    ? RealFormat.shortest(Arithmetic.real(value))
                                    : Long.toString(Arithmetic.integer(value)));
            default ->
                    throw Fault.failed(
                            "the format '" + type + "' is not supported, use d, f, x or s");
        };
    }

    private static long truncated(Value value) {
        double real = Arithmetic.real(value);
        if (!(Math.abs(real) < 0x1p63)) {
            throw Fault.failed("a number does not fit in 64 bits");
        }
        return (long) real;
    }

    private String radixPrefix() {
        return switch (type) {
            case 'x' -> "0x";
            case 'X' -> "0X";
            case 'o' -> "0o";
            case 'b' -> "0b";
            default -> "";
        };
    }

    /** With commas between thousands, if asked for. */
    private String group(String digits) {
        return grouped
                ? digits.replaceAll("(?<=[0-9])(?=([0-9]{3})+([^0-9]|$))(?<![.][0-9]{0,1100})", ",")
                : digits;
    }

    private Text pad(Text text, char alignment, Rendering rendering) {
        Side side =
                switch (alignment) {
                    case '<' -> Side.RIGHT;
                    case '^' -> Side.BOTH;
                    default -> Side.LEFT;
                };
        if (side == Side.BOTH) { // unlike str.center, a format puts the odd one out to the right
            long missing = Math.max(0, width - text.codePoints());
            Text left =
                    TextLayout.pad(
                            text, text.codePoints() + missing / 2, fill, Side.LEFT, rendering);
            return TextLayout.pad(left, width, fill, Side.RIGHT, rendering);
        }
        return TextLayout.pad(text, width, fill, side, rendering);
    }
}
