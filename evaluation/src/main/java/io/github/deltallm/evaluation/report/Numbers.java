package io.github.deltallm.evaluation.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;

/** Numbers as people read them: a point, commas between thousands, a real minus sign. */
final class Numbers {
    private static final char MINUS = '\u2212';
    private static final String PERCENT = "\u202f%";

    private Numbers() {}

    static String count(long value) {
        return fixed(BigDecimal.valueOf(value), 0);
    }

    static String fixed(double value, int decimals) {
        Scale.requireFinite(value);
        return fixed(new BigDecimal(Double.toString(value)), decimals);
    }

    private static String fixed(BigDecimal value, int decimals) {
        DecimalFormat format =
                new DecimalFormat("#,##0", DecimalFormatSymbols.getInstance(Locale.ROOT));
        format.setMinimumFractionDigits(decimals);
        format.setMaximumFractionDigits(decimals);
        format.setRoundingMode(RoundingMode.HALF_UP);
        String text = format.format(value);
        boolean zero = text.chars().noneMatch(c -> c >= '1' && c <= '9');
        return zero ? text.replace("-", "") : text.replace('-', MINUS);
    }

    /** With a sign, unless it rounds to zero. */
    static String signed(double value, int decimals) {
        String text = fixed(value, decimals);
        boolean zero = text.chars().noneMatch(c -> c >= '1' && c <= '9');
        return value > 0 && !zero ? "+" + text : text;
    }

    /** A fraction in percent. */
    static String percent(double fraction, int decimals) {
        return fixed(fraction * 100, decimals) + PERCENT;
    }

    static String signedPercent(double fraction, int decimals) {
        return signed(fraction * 100, decimals) + PERCENT;
    }

    /** Three significant digits, more where the whole part has more. */
    static String brief(double value) {
        Scale.requireFinite(value);
        BigDecimal rounded =
                new BigDecimal(Double.toString(value))
                        .round(new MathContext(3))
                        .stripTrailingZeros();
        return fixed(
                Math.abs(value) >= 100 ? value : rounded.doubleValue(),
                Math.abs(value) >= 100 ? 0 : Math.max(0, rounded.scale()));
    }
}
