package io.github.deltallm.attention.delta;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy.Request;

import java.util.List;
import java.util.Map;

/**
 * Which keys a query sees exactly: sinks, and the latest ones.
 *
 * @param blocks whether prompt positions see the exact run from the start of their block of {@code
 *     window} keys, as the authors' research code does; decoded positions always see the last
 *     {@code window} keys
 */
record ExactRuns(boolean blocks, WindowSize window, int sinks) {
    static final List<String> SETTINGS = List.of("mode", "window", "min-window", "sinks");

    private static final List<String> MODES = List.of("sliding", "blocks");
    private static final int LEAST = 32;

    /**
     * Reads the {@link #SETTINGS}.
     *
     * @param window the window where the specification leaves it open
     * @param report takes every setting, defaults filled in
     */
    static ExactRuns of(AttentionSpec spec, String window, Map<String, String> report) {
        String mode = spec.choice("mode", "sliding", MODES);
        boolean blocks = mode.equals("blocks");
        int least = spec.integer("min-window", LEAST, 1, Integer.MAX_VALUE);
        int sinks = spec.integer("sinks", 0, 0, Integer.MAX_VALUE);
        report.put("mode", mode);
        report.put("window", spec.setting("window").orElse(window));
        report.put("min-window", Integer.toString(least));
        report.put("sinks", Integer.toString(sinks));
        return new ExactRuns(
                blocks, WindowSize.of(spec, "window", window, blocks ? 1 : least), sinks);
    }

    /** The first position of the exact run that ends at {@code position}. */
    int exactFrom(int position, Request request) {
        int size = window.of(request);
        return blocks && position < request.tokens()
                ? position / size * size
                : Math.max(0, position - size + 1);
    }
}
