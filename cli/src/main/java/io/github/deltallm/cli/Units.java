package io.github.deltallm.cli;

import java.util.Locale;

/** Numbers as people read them. */
final class Units {
    private static final String[] BINARY = {"KiB", "MiB", "GiB", "TiB"};

    private Units() {}

    /** Bytes with a binary unit: {@code 512 B}, {@code 1.5 MiB}. */
    static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes / 1024.0;
        int unit = 0;
        while (value >= 1023.95 && unit < BINARY.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, BINARY[unit]);
    }

    static String percent(double fraction) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * fraction);
    }

    static String rate(double perSecond) {
        return String.format(Locale.ROOT, "%.1f tokens/s", perSecond);
    }

    static String real(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    static double milliseconds(long nanos) {
        return nanos / 1e6;
    }
}
