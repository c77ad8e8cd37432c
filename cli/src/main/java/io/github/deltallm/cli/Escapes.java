package io.github.deltallm.cli;

import java.util.HexFormat;

/**
 * Text that a terminal prints and does not obey: texts of model files, and what models make up, may
 * hold its control sequences.
 */
final class Escapes {
    private static final HexFormat HEX = HexFormat.of();

    private Escapes() {}

    /** The text on one line, with control characters and backslashes written as escapes. */
    static String of(String text) {
        return escaped(text, "\\");
    }

    /** The text on one line, with control characters written as escapes. */
    static String line(String text) {
        return escaped(text, "");
    }

    /** The text with control characters written as escapes, apart from line feeds and tabs. */
    static String lines(String text) {
        if (text.chars().noneMatch(Character::isISOControl)) {
            return text;
        }
        StringBuilder lines = new StringBuilder(text.length());
        text.chars()
                .forEach(unit -> {
                    if (unit == '\n' || unit == '\t') {
                        lines.append((char) unit);
                    } else {
                        append(lines, unit);
                    }
                });
        return lines.toString();
    }

    /**
     * JSON text with the control characters escaped that may stand in it as they are: DEL and those
     * from U+0080 on.
     */
    static String json(String document) {
        if (document.chars().noneMatch(Escapes::isLateControl)) {
            return document;
        }
        StringBuilder escaped = new StringBuilder(document.length());
        document.chars()
                .forEach(unit -> {
                    if (isLateControl(unit)) {
                        append(escaped, unit);
                    } else {
                        escaped.append((char) unit);
                    }
                });
        return escaped.toString();
    }

    private static boolean isLateControl(int unit) {
        return unit >= 0x7f && Character.isISOControl(unit);
    }

    private static String escaped(String text, String others) {
        StringBuilder line = new StringBuilder(text.length());
        text.chars()
                .forEach(unit -> {
                    if (others.indexOf(unit) >= 0) {
                        line.append('\\');
                    }
                    append(line, unit);
                });
        return line.toString();
    }

    private static void append(StringBuilder text, int unit) {
        switch (unit) {
            case '\n' -> text.append("\\n");
            case '\r' -> text.append("\\r");
            case '\t' -> text.append("\\t");
            default -> {
                if (Character.isISOControl(unit)) {
                    text.append("\\u00").append(HEX.toHexDigits((byte) unit));
                } else {
                    text.append((char) unit);
                }
            }
        }
    }
}
