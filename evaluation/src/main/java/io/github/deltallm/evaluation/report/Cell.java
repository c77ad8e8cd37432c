package io.github.deltallm.evaluation.report;

import java.util.function.DoubleFunction;

/**
 * One value of a table.
 *
 * @param shown on the page
 * @param plain in CSV: numbers with all their digits, empty where there is none
 * @param text whether it is text, not a number
 */
record Cell(String shown, String plain, boolean text) {
    /** Where a run has no value. */
    static final Cell NONE = new Cell("–", "", false);

    static Cell text(String text) {
        return new Cell(text, text, true);
    }

    static Cell count(long value) {
        return new Cell(Numbers.count(value), Long.toString(value), false);
    }

    /** A number; "not a number" and infinities are shown as such. */
    static Cell number(double value, DoubleFunction<String> format) {
        return Double.isFinite(value)
                ? new Cell(format.apply(value), Double.toString(value), false)
                : new Cell(Double.isNaN(value) ? "not a number" : "infinite", "", false);
    }

    static Cell decimal(double value, int decimals) {
        return number(value, v -> Numbers.fixed(v, decimals));
    }

    /** A fraction, in percent on the page. */
    static Cell percent(double fraction, int decimals) {
        return number(fraction, v -> Numbers.percent(v, decimals));
    }

    static Cell signedPercent(double fraction, int decimals) {
        return number(fraction, v -> Numbers.signedPercent(v, decimals));
    }
}
