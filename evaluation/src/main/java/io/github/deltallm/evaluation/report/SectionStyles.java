package io.github.deltallm.evaluation.report;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Styles where every attention is a series of its own: the one of its series in the report for the
 * first of each, one that nobody has for the others.
 */
final class SectionStyles {
    private final Map<String, SeriesStyle> styles = new LinkedHashMap<>();

    SectionStyles(List<String> attentions, Sweeps sweeps) {
        Set<SeriesStyle> taken = new HashSet<>();
        for (String attention : attentions) {
            SeriesStyle own = sweeps.style(sweeps.place(attention).series());
            if (taken.add(own)) {
                styles.put(attention, own);
            }
        }
        int next = 0;
        for (String attention : attentions) {
            while (!styles.containsKey(attention)) {
                SeriesStyle free = SeriesStyle.of(next++);
                if (taken.add(free)) {
                    styles.put(attention, free);
                }
            }
        }
    }

    SeriesStyle style(String attention) {
        return Objects.requireNonNull(styles.get(attention), attention);
    }
}
