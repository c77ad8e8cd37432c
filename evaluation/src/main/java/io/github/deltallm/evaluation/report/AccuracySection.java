package io.github.deltallm.evaluation.report;

import io.github.deltallm.evaluation.result.Score;

import java.util.List;

/** Scores against what is skipped: a picture for each task, a table of all. */
final class AccuracySection implements Section {
    private final List<ScoreGroup> groups;
    private final Sweeps sweeps;

    AccuracySection(List<ScoreGroup> groups, Sweeps sweeps) {
        this.groups = groups;
        this.sweeps = sweeps;
    }

    @Override
    public String id() {
        return "accuracy";
    }

    @Override
    public String title() {
        return "Accuracy against sparsity";
    }

    @Override
    public Markup content() {
        Markup out = new Markup();
        if (groups.isEmpty()) {
            return out.element("p", "This run scored no task.", "class", "empty");
        }
        out.element("p", finding(), "class", "finding").line();
        out.element(
                "p",
                "Bars are one standard error of the score, for perplexities of the change. A hollow"
                        + " marker differs from dense by more than noise: the 95 % interval of the"
                        + " differences, item by item, leaves out 0. An arrow at an edge stands for"
                        + " a value beyond it.",
                "class",
                "note");
        AccuracyPlots plots = new AccuracyPlots(groups, sweeps);
        List<ScoreGroup> leading = ScoreGroup.leading(groups);
        List<ScoreGroup> more = groups.stream().filter(group -> !leading.contains(group)).toList();
        pictures(out, plots, leading, id());
        if (!more.isEmpty()) {
            out.open("details").element("summary", "Pictures of the other metrics");
            pictures(out, plots, more, id() + "-more");
            out.close().line();
        }
        notDrawn(out, plots);
        out.add(TableMarkup.of(ScoreTables.scores(groups)));
        return out.add(TableMarkup.of(ScoreTables.sparsity(groups)));
    }

    @Override
    public List<DataTable> tables() {
        return List.of(); // results.csv has them
    }

    private static void pictures(
            Markup out, AccuracyPlots plots, List<ScoreGroup> groups, String id) {
        List<Figures.Panel> panels = groups.stream().map(plots::panel).toList();
        out.add(
                new Legend(panels.stream().map(Figures.Panel::plot).toList())
                        .filled("within noise of dense", "differs by more")
                        .markup());
        out.add(Figures.panels(panels, id));
    }

    private void notDrawn(Markup out, AccuracyPlots plots) {
        List<String> missing =
                groups.stream()
                        .flatMap(group -> group.scores().stream())
                        .filter(score -> !plots.drawable(score))
                        .map(score -> score.attention() + " on " + score.task())
                        .distinct()
                        .toList();
        if (!missing.isEmpty()) {
            out.element(
                    "p",
                    "Not drawn, because a number is missing or not finite: "
                            + String.join(", ", missing)
                            + ".",
                    "class",
                    "note");
        }
    }

    private String finding() {
        List<TradeOff> all = TradeOff.of(groups);
        if (all.isEmpty()) {
            return "Only dense attention was scored.";
        }
        List<TradeOff> fine =
                all.stream()
                        .filter(one -> one.tasks().stream().allMatch(Loss::none))
                        .filter(one -> !one.tasks().isEmpty())
                        .toList();
        long tasks = ScoreGroup.leading(groups).stream().filter(g -> !g.perplexity()).count();
        if (tasks == 0) {
            return "This run scored no task but perplexity.";
        }
        double most =
                fine.stream()
                        .flatMap(one -> one.tasks().stream())
                        .map(Score::sparsity)
                        .mapToDouble(sparsity -> sparsity.skippedMacFraction())
                        .max()
                        .orElse(0);
        return fine.size()
                + " of "
                + all.size()
                + (all.size() == 1 ? " attention scores" : " attentions score")
                + " within noise of dense, or better, on "
                + (tasks == 1 ? "the task" : "all " + tasks + " tasks")
                + (most > 0
                        ? "; the most that one of them skipped on a task is "
                                + Numbers.percent(most, 1)
                                + " of the score MACs."
                        : ".");
    }
}
