package io.github.deltallm.evaluation.report;

import static io.github.deltallm.evaluation.report.DataTable.Column.number;
import static io.github.deltallm.evaluation.report.DataTable.Column.text;

import io.github.deltallm.evaluation.result.FrequencyChange;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** How often channels change, by the frequency of their rotary embedding. */
final class FrequencySection implements Section {
    private static final int DRAWN = 5;

    private final List<FrequencyChange> changes;
    private final Sweeps sweeps;
    private final String first;

    /**
     * @param first an attention that is drawn in any case
     */
    FrequencySection(List<FrequencyChange> changes, Sweeps sweeps, String first) {
        this.changes = changes;
        this.sweeps = sweeps;
        this.first = first;
    }

    @Override
    public String id() {
        return "frequencies";
    }

    @Override
    public String title() {
        return "Change rate by RoPE frequency";
    }

    @Override
    public Markup content() {
        Markup out = new Markup();
        Map<String, List<FrequencyChange>> all = byAttention();
        if (all.isEmpty()) {
            return out.element(
                    "p",
                    changes.isEmpty()
                            ? "This run had no delta attention, so no changes were counted."
                            : "No change rate of this run is finite.",
                    "class",
                    "empty");
        }
        List<String> drawn = Excerpt.of(List.copyOf(all.keySet()), first, sweeps, DRAWN);
        Plot plot = plot(all, drawn);
        out.element("p", plot.description(), "class", "finding").line();
        out.element(
                "p",
                "Each rotary frequency turns two channels of every head by so many radians a token."
                        + " The rate is that of changed elements, over all layers and heads."
                        + (drawn.size() < all.size()
                                ? " Drawn: "
                                        + drawn.size()
                                        + " of "
                                        + all.size()
                                        + " attentions; the CSV file has all."
                                : ""),
                "class",
                "note");
        out.add(new Legend(List.of(plot)).markup());
        out.add(Figures.across(plot, id()));
        return out.add(TableMarkup.of(matrix(all, drawn)));
    }

    @Override
    public List<DataTable> tables() {
        return changes.isEmpty() ? List.of() : List.of(table());
    }

    private Map<String, List<FrequencyChange>> byAttention() {
        Map<String, List<FrequencyChange>> all = new LinkedHashMap<>();
        for (FrequencyChange one : changes) {
            boolean drawable =
                    Double.isFinite(one.radiansPerToken())
                            && one.radiansPerToken() > 0
                            && Double.isFinite(one.changeRate());
            if (drawable) {
                all.computeIfAbsent(one.attention(), _ -> new ArrayList<>()).add(one);
            }
        }
        all.values()
                .forEach(own ->
                        own.sort(Comparator.comparingDouble(FrequencyChange::radiansPerToken)));
        return all;
    }

    private Plot plot(Map<String, List<FrequencyChange>> all, List<String> drawn) {
        SectionStyles styles = new SectionStyles(drawn, sweeps);
        List<Series> series = new ArrayList<>();
        List<Double> frequencies = new ArrayList<>();
        List<Double> rates = new ArrayList<>(List.of(0.0));
        for (String attention : drawn) {
            List<FrequencyChange> own = all.getOrDefault(attention, List.of());
            own.forEach(one -> {
                frequencies.add(one.radiansPerToken());
                rates.add(one.changeRate() * 100);
            });
            series.add(new Series(attention, styles.style(attention), points(attention, own)));
        }
        String shown = drawn.contains(first) ? first : drawn.getFirst();
        return new Plot(
                "Changed key elements by rotary frequency",
                finding(shown, all.getOrDefault(shown, List.of())),
                Axis.logarithmic(
                        "rotary frequency, radians a token", Scale.Kind.POWERS_OF_TEN, frequencies),
                Axis.linear("elements changed", Axis.PERCENT, rates).within(0, 100),
                series,
                List.of());
    }

    private List<Point> points(String attention, List<FrequencyChange> own) {
        List<Point> points = new ArrayList<>();
        for (FrequencyChange one : own) {
            boolean last = points.size() == own.size() - 1;

            points.add(
                    new Point(
                            one.radiansPerToken(),
                            one.changeRate() * 100,
                            0,
                            false,
                            last ? sweeps.place(attention).label() : "",
                            attention
                                    + ", frequency "
                                    + one.pair()
                                    + ": "
                                    + Numbers.brief(one.radiansPerToken())
                                    + " radians a token, "
                                    + Numbers.percent(one.changeRate(), 1)
                                    + " changed"));
        }
        return points;
    }

    private static String finding(String attention, List<FrequencyChange> own) {
        if (own.size() < 2) {
            return attention
                    + ": "
                    + Numbers.percent(own.getFirst().changeRate(), 1)
                    + " of the elements changed at the only frequency.";
        }
        int half = own.size() / 2;
        double slow = mean(own.subList(0, half));
        double fast = mean(own.subList(own.size() - half, own.size()));
        String compared =
                slow == fast ? "as often as" : slow > fast ? "more often than" : "less often than";
        return attention
                + ": channels of the slower half of the frequencies changed "
                + compared
                + " those of the faster half, "
                + Numbers.percent(slow, 1)
                + " against "
                + Numbers.percent(fast, 1)
                + " of their elements.";
    }

    private static double mean(List<FrequencyChange> some) {
        return some.stream().mapToDouble(FrequencyChange::changeRate).average().orElseThrow();
    }

    /** The picture's numbers, as the page has them: a row a frequency. */
    private static DataTable matrix(Map<String, List<FrequencyChange>> all, List<String> drawn) {
        List<DataTable.Column> columns = new ArrayList<>();
        columns.add(number("Radians a token", "radians_per_token"));
        columns.add(number("Tokens a turn", "tokens_per_turn"));
        SortedMap<Double, Map<String, Cell>> byFrequency = new TreeMap<>(Comparator.reverseOrder());
        for (String attention : drawn) {
            columns.add(number(attention, attention));
            for (FrequencyChange one : all.getOrDefault(attention, List.of())) {
                byFrequency
                        .computeIfAbsent(one.radiansPerToken(), _ -> new HashMap<>())
                        .put(attention, Cell.percent(one.changeRate(), 1));
            }
        }
        List<List<Cell>> rows = new ArrayList<>();
        byFrequency.forEach((frequency, cells) -> {
            List<Cell> row = new ArrayList<>();
            row.add(Cell.number(frequency, Numbers::brief));
            row.add(Cell.number(2 * Math.PI / frequency, Numbers::brief));
            drawn.forEach(one -> row.add(cells.getOrDefault(one, Cell.NONE)));
            rows.add(row);
        });
        return new DataTable(
                "frequency_matrix", "Changed key elements by rotary frequency", 0, columns, rows);
    }

    private DataTable table() {
        List<List<Cell>> rows = new ArrayList<>();
        for (FrequencyChange one : changes) {
            rows.add(
                    List.of(
                            Cell.text(one.attention()),
                            Cell.count(one.pair()),
                            Cell.number(one.radiansPerToken(), Numbers::brief),
                            Cell.number(2 * Math.PI / one.radiansPerToken(), Numbers::brief),
                            Cell.percent(one.changeRate(), 2)));
        }
        return new DataTable(
                "frequency_change",
                "Changed key elements by rotary frequency",
                1,
                List.of(
                        text("Attention", "attention"),
                        number("Frequency", "pair"),
                        number("Radians a token", "radians_per_token"),
                        number("Tokens a turn", "tokens_per_turn"),
                        number("Changed", "change_rate")),
                rows);
    }
}
