package io.github.deltallm.engine.template;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads numbers as Python's {@code int()} and {@code float()} do. */
final class NumberParser {
    private static final Pattern DECIMAL =
            Pattern.compile("[+-]?([0-9]++(\\.[0-9]*+)?|\\.[0-9]++)([eE][+-]?[0-9]++)?");

    private NumberParser() {}

    static Value constant(Token token) {
        if (token.is(Token.Type.FLOAT)) {
            return Value.of(Double.parseDouble(token.text()));
        }
        try {
            return Value.of(
                    integer(token.text(), 0)
                            .orElseThrow(() ->
                                    Fault.failed("'" + token.text() + "' is not an integer")));
        } catch (Fault fault) {
            throw Fault.unreadable(fault.what(), token.at());
        }
    }

    /** Empty for what is no integer; one that needs more than 64 bits is a fault. */
    static Optional<Long> integer(String text, int base) {
        String digits = stripped(text);
        boolean negative = digits.startsWith("-");
        if (negative || digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        int prefixed = prefixBase(digits);
        int radix = base;
        if (prefixed > 0 && (base == 0 || base == prefixed)) {
            radix = prefixed;
            digits = digits.substring(2);
        } else if (base == 0) {
            radix = 10;
        }
        if (radix < Character.MIN_RADIX || radix > Character.MAX_RADIX) {
            throw Fault.failed("int() base must be 0 or between 2 and 36, not " + base);
        }
        int checked = radix;
        if (digits.isEmpty() || !digits.chars().allMatch(c -> Character.digit(c, checked) >= 0)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Long.parseLong((negative ? "-" : "") + digits, radix));
        } catch (NumberFormatException e) {
            throw Fault.failed(
                    "an integer of " + digits.length() + " digits does not fit in 64 bits");
        }
    }

    private static int prefixBase(String digits) {
        if (digits.length() < 2 || digits.charAt(0) != '0') {
            return 0;
        }
        return switch (digits.charAt(1)) {
            case 'b', 'B' -> 2;
            case 'o', 'O' -> 8;
            case 'x', 'X' -> 16;
            default -> 0;
        };
    }

    static Optional<Double> real(String text) {
        String number = stripped(text);
        if (DECIMAL.matcher(number).matches()) {
            return Optional.of(Double.parseDouble(number));
        }
        boolean negative = number.startsWith("-");
        String unsigned = negative || number.startsWith("+") ? number.substring(1) : number;
        return switch (unsigned.toLowerCase(Locale.ROOT)) {
            case "inf", "infinity" ->
                    Optional.of(negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
            case "nan" -> Optional.of(Double.NaN);
            default -> Optional.empty();
        };
    }

    /** Without white space around it, nor the underscores that may part two digits. */
    private static String stripped(String text) {
        int end = Whitespace.trailing(text);
        String number = text.substring(Math.min(Whitespace.leading(text), end), end);
        return number.indexOf('_') < 0
                ? number
                : number.replaceAll("(?<=[0-9a-zA-Z])_(?=[0-9a-zA-Z])", "");
    }
}
