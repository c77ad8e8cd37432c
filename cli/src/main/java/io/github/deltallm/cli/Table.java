package io.github.deltallm.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows of text in aligned columns; control characters appear as escapes. */
final class Table {
    private final boolean[] right;
    private final List<String[]> rows = new ArrayList<>();

    /** A table with these headings; those that end in {@code >} head columns of numbers. */
    Table(String... headings) {
        right = new boolean[headings.length];
        String[] head = new String[headings.length];
        for (int i = 0; i < headings.length; i++) {
            right[i] = headings[i].endsWith(">");
            String heading =
                    right[i] ? headings[i].substring(0, headings[i].length() - 1) : headings[i];
            head[i] = Escapes.line(heading);
        }
        rows.add(head);
    }

    Table row(Object... cells) {
        rows.add(
                Arrays.stream(cells)
                        .map(String::valueOf)
                        .map(Escapes::line)
                        .toArray(String[]::new));
        return this;
    }

    void print(PrintWriter out) {
        int[] widths = new int[right.length];
        for (String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], width(row[i]));
            }
        }
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String padding = " ".repeat(widths[i] - width(row[i]));
                line.append(i == 0 ? "" : "  ")
                        .append(right[i] ? padding + row[i] : row[i] + padding);
            }
            out.println(line.toString().stripTrailing());
        }
    }

    private static int width(String text) {
        return text.codePointCount(0, text.length());
    }
}
