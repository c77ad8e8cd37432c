package io.github.deltallm.evaluation.report;

import java.util.List;
import java.util.stream.Collectors;

/** A table on the page: folded where it is long, scrolling sideways where the page is narrow. */
final class TableMarkup {
    private static final int LONG = 20;

    private TableMarkup() {}

    static Markup of(DataTable table) {
        Markup out = new Markup();
        if (table.rows().size() > LONG) {
            out.open("details");
        } else {
            out.open("details", "open", "");
        }
        out.element("summary", table.caption());
        out.open(
                "div",
                "class",
                "scroll",
                "role",
                "region",
                "aria-label",
                table.caption(),
                "tabindex",
                "0");
        out.open("table").line();
        head(out, table);
        if (table.groups() == 0) {
            body(out, table, table.rows());
        } else {
            table.groupedRows().forEach(rows -> body(out, table, rows));
        }
        return out.close().close().close().line();
    }

    private static void head(Markup out, DataTable table) {
        out.open("thead").open("tr");
        for (DataTable.Column column :
                table.columns().subList(table.groups(), table.columns().size())) {
            out.open("th", "scope", "col", "class", align(column));
            out.breakable(column.heading()).close();
        }
        out.close().close().line();
    }

    private static void body(Markup out, DataTable table, List<List<Cell>> rows) {
        out.open("tbody");
        int columns = table.columns().size();
        if (table.groups() > 0 && !rows.isEmpty()) {
            String name =
                    rows.getFirst().subList(0, table.groups()).stream()
                            .map(Cell::shown)
                            .filter(text -> !text.isEmpty())
                            .collect(Collectors.joining(" · "));
            out.open("tr", "class", "group");
            out.element(
                            "th",
                            name,
                            "scope",
                            "rowgroup",
                            "colspan",
                            String.valueOf(columns - table.groups()))
                    .close();
        }
        for (List<Cell> row : rows) {
            out.open("tr");
            for (int i = table.groups(); i < columns; i++) {
                DataTable.Column column = table.columns().get(i);
                String style = align(column);
                if (i == table.groups()) {
                    out.open("th", "scope", "row", "class", style);
                    out.breakable(row.get(i).shown()).close();
                } else {
                    out.element("td", row.get(i).shown(), "class", style);
                }
            }
            out.close();
        }
        out.close().line();
    }

    private static String align(DataTable.Column column) {
        return column.text() ? "text" : "number";
    }
}
