package io.github.deltallm.evaluation.report;

import static io.github.deltallm.evaluation.report.DataTable.Column.number;
import static io.github.deltallm.evaluation.report.DataTable.Column.text;

import io.github.deltallm.evaluation.result.Speed;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Tokens a second by how many tokens came before. */
final class SpeedSection implements Section {

    private final List<Speed> speeds;
    private final Sweeps sweeps;

    SpeedSection(List<Speed> speeds, Sweeps sweeps) {
        this.speeds = speeds;
        this.sweeps = sweeps;
    }

    @Override
    public String id() {
        return "speed";
    }

    @Override
    public String title() {
        return "Speed against depth";
    }

    @Override
    public Markup content() {
        Markup out = new Markup();
        if (speeds.isEmpty()) {
            return out.element(
                    "p", "Speed was not measured: it was not asked for.", "class", "empty");
        }
        List<Figures.Panel> panels = new ArrayList<>();
        for (Speed.Stage stage : Speed.Stage.values()) {
            List<Speed> own = speeds.stream().filter(one -> one.stage() == stage).toList();
            if (own.stream().anyMatch(SpeedSection::drawable)) {
                panels.add(panel(stage, own));
            }
        }
        if (panels.isEmpty()) {
            out.element("p", "No speed of this run is a finite number.", "class", "empty");
            return out.add(TableMarkup.of(table()));
        }
        out.element(
                "p",
                "Depth is the number of tokens before the measured ones. Markers are medians; bars"
                        + " are as long as the fastest and the slowest repetition are apart.",
                "class",
                "note");
        out.add(new Legend(panels.stream().map(Figures.Panel::plot).toList()).markup());
        out.add(Figures.panels(panels, id()));
        return out.add(TableMarkup.of(table()));
    }

    @Override
    public List<DataTable> tables() {
        return speeds.isEmpty() ? List.of() : List.of(table());
    }

    private static boolean drawable(Speed one) {
        return Double.isFinite(one.tokensPerSecond())
                && Double.isFinite(one.spread())
                && one.spread() >= 0;
    }

    private static String name(Speed.Stage stage) {
        return switch (stage) {
            case PREFILL -> "Prefill";
            case DECODE -> "Decoding";
        };
    }

    private Figures.Panel panel(Speed.Stage stage, List<Speed> own) {
        List<String> attentions = own.stream().map(Speed::attention).distinct().toList();
        SectionStyles styles = new SectionStyles(attentions, sweeps);
        List<Series> series = new ArrayList<>();
        List<Double> depths = new ArrayList<>(List.of(0.0));
        List<Double> values = new ArrayList<>(List.of(0.0));
        for (String attention : attentions) {
            List<Speed> line =
                    own.stream()
                            .filter(SpeedSection::drawable)
                            .filter(one -> one.attention().equals(attention))
                            .sorted(Comparator.comparingInt(Speed::depth))
                            .toList();
            line.forEach(one -> depths.add((double) one.depth()));
            line.forEach(one -> values.add(one.tokensPerSecond() + one.spread() / 2));
            if (!line.isEmpty()) {
                series.add(new Series(attention, styles.style(attention), points(line)));
            }
        }
        String finding = finding(stage, own);
        Plot plot =
                new Plot(
                        name(stage) + " speed against depth",
                        finding,
                        Axis.linear("depth, tokens", "", depths),
                        Axis.linear("tokens a second", "", values),
                        series,
                        List.of());
        return new Figures.Panel(name(stage), finding, plot);
    }

    private List<Point> points(List<Speed> line) {
        List<Point> points = new ArrayList<>();
        for (Speed one : line) {
            boolean last = points.size() == line.size() - 1;
            points.add(
                    new Point(
                            one.depth(),
                            one.tokensPerSecond(),
                            one.spread() / 2,
                            false,
                            last ? sweeps.place(one.attention()).label() : "",
                            one.attention()
                                    + " at depth "
                                    + Numbers.count(one.depth())
                                    + ": "
                                    + Numbers.brief(one.tokensPerSecond())
                                    + " tokens/s"));
        }
        return points;
    }

    /** The fastest against dense, where both were measured deepest. */
    private String finding(Speed.Stage stage, List<Speed> own) {
        List<Speed> dense =
                own.stream().filter(SpeedSection::dense).filter(SpeedSection::drawable).toList();
        Optional<Speed> fastest =
                own.stream()
                        .filter(one -> drawable(one) && !dense(one))
                        .filter(one -> at(dense, one.depth()).isPresent())
                        .max(
                                Comparator.comparingInt(Speed::depth)
                                        .thenComparingDouble(Speed::tokensPerSecond));
        if (fastest.isEmpty()) {
            return name(stage) + " was measured with nothing to compare with at the same depth.";
        }
        Speed one = fastest.get();
        Speed other = at(dense, one.depth()).orElseThrow();
        boolean apart =
                Math.abs(one.tokensPerSecond() - other.tokensPerSecond())
                        > (one.spread() + other.spread()) / 2;
        return "At depth "
                + Numbers.count(one.depth())
                + ", "
                + sweeps.place(one.attention()).name()
                + " runs "
                + Numbers.brief(one.tokensPerSecond())
                + " tokens/s and dense "
                + Numbers.brief(other.tokensPerSecond())
                + ": "
                + Numbers.fixed(one.tokensPerSecond() / other.tokensPerSecond(), 2)
                + " times as fast"
                + (apart ? "." : ", which is within the spread of the repetitions.");
    }

    private static boolean dense(Speed one) {
        return one.attention().equals(Sweeps.DENSE);
    }

    private static Optional<Speed> at(List<Speed> dense, int depth) {
        return dense.stream()
                .filter(one -> one.depth() == depth && one.tokensPerSecond() > 0)
                .findFirst();
    }

    private DataTable table() {
        List<List<Cell>> rows = new ArrayList<>();
        List<Speed> sorted =
                speeds.stream()
                        .sorted(Comparator.comparing(Speed::stage).thenComparingInt(Speed::depth))
                        .toList();
        for (Speed one : sorted) {
            rows.add(
                    List.of(
                            new Cell(
                                    name(one.stage()),
                                    one.stage().name().toLowerCase(Locale.ROOT),
                                    true),
                            Cell.text(one.attention()),
                            Cell.count(one.depth()),
                            Cell.decimal(one.tokensPerSecond(), 1),
                            Cell.decimal(one.spread(), 1),
                            Cell.count(one.repetitions())));
        }
        return new DataTable(
                "speed",
                "Tokens a second at depths",
                1,
                List.of(
                        text("Stage", "stage"),
                        text("Attention", "attention"),
                        number("Depth", "depth"),
                        number("Tokens/s", "tokens_per_s"),
                        number("Spread", "spread"),
                        number("Repetitions", "repetitions")),
                rows);
    }
}
