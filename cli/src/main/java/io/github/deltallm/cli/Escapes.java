package io.github.deltallm.cli;

/** Text on one line. */
final class Escapes {
    private Escapes() {}

    /** The text with control characters and backslashes written as escapes. */
    static String of(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints()
                .forEach(point -> {
                    switch (point) {
                        case '\n' -> line.append("\\n");
                        case '\r' -> line.append("\\r");
                        case '\t' -> line.append("\\t");
                        case '\\' -> line.append("\\\\");
                        default -> {
                            if (Character.isISOControl(point)) {
                                line.append(String.format("\\u%04x", point));
                            } else {
                                line.appendCodePoint(point);
                            }
                        }
                    }
                });
        return line.toString();
    }
}
