package io.github.deltallm.attention.delta;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy.Request;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many recent keys are exact: a number of keys, or a part of the declared length.
 *
 * @param keys the number, or 0 where {@code part} counts
 * @param part of the declared length, from 0 to 1
 * @param least the smallest number of keys that a part gives, at least 1
 */
record WindowSize(int keys, double part, int least) {
    /** What a text has to be. */
    static final String EXPECTED = "a number of keys from 1, or a percentage from 0% to 100%";

    private static final Pattern KEYS = Pattern.compile("\\d{1,10}");
    private static final Pattern PERCENT = Pattern.compile("(\\d{1,10}(?:\\.\\d+)?)%");

    /**
     * Reads a setting.
     *
     * @throws io.github.deltallm.api.InvalidOptionException if it is no size
     */
    static WindowSize of(AttentionSpec spec, String key, String absent, int least) {
        String text = spec.setting(key).orElse(absent);
        return parse(text, least).orElseThrow(() -> spec.wrong(key, text, EXPECTED));
    }

    /** Reads {@code 64} or {@code 5%}; empty if the text is neither. */
    static Optional<WindowSize> parse(String text, int least) {
        Matcher percent = PERCENT.matcher(text);
        if (percent.matches()) {
            double part = Double.parseDouble(percent.group(1)) / 100;
            return part <= 1 ? Optional.of(new WindowSize(0, part, least)) : Optional.empty();
        }
        if (!KEYS.matcher(text).matches()) {
            return Optional.empty();
        }
        long keys = Long.parseLong(text);
        return keys >= 1 && keys <= Integer.MAX_VALUE
                ? Optional.of(new WindowSize((int) keys, 0, least))
                : Optional.empty();
    }

    /** The number of keys for a request; a part is rounded half to even. */
    int of(Request request) {
        return keys > 0 ? keys : Math.max(least, (int) Math.rint(part * request.tokens()));
    }
}
