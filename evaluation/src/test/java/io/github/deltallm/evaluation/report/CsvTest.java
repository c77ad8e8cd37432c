package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.List;

class CsvTest {
    private static DataTable table(Cell... cells) {
        return new DataTable(
                "name",
                "caption",
                0,
                List.of(
                        DataTable.Column.text("Attention", "attention"),
                        DataTable.Column.number("Score", "value")),
                List.of(List.of(cells)));
    }

    @Test
    void fieldsAreQuotedWhereTheyMustBe() {
        assertThat(
                        Csv.of(
                                table(
                                        Cell.text("delta:theta=1,events=\"int8\""),
                                        Cell.decimal(1.0 / 3, 1))))
                .isEqualTo(
                        "attention,value\r\n"
                                + "\"delta:theta=1,events=\"\"int8\"\"\",0.3333333333333333\r\n");
    }

    @Test
    void textThatLooksLikeAFormulaIsNone() {
        assertThat(Csv.of(table(Cell.text("=1+1"), Cell.decimal(-1, 1)))).contains("'=1+1,-1.0");
    }

    @Test
    void whatIsNotFiniteIsEmpty() {
        assertThat(Csv.of(table(Cell.text("a"), Cell.decimal(Double.NaN, 1)))).endsWith("a,\r\n");
        assertThat(Csv.of(table(Cell.text("a"), Cell.NONE))).endsWith("a,\r\n");
    }

    @Test
    void aRowHasAllItsColumns() {
        assertThatThrownBy(() -> table(Cell.text("a"))).hasMessageContaining("1 of 2");
    }
}
