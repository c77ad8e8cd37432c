package io.github.deltallm.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A string as a GGUF file holds it: bytes that should be UTF-8. */
public final class GgufText implements GgufValue {
    private static final int SHOWN = 60;

    private final MemorySegment utf8;

    GgufText(MemorySegment utf8) {
        this.utf8 = utf8.asReadOnly();
    }

    static GgufText of(String value) {
        return new GgufText(MemorySegment.ofArray(value.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public GgufType type() {
        return GgufType.STRING;
    }

    /** The text; each malformed sequence is replaced by U+FFFD. */
    public String value() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /** The exact bytes, a copy. */
    public byte[] bytes() {
        return utf8.toArray(ValueLayout.JAVA_BYTE);
    }

    /** The bytes in place. */
    MemorySegment segment() {
        return utf8;
    }

    @Override
    public String display() {
        return shown(utf8);
    }

    /** The beginning of a string's bytes as a quoted line. */
    static String shown(MemorySegment utf8) {
        // At most four bytes a character, so this prefix is enough to know whether to abbreviate.
        long prefix = Math.min(utf8.byteSize(), 4L * SHOWN + 4);
        byte[] bytes = utf8.asSlice(0, prefix).toArray(ValueLayout.JAVA_BYTE);
        String text = new String(bytes, StandardCharsets.UTF_8);
        boolean whole = prefix == utf8.byteSize() && text.codePointCount(0, text.length()) <= SHOWN;
        return whole ? '"' + escaped(text) + '"' : '"' + escaped(beginning(text)) + "\"...";
    }

    private static String beginning(String text) {
        int points = Math.min(SHOWN, text.codePointCount(0, text.length()));
        return text.substring(0, text.offsetByCodePoints(0, points));
    }

    /** The text on one line: what does not print is written as an escape. */
    static String escaped(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints()
                .forEach(point -> {
                    switch (point) {
                        case '\n' -> line.append("\\n");
                        case '\r' -> line.append("\\r");
                        case '\t' -> line.append("\\t");
                        case '"' -> line.append("\\\"");
                        case '\\' -> line.append("\\\\");
                        default -> {
                            if (printable(point)) {
                                line.appendCodePoint(point);
                            } else {
                                line.append(String.format("\\u{%x}", point));
                            }
                        }
                    }
                });
        return line.toString();
    }

    private static boolean printable(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.SURROGATE,
                    Character.UNASSIGNED ->
                    false;
            default -> true;
        };
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof GgufText text && utf8.mismatch(text.utf8) == -1;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes());
    }

    @Override
    public String toString() {
        return display();
    }
}
