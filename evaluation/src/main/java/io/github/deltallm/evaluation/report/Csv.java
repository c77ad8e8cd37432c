package io.github.deltallm.evaluation.report;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A table as RFC 4180 has it, lines ending in CR LF. Text that a spreadsheet would take for a
 * formula gets an apostrophe in front.
 */
final class Csv {
    private static final String FORMULA = "=+-@\t\r";

    private Csv() {}

    static String of(DataTable table) {
        StringBuilder out = new StringBuilder();
        line(out, table.columns().stream().map(DataTable.Column::name).toList());
        for (List<Cell> row : table.rows()) {
            line(out, row.stream().map(Csv::plain).toList());
        }
        return out.toString();
    }

    private static String plain(Cell cell) {
        String text = cell.plain();
        boolean formula = cell.text() && !text.isEmpty() && FORMULA.indexOf(text.charAt(0)) >= 0;
        return formula ? "'" + text : text;
    }

    private static void line(StringBuilder out, List<String> fields) {
        out.append(fields.stream().map(Csv::quoted).collect(Collectors.joining(",")))
                .append("\r\n");
    }

    private static String quoted(String text) {
        boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
