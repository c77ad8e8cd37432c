package io.github.deltallm.evaluation.report;

import java.util.List;

/** A part of the report: a finding, pictures, the same numbers in tables. */
interface Section {
    /** Names it in the page. */
    String id();

    String title();

    /** All below the title; says so where there are no results. */
    Markup content();

    /**
     * Its tables that become CSV files: those with rows, but for the scores, which have their own.
     */
    List<DataTable> tables();
}
