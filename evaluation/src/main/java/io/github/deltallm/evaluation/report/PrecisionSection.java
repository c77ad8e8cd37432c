package io.github.deltallm.evaluation.report;

import static io.github.deltallm.evaluation.report.DataTable.Column.number;
import static io.github.deltallm.evaluation.report.DataTable.Column.text;

import io.github.deltallm.evaluation.result.KeyPrecision;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Perplexity against the memory of the keys. */
final class PrecisionSection implements Section {

    private final List<KeyPrecision> precisions;
    private final Sweeps sweeps;

    PrecisionSection(List<KeyPrecision> precisions, Sweeps sweeps) {
        this.precisions = precisions;
        this.sweeps = sweeps;
    }

    @Override
    public String id() {
        return "precision";
    }

    @Override
    public String title() {
        return "Perplexity against key bits an element";
    }

    @Override
    public Markup content() {
        Markup out = new Markup();
        if (precisions.isEmpty()) {
            return out.element(
                    "p",
                    "This run scored no perplexity, so there is nothing to show here.",
                    "class",
                    "empty");
        }
        List<Figures.Panel> panels = new ArrayList<>();
        byTask().forEach((task, own) -> panels.add(panel(task, own)));
        out.element(
                "p",
                "Bits are those that were allocated: exact window, sinks and anchors included."
                        + " Further left is smaller, lower is better.",
                "class",
                "note");
        out.add(new Legend(panels.stream().map(Figures.Panel::plot).toList()).markup());
        out.add(Figures.panels(panels, id()));
        long missing = precisions.stream().filter(one -> !drawable(one)).count();
        if (missing > 0) {
            out.element(
                    "p",
                    "Not drawn, because a number is missing or not finite: "
                            + missing
                            + " of "
                            + precisions.size()
                            + "; see the table.",
                    "class",
                    "note");
        }
        return out.add(TableMarkup.of(table()));
    }

    @Override
    public List<DataTable> tables() {
        return precisions.isEmpty() ? List.of() : List.of(table());
    }

    private Map<String, List<KeyPrecision>> byTask() {
        Map<String, List<KeyPrecision>> byTask = new LinkedHashMap<>();
        for (KeyPrecision one : precisions) {
            byTask.computeIfAbsent(one.task(), _ -> new ArrayList<>()).add(one);
        }
        return byTask;
    }

    private static boolean drawable(KeyPrecision one) {
        return Double.isFinite(one.keyBits()) && one.keyBits() > 0 && Double.isFinite(one.change());
    }

    private static boolean dense(KeyPrecision one) {
        return one.attention().equals(Sweeps.DENSE);
    }

    private String finding(List<KeyPrecision> own) {
        String limit = Numbers.percent(Loss.PERPLEXITY, 1);
        Optional<KeyPrecision> least =
                own.stream()
                        .filter(PrecisionSection::drawable)
                        .filter(one -> !dense(one) && one.change() <= Loss.PERPLEXITY)
                        .min(Comparator.comparingDouble(KeyPrecision::keyBits));
        return least.map(one ->
                        "The smallest keys at most "
                                + limit
                                + " above dense take "
                                + bits(one)
                                + " an element: "
                                + sweeps.place(one.attention()).name()
                                + ", "
                                + Numbers.signedPercent(one.change(), 2)
                                + compared(own, one)
                                + ".")
                .orElse("No keys but the dense ones stay within " + limit + ".");
    }

    /** The usual ways of storing keys small, beside it. */
    private static String compared(List<KeyPrecision> own, KeyPrecision least) {
        List<String> others =
                own.stream()
                        .filter(PrecisionSection::drawable)
                        .filter(one -> !one.equals(least))
                        .filter(one -> one.kind().equals("int8") || one.kind().equals("int4"))
                        .map(one ->
                                one.kind()
                                        + " keys "
                                        + bits(one)
                                        + " at "
                                        + Numbers.signedPercent(one.change(), 2))
                        .toList();
        return others.isEmpty() ? "" : "; " + String.join(", ", others);
    }

    private static String bits(KeyPrecision one) {
        return Numbers.fixed(one.keyBits(), 1) + " bits";
    }

    private Figures.Panel panel(String task, List<KeyPrecision> own) {
        List<KeyPrecision> drawn = own.stream().filter(PrecisionSection::drawable).toList();
        List<Double> near =
                Outliers.without(drawn.stream().map(one -> one.change() * 100).toList(), 1);
        List<Double> vertical = new ArrayList<>(near);
        vertical.add(0.0);
        vertical.add(Loss.PERPLEXITY * 100);
        String dense =
                own.stream()
                        .filter(PrecisionSection::dense)
                        .filter(one -> Double.isFinite(one.perplexity()))
                        .findFirst()
                        .map(one -> "dense, perplexity " + Numbers.fixed(one.perplexity(), 2))
                        .orElse("dense");
        String finding = finding(own);
        Plot plot =
                new Plot(
                        task + ": change of the perplexity against bits a key element",
                        finding,
                        Axis.logarithmic(
                                "bits a key element",
                                Scale.Kind.POWERS_OF_TWO,
                                drawn.stream().map(KeyPrecision::keyBits).toList()),
                        Axis.linear("change of the perplexity", Axis.PERCENT, vertical),
                        series(drawn),
                        List.of(
                                new Reference(dense, 0, 0),
                                new Reference(
                                        Numbers.signedPercent(Loss.PERPLEXITY, 1),
                                        Loss.PERPLEXITY * 100,
                                        0)));
        return new Figures.Panel(task, finding, plot);
    }

    private List<Series> series(List<KeyPrecision> drawn) {
        Map<String, List<KeyPrecision>> bySeries = new LinkedHashMap<>();
        for (KeyPrecision one : drawn) {
            String series = sweeps.place(one.attention()).series();
            bySeries.computeIfAbsent(series, _ -> new ArrayList<>()).add(one);
        }
        List<Series> all = new ArrayList<>();
        bySeries.forEach((series, own) ->
                all.add(
                        new Series(
                                series,
                                sweeps.style(series),
                                own.stream()
                                        .sorted(Comparator.comparingDouble(this::swept))
                                        .map(this::point)
                                        .toList())));
        return all;
    }

    private double swept(KeyPrecision one) {
        return sweeps.place(one.attention()).value();
    }

    private Point point(KeyPrecision one) {

        return new Point(
                one.keyBits(),
                one.change() * 100,
                0,
                false,
                sweeps.place(one.attention()).label(),
                one.attention()
                        + ": "
                        + bits(one)
                        + " a key element, perplexity "
                        + Numbers.signedPercent(one.change(), 2)
                        + " against dense");
    }

    private DataTable table() {
        List<List<Cell>> rows = new ArrayList<>();
        for (KeyPrecision one : precisions) {
            rows.add(
                    List.of(
                            Cell.text(one.task()),
                            Cell.text(one.attention()),
                            Cell.text(one.kind()),
                            Cell.decimal(one.keyBits(), 2),
                            Cell.decimal(one.perplexity(), 2),
                            Cell.signedPercent(one.change(), 2)));
        }
        return new DataTable(
                "key_precision",
                "Perplexity and the memory of the keys",
                1,
                List.of(
                        text("Task", "task"),
                        text("Attention", "attention"),
                        text("Kind", "kind"),
                        number("Bits a key element", "key_bits"),
                        number("Perplexity", "perplexity"),
                        number("against dense", "change")),
                rows);
    }
}
