package io.github.deltallm.engine.template;

/** Python's backslash escapes in string constants; an unknown one stays as it is written. */
final class StringEscapes {
    private final String escaped;
    private final Position at;
    private final StringBuilder resolved = new StringBuilder();
    private int next;

    private StringEscapes(String escaped, Position at) {
        this.escaped = escaped;
        this.at = at;
    }

    static String resolve(String escaped, Position at) {
        return escaped.indexOf('\\') < 0 ? escaped : new StringEscapes(escaped, at).resolve();
    }

    private String resolve() {
        while (next < escaped.length()) {
            char c = escaped.charAt(next++);
            if (c == '\\' && next < escaped.length()) {
                escape(escaped.charAt(next++));
            } else {
                resolved.append(c);
            }
        }
        return resolved.toString();
    }

    private void escape(char c) {
        switch (c) {
            case '\n' -> {}
            case '\\', '\'', '"' -> resolved.append(c);
            case 'a' -> resolved.append('\u0007');
            case 'b' -> resolved.append('\b');
            case 'f' -> resolved.append('\f');
            case 'n' -> resolved.append('\n');
            case 'r' -> resolved.append('\r');
            case 't' -> resolved.append('\t');
            case 'v' -> resolved.append('\u000b');
            case 'x' -> hexadecimal(c, 2);
            case 'u' -> hexadecimal(c, 4);
            case 'U' -> hexadecimal(c, 8);
            case 'N' ->
                    throw Fault.unreadable(
                            "the string names a character with \\N, write it as \\u instead", at);
            case '0', '1', '2', '3', '4', '5', '6', '7' -> octal();
            default -> resolved.append('\\').append(c);
        }
    }

    private void hexadecimal(char kind, int digits) {
        int end = next + digits;
        String hex = end <= escaped.length() ? escaped.substring(next, end) : "";
        int codePoint =
                hex.chars().allMatch(c -> Character.digit(c, 16) >= 0) && !hex.isEmpty()
                        ? Integer.parseUnsignedInt(hex, 16)
                        : -1;
        if (!Character.isValidCodePoint(codePoint)) {
            throw Fault.unreadable("the string has a broken escape \\" + kind, at);
        }
        resolved.appendCodePoint(codePoint);
        next = end;
    }

    /** One to three digits, the first of which is read already. */
    private void octal() {
        int value = 0;
        int start = next - 1;
        next = start;
        while (next < escaped.length()
                && next < start + 3
                && Character.digit(escaped.charAt(next), 8) >= 0) {
            value = value * 8 + Character.digit(escaped.charAt(next++), 8);
        }
        resolved.appendCodePoint(value);
    }
}
