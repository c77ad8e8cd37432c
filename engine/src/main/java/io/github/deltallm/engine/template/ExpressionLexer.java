package io.github.deltallm.engine.template;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Reads the tokens inside a tag: names, numbers, strings and operators, with brackets in balance.
 */
final class ExpressionLexer {
    private static final List<String> OPERATORS =
            List.of(
                    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(",
                    ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";");

    private final Source source;
    private final List<Token> tokens;
    private final Deque<String> expectedBrackets = new ArrayDeque<>();

    ExpressionLexer(Source source, List<Token> tokens) {
        this.source = source;
        this.tokens = tokens;
    }

    /**
     * Whether no bracket is open; only then can a closing tag be one, and not the end of two dicts.
     */
    boolean balanced() {
        return expectedBrackets.isEmpty();
    }

    /** Reads the token that starts here and returns where it ends. */
    int next(int start) {
        int first = source.text().codePointAt(start);
        if (first == '\'' || first == '"') {
            return string(start, (char) first);
        }
        if (first >= '0' && first <= '9') {
            return number(start);
        }
        if (first == '_' || Character.isUnicodeIdentifierStart(first)) {
            return name(start);
        }
        for (String operator : OPERATORS) {
            if (source.has(operator, start)) {
                balance(operator, start);
                return add(Token.Type.OPERATOR, operator, start, start + operator.length());
            }
        }
        throw Fault.unreadable(
                "unexpected character '" + Character.toString(first) + "'", source.position(start));
    }

    private void balance(String operator, int start) {
        switch (operator) {
            case "(" -> expectedBrackets.push(")");
            case "[" -> expectedBrackets.push("]");
            case "{" -> expectedBrackets.push("}");
            case ")", "]", "}" -> {
                if (expectedBrackets.isEmpty() || !expectedBrackets.pop().equals(operator)) {
                    throw Fault.unreadable("unexpected '" + operator + "'", source.position(start));
                }
            }
            default -> {}
        }
    }

    private int name(int start) {
        int end = start;
        while (end < source.length()
                && Character.isUnicodeIdentifierPart(source.text().codePointAt(end))) {
            end += Character.charCount(source.text().codePointAt(end));
        }
        return add(Token.Type.NAME, source.text().substring(start, end), start, end);
    }

    private int string(int start, char quote) {
        for (int end = start + 1; end < source.length(); end++) {
            char c = source.at(end);
            if (c == '\\') {
                end++;
            } else if (c == quote) {
                String escaped = source.text().substring(start + 1, end);
                return add(
                        Token.Type.STRING,
                        StringEscapes.resolve(escaped, source.position(start)),
                        start,
                        end + 1);
            }
        }
        throw Fault.unreadable("the string has no end", source.position(start));
    }

    private int number(int start) {
        int whole = digits(start);
        int end = whole;
        boolean attribute =
                start > 0 && source.at(start - 1) == '.'; // items.0.1 are two indexes, not 0.1
        if (!attribute) {
            if (source.at(end) == '.' && isDigit(source.at(end + 1))) {
                end = digits(end + 1);
            }
            if (source.at(end) == 'e' || source.at(end) == 'E') {
                char sign = source.at(end + 1);
                int exponent = end + (sign == '+' || sign == '-' ? 2 : 1);
                end = isDigit(source.at(exponent)) ? digits(exponent) : end;
            }
        }
        if (end > whole) {
            return add(Token.Type.FLOAT, plain(start, end), start, end);
        }
        if (source.at(start) == '0'
                && "bBoOxX".indexOf(source.at(start + 1)) >= 0
                && source.at(start + 1) != 0) {
            return prefixed(start);
        }
        if (source.at(start) == '0') {
            end = start;
            while (source.at(end) == '0' || (source.at(end) == '_' && source.at(end + 1) == '0')) {
                end++;
            }
        }
        return add(Token.Type.INTEGER, plain(start, end), start, end);
    }

    /** An integer in base 2, 8 or 16, kept with its prefix. */
    private int prefixed(int start) {
        int radix =
                switch (source.at(start + 1)) {
                    case 'b', 'B' -> 2;
                    case 'o', 'O' -> 8;
                    default -> 16;
                };
        int end = start + 2;
        while (Character.digit(source.at(end), radix) >= 0 || source.at(end) == '_') {
            end++;
        }
        return add(Token.Type.INTEGER, plain(start, end), start, end);
    }

    private String plain(int start, int end) {
        return source.text().substring(start, end).replace("_", "");
    }

    /** The end of a run of digits, which may be parted by single underscores. */
    private int digits(int start) {
        int end = start;
        while (isDigit(source.at(end)) || (source.at(end) == '_' && isDigit(source.at(end + 1)))) {
            end++;
        }
        return end;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private int add(Token.Type type, String content, int start, int end) {
        tokens.add(new Token(type, content, source.position(start)));
        return end;
    }
}
