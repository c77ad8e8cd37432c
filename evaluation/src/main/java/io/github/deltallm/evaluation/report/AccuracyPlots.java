package io.github.deltallm.evaluation.report;

import io.github.deltallm.evaluation.result.Difference;
import io.github.deltallm.evaluation.result.Score;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Pictures of scores against skipped MACs, with one horizontal axis for all of them. */
final class AccuracyPlots {

    /** Characters of a metric's name that its axis has room for. */
    private static final int TITLE = 30;

    /** What is never far from dense, in standard errors. */
    private static final double NEAR = 4;

    private final Sweeps sweeps;
    private final Axis skipped;

    AccuracyPlots(List<ScoreGroup> groups, Sweeps sweeps) {
        this.sweeps = sweeps;
        List<Double> values = new ArrayList<>(List.of(0.0));
        for (ScoreGroup group : groups) {
            group.others().stream().filter(this::drawable).map(this::skipped).forEach(values::add);
        }
        if (values.stream().allMatch(value -> value == 0)) {
            values.add(100.0);
        }
        skipped = Axis.linear("score MACs skipped", Axis.PERCENT, values).within(0, 100);
    }

    /** Whether all numbers that a point needs are there. */
    boolean drawable(Score score) {
        boolean own =
                Double.isFinite(score.value())
                        && Double.isFinite(score.stderr())
                        && Double.isFinite(score.sparsity().skippedMacFraction());
        boolean dense = score.attention().equals(Sweeps.DENSE);
        return own && (dense || score.higherIsBetter() || change(score).isPresent());
    }

    Figures.Panel panel(ScoreGroup group) {
        String heading = group.name();
        long items = group.scores().getFirst().n();
        String unit = group.perplexity() ? "window" : "item";
        String of = Numbers.count(items) + " " + unit + (items == 1 ? ". " : "s. ");
        String finding = of + finding(group);
        Plot plot =
                new Plot(
                        heading + " against skipped score MACs",
                        finding,
                        skipped,
                        vertical(group),
                        series(group),
                        references(group));
        return new Figures.Panel(heading, finding, plot);
    }

    /** Shows all values but those far from dense; of perplexities also what counts as no loss. */
    private Axis vertical(ScoreGroup group) {
        List<Score> drawn = group.scores().stream().filter(this::drawable).toList();
        double dense = group.dense().filter(this::drawable).map(this::y).orElse(0.0);
        double error = group.dense().filter(this::drawable).map(this::error).orElse(100.0);
        double near = group.perplexity() ? 2 * Loss.PERPLEXITY * 100 : NEAR * error;
        List<Double> distances = drawn.stream().map(score -> y(score) - dense).toList();
        List<Double> kept = Outliers.without(distances, near);
        List<Double> values = new ArrayList<>();
        for (Score score : drawn) {
            if (kept.contains(y(score) - dense)) {
                values.add(y(score) + error(score));
                values.add(y(score) - error(score));
            }
        }
        if (group.perplexity()) {
            values.add(Loss.PERPLEXITY * 100);
            return Axis.linear("change of the perplexity", Axis.PERCENT, values);
        }
        return Axis.linear(VisibleText.shortened(group.metric(), TITLE), Axis.PERCENT, values)
                .within(0, 100);
    }

    private List<Series> series(ScoreGroup group) {
        List<Series> all = new ArrayList<>();
        for (String series : sweeps.series()) {
            List<Point> points =
                    group.others().stream()
                            .filter(score ->
                                    sweeps.place(score.attention()).series().equals(series))
                            .filter(this::drawable)
                            .sorted(
                                    Comparator.comparingDouble(
                                            score -> sweeps.place(score.attention()).value()))
                            .map(this::point)
                            .toList();
            if (!points.isEmpty()) {
                all.add(new Series(series, sweeps.style(series), points));
            }
        }
        return all;
    }

    private Point point(Score score) {

        return new Point(
                skipped(score),
                y(score),
                error(score),
                !Loss.inNoise(score),
                sweeps.place(score.attention()).label(),
                ScoreText.all(score));
    }

    private List<Reference> references(ScoreGroup group) {
        Optional<Score> dense = group.dense().filter(this::drawable);
        if (dense.isEmpty()) {
            return List.of();
        }
        Score score = dense.get();
        String label = "dense " + ScoreText.value(score);
        return group.perplexity()
                ? List.of(
                        new Reference(label, 0, 0),
                        new Reference(
                                Numbers.signedPercent(Loss.PERPLEXITY, 1),
                                Loss.PERPLEXITY * 100,
                                0))
                : List.of(new Reference(label, score.value() * 100, score.stderr() * 100));
    }

    private String finding(ScoreGroup group) {
        List<Score> fine =
                group.others().stream()
                        .filter(this::drawable)
                        .filter(Loss::none)
                        .filter(score -> skipped(score) > 0)
                        .toList();
        String limit =
                group.perplexity()
                        ? "at most " + Numbers.percent(Loss.PERPLEXITY, 1) + " above dense"
                        : "within noise of dense, or better,";
        if (group.others().isEmpty()) {
            return group.dense()
                    .map(d -> "Dense: " + ScoreText.value(d) + " ± " + ScoreText.error(d) + ".")
                    .orElse("");
        }
        return fine.stream()
                .max(Comparator.comparingDouble(this::skipped))
                .map(score ->
                        Character.toUpperCase(limit.charAt(0))
                                + limit.substring(1)
                                + " with "
                                + Numbers.fixed(skipped(score), 1)
                                + Axis.PERCENT
                                + " skipped: "
                                + sweeps.place(score.attention()).name()
                                + ", "
                                + ScoreText.value(score)
                                + group.dense()
                                        .map(d -> " (dense " + ScoreText.value(d) + ")")
                                        .orElse("")
                                + ".")
                .orElse("No attention that skips something is " + limit.replace(",", "") + ".");
    }

    private double skipped(Score score) {
        return score.sparsity().skippedMacFraction() * 100;
    }

    /** In percent: the score, of perplexities the change. */
    private double y(Score score) {
        return 100
                * (score.higherIsBetter()
                        ? score.value()
                        : change(score).map(Difference::value).orElse(0.0));
    }

    private double error(Score score) {
        return 100
                * (score.higherIsBetter()
                        ? score.stderr()
                        : change(score).map(Difference::stderr).orElse(0.0));
    }

    private static Optional<Difference> change(Score score) {
        return score.difference()
                .filter(d ->
                        Stream.of(d.value(), d.stderr()).allMatch(value -> Double.isFinite(value)));
    }
}
