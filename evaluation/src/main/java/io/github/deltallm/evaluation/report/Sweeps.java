package io.github.deltallm.evaluation.report;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.stream.Collectors;

/**
 * Which attentions of a run belong to one series: those whose specifications differ in one number
 * alone, such as {@code theta}. Every series has one style in the whole report.
 */
final class Sweeps {
    /** The attention that all others are compared with. */
    static final String DENSE = "dense";

    private static final String FAVOURITE = "theta";
    private static final int LABEL = 22;

    /**
     * The place of an attention in a sweep.
     *
     * @param series the specification without what is swept
     * @param setting what is swept and its value, such as {@code θ 1.2}; empty if nothing is
     * @param value to order the series by
     */
    record Place(String series, String setting, double value) {
        /** What stands beside a point: the setting, or else the series. */
        String label() {
            String what = series.startsWith(DENSE + " ") ? series.substring(6) : series;
            return VisibleText.shortened(setting.isEmpty() ? what : setting, LABEL);
        }

        /** The series with the setting. */
        String name() {
            return setting.isEmpty() ? series : series + ", " + setting;
        }
    }

    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<String, SeriesStyle> styles = new LinkedHashMap<>();

    /**
     * @param attentions specifications, in the order of the run; those that can't be read are
     *     series of their own
     */
    Sweeps(SequencedCollection<String> attentions) {
        List<AttentionSpec> specs = new ArrayList<>();
        for (String attention : new LinkedHashSet<>(attentions)) {
            read(attention).ifPresent(specs::add);
        }
        int next = 0;
        for (String attention : attentions) {
            Place place =
                    read(attention)
                            .map(spec -> place(spec, specs))
                            .orElseGet(() -> new Place(attention, "", 0));
            places.put(attention, place);
            if (!attention.equals(DENSE) && !styles.containsKey(place.series())) {
                styles.put(place.series(), SeriesStyle.of(next++));
            }
        }
        styles.put(DENSE, SeriesStyle.DENSE);
    }

    Place place(String attention) {
        return Objects.requireNonNull(places.get(attention), attention);
    }

    SeriesStyle style(String series) {
        return Objects.requireNonNull(styles.get(series), series);
    }

    /** All series but dense, in the order of the run. */
    List<String> series() {
        return styles.keySet().stream().filter(name -> !name.equals(DENSE)).toList();
    }

    private static Optional<AttentionSpec> read(String attention) {
        try {
            return Optional.of(AttentionSpec.parse(attention));
        } catch (InvalidOptionException _) {
            return Optional.empty();
        }
    }

    private static Place place(AttentionSpec spec, List<AttentionSpec> all) {
        List<String> swept =
                spec.settings().keySet().stream().filter(key -> isSwept(key, spec, all)).toList();
        if (swept.isEmpty()) {
            return new Place(series(spec, ""), "", 0);
        }
        String key = swept.contains(FAVOURITE) ? FAVOURITE : swept.getFirst();
        String value = Objects.requireNonNull(spec.settings().get(key));
        String symbol = key.equals(FAVOURITE) ? "θ" : key;
        return new Place(series(spec, key), symbol + "\u00a0" + value, number(value).orElseThrow());
    }

    private static boolean isSwept(String key, AttentionSpec spec, List<AttentionSpec> all) {
        return number(spec.settings().get(key)).isPresent()
                && all.stream().anyMatch(other -> differsIn(key, spec, other));
    }

    private static boolean differsIn(String key, AttentionSpec a, AttentionSpec b) {
        return a.name().equals(b.name())
                && a.settings().keySet().equals(b.settings().keySet())
                && number(b.settings().get(key)).isPresent()
                && a.settings().entrySet().stream()
                        .allMatch(entry ->
                                entry.getKey().equals(key)
                                        != entry.getValue()
                                                .equals(b.settings().get(entry.getKey())));
    }

    private static String series(AttentionSpec spec, String swept) {
        String settings =
                spec.settings().entrySet().stream()
                        .filter(entry -> !entry.getKey().equals(swept))
                        .map(entry -> " " + entry.getKey() + "=" + entry.getValue())
                        .collect(Collectors.joining());
        return spec.name() + settings;
    }

    private static Optional<Double> number(@Nullable String text) {
        if (text == null || !text.matches("[0-9]+(\\.[0-9]+)?%?")) {
            return Optional.empty();
        }
        return Optional.of(Double.valueOf(text.replace("%", "")));
    }
}
