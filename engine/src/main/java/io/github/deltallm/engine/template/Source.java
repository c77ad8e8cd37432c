package io.github.deltallm.engine.template;

import java.util.Arrays;

/**
 * The text of a template with Jinja's view of its lines: any line end is a newline, and one at the
 * very end is dropped.
 */
final class Source {
    private final String text;
    private final int[] lineStarts;

    Source(String source) {
        String unified = source.replace("\r\n", "\n").replace('\r', '\n');
        text = unified.endsWith("\n") ? unified.substring(0, unified.length() - 1) : unified;
        int[] starts = new int[16];
        int lines = 1;
        for (int i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) {
            if (lines == starts.length) {
                starts = Arrays.copyOf(starts, lines * 2);
            }
            starts[lines++] = i + 1;
        }
        lineStarts = Arrays.copyOf(starts, lines);
    }

    String text() {
        return text;
    }

    int length() {
        return text.length();
    }

    /** The character at an index, or NUL past the end. */
    char at(int index) {
        return index < text.length() ? text.charAt(index) : 0;
    }

    boolean has(String expected, int index) {
        return text.startsWith(expected, index);
    }

    int skipWhitespace(int index) {
        int end = index;
        while (end < text.length() && Whitespace.is(text.charAt(end))) {
            end++;
        }
        return end;
    }

    Position position(int index) {
        int found = Arrays.binarySearch(lineStarts, index);
        int line = found >= 0 ? found : -found - 2;
        return new Position(line + 1, index - lineStarts[line] + 1);
    }
}
