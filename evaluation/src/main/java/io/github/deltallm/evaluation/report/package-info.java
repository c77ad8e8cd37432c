/**
 * The results of an evaluation for people: {@link io.github.deltallm.evaluation.report.HtmlReport}
 * is a page with pictures and tables, {@link io.github.deltallm.evaluation.report.CsvReport} the
 * tables alone.
 *
 * <p>Pictures are SVG made here. Nothing in the page is fetched or run, and all text of others (the
 * names of models, specifications) is escaped.
 */
package io.github.deltallm.evaluation.report;
