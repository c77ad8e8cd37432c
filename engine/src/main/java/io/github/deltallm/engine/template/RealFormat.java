package io.github.deltallm.engine.template;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Python's ways to write a float. */
final class RealFormat {
    /** More digits than any double has; keeps a hostile format from asking for millions. */
    private static final int MAX_PRECISION = 1100;

    private RealFormat() {}

    /**
     * The shortest digits that read back as the same number, with an exponent outside of
     * 1e-4..1e16.
     */
    static String shortest(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        String sign = value < 0 || 1 / value < 0 ? "-" : "";
        if (value == 0) {
            return sign + "0.0";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(Math.abs(value))).stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = decimal.toPlainString();
            return sign + plain + (plain.indexOf('.') < 0 ? ".0" : "");
        }
        String digits = decimal.unscaledValue().toString();
        String mantissa =
                digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return sign
                + mantissa
                + "e"
                + (exponent < 0 ? "-" : "+")
                + String.format("%02d", Math.abs(exponent));
    }

    /** A fixed number of decimals. */
    static String fixed(double value, int precision) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return shortest(value);
        }
        if (precision > MAX_PRECISION) {
            throw Fault.failed("a number cannot be written with " + precision + " decimals");
        }
        String sign = value < 0 || (value == 0 && 1 / value < 0) ? "-" : "";
        return sign
                + new BigDecimal(Math.abs(value))
                        .setScale(precision, RoundingMode.HALF_EVEN)
                        .toPlainString();
    }
}
