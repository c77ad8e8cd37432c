package io.github.deltallm.evaluation.report;

import static io.github.deltallm.evaluation.report.DataTable.Column.number;
import static io.github.deltallm.evaluation.report.DataTable.Column.text;

import io.github.deltallm.evaluation.result.Sparsity;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** The most that can be skipped without a loss: over all, and in each series. */
final class SummarySection implements Section {
    private final Sweeps sweeps;
    private final List<TradeOff> tradeOffs;

    SummarySection(List<ScoreGroup> groups, Sweeps sweeps) {
        this.sweeps = sweeps;
        tradeOffs = TradeOff.of(groups);
    }

    @Override
    public String id() {
        return "summary";
    }

    @Override
    public String title() {
        return "What can be skipped without a loss";
    }

    @Override
    public Markup content() {
        Markup out = new Markup();
        Optional<TradeOff> best = TradeOff.best(tradeOffs);
        out.element("p", finding(best), "class", "finding").line();
        best.ifPresent(one -> tiles(out, one));
        if (!tradeOffs.isEmpty()) {
            out.element(
                    "p",
                    "Without a loss means: every perplexity at most "
                            + Numbers.percent(Loss.PERPLEXITY, 1)
                            + " above the one of dense attention, and every task's score, by the"
                            + " first metric listed, within noise of the dense one or better. What"
                            + " is skipped is told for the text where it is least; for the tasks"
                            + " where there is no text.",
                    "class",
                    "note");
        }
        tables().forEach(table -> out.add(TableMarkup.of(table)));
        return out;
    }

    @Override
    public List<DataTable> tables() {
        return tradeOffs.isEmpty() ? List.of() : List.of(table());
    }

    private String finding(Optional<TradeOff> best) {
        if (tradeOffs.isEmpty()) {
            return "This run scored no attention but dense: there is nothing to compare.";
        }
        if (best.isPresent()) {
            TradeOff one = best.get();
            return "The most that is skipped without a loss: "
                    + Numbers.percent(one.skipped(), 1)
                    + " of the multiplications for attention scores, by "
                    + one.attention()
                    + cost(one)
                    + ".";
        }
        if (tradeOffs.stream().noneMatch(one -> one.skipped() > 0)) {
            return "No attention of this run skips anything.";
        }
        return "No attention of this run skips anything without a loss.";
    }

    private static String cost(TradeOff one) {
        List<String> parts = new ArrayList<>();
        OptionalDouble change = one.worstPerplexityChange();
        if (change.isPresent()) {
            String several = one.perplexities().size() > 1 ? "at worst " : "";
            parts.add(
                    "perplexity "
                            + several
                            + Numbers.signedPercent(change.getAsDouble(), 2)
                            + " against dense");
        }
        if (!one.tasks().isEmpty()) {
            parts.add(
                    one.tasks().size() == 1
                            ? "the task's score within noise or better"
                            : "the scores of all "
                                    + one.tasks().size()
                                    + " tasks within noise or better");
        }
        return parts.isEmpty() ? "" : " (" + String.join("; ", parts) + ")";
    }

    private static void tiles(Markup out, TradeOff best) {
        out.open("dl", "class", "tiles");
        tile(out, "score MACs skipped", Numbers.percent(best.skipped(), 1));
        best.worstPerplexityChange()
                .ifPresent(change ->
                        tile(out, "perplexity against dense", Numbers.signedPercent(change, 2)));
        if (!best.tasks().isEmpty()) {
            tile(
                    out,
                    "tasks without a loss",
                    best.tasksWithoutLoss() + " of " + best.tasks().size());
        }
        if (best.sparsity().keyBits() > 0) {
            tile(out, "bits a key element, of 16", Numbers.fixed(best.sparsity().keyBits(), 1));
        }
        out.close().line();
    }

    private static void tile(Markup out, String name, String value) {
        out.open("div").element("dt", name).element("dd", value).close();
    }

    private DataTable table() {
        List<List<Cell>> rows = new ArrayList<>();
        for (String series : sweeps.series()) {
            List<TradeOff> own =
                    tradeOffs.stream()
                            .filter(one -> sweeps.place(one.attention()).series().equals(series))
                            .toList();
            if (!own.isEmpty()) {
                rows.add(row(series, own));
            }
        }
        return new DataTable(
                "summary",
                "The most that each attention skips without a loss",
                0,
                List.of(
                        text("Attention", "attention"),
                        text("Setting", "setting"),
                        number("MACs skipped", "skipped_mac_fraction"),
                        number("in prompts", "prefill_skipped_mac_fraction"),
                        number("in generation", "decode_skipped_mac_fraction"),
                        number("of values", "value_skipped_mac_fraction"),
                        number("Perplexity, worst", "perplexity_change"),
                        number("Task, worst", "task_difference"),
                        number("Bits a key element", "key_bits")),
                rows);
    }

    private List<Cell> row(String series, List<TradeOff> own) {
        Optional<TradeOff> best =
                TradeOff.best(own).or(() -> own.stream().filter(TradeOff::lossless).findFirst());
        if (best.isEmpty()) {
            Cell none = Cell.NONE;
            return List.of(
                    Cell.text(series),
                    Cell.text("none without a loss"),
                    none,
                    none,
                    none,
                    none,
                    none,
                    none,
                    none);
        }
        TradeOff one = best.get();
        Sparsity sparsity = one.sparsity();
        return List.of(
                Cell.text(series),
                Cell.text(sweeps.place(one.attention()).setting()),
                Cell.percent(sparsity.skippedMacFraction(), 1),
                Cell.percent(sparsity.prefillSkippedMacFraction(), 1),
                Cell.percent(sparsity.decodeSkippedMacFraction(), 1),
                Cell.percent(sparsity.valueSkippedMacFraction(), 1),
                optional(one.worstPerplexityChange(), false),
                optional(one.worstTaskDifference(), true),
                Cell.decimal(sparsity.keyBits(), 1));
    }

    private static Cell optional(OptionalDouble value, boolean points) {
        return value.isEmpty()
                ? Cell.NONE
                : Cell.number(value.getAsDouble(), v -> ScoreText.difference(points, v));
    }
}
