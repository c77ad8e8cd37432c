package io.github.deltallm.evaluation.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Results in rows, for the page and for CSV.
 *
 * @param name of the CSV file, without its ending
 * @param caption what the rows are
 * @param groups how many of the first columns are the same in neighbouring rows: on the page they
 *     head those rows
 */
record DataTable(
        String name, String caption, int groups, List<Column> columns, List<List<Cell>> rows) {
    /**
     * A column.
     *
     * @param heading on the page
     * @param name in CSV
     * @param text whether it holds text, not numbers
     */
    record Column(String heading, String name, boolean text) {
        static Column text(String heading, String name) {
            return new Column(heading, name, true);
        }

        static Column number(String heading, String name) {
            return new Column(heading, name, false);
        }
    }

    DataTable {
        columns = List.copyOf(columns);
        rows = rows.stream().map(List::copyOf).toList();
        for (List<Cell> row : rows) {
            if (row.size() != columns.size()) {
                throw new IllegalArgumentException(
                        "a row of " + name + " has " + row.size() + " of " + columns.size());
            }
        }
    }

    /** Neighbouring rows with the same first cells. */
    List<List<List<Cell>>> groupedRows() {
        List<List<List<Cell>>> grouped = new ArrayList<>();
        List<Cell> key = List.of();
        for (List<Cell> row : rows) {
            List<Cell> own = row.subList(0, groups);
            if (grouped.isEmpty() || !own.equals(key)) {
                grouped.add(new ArrayList<>());
                key = own;
            }
            grouped.getLast().add(row);
        }
        return grouped;
    }
}
