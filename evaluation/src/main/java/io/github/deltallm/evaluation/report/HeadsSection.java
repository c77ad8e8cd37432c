package io.github.deltallm.evaluation.report;

import static io.github.deltallm.evaluation.report.DataTable.Column.number;
import static io.github.deltallm.evaluation.report.DataTable.Column.text;

import io.github.deltallm.evaluation.result.HeadSparsity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/** Unchanged key elements by layer and head. */
final class HeadsSection implements Section {
    /** More layers or heads than any model has: numbers above are mistakes. */
    private static final int MOST = 4096;

    private static final int PICTURES = 5;

    private final List<HeadSparsity> heads;
    private final Sweeps sweeps;
    private final String first;

    /**
     * @param first the attention whose picture is shown first; some others are folded
     */
    HeadsSection(List<HeadSparsity> heads, Sweeps sweeps, String first) {
        this.heads = heads;
        this.sweeps = sweeps;
        this.first = first;
        for (HeadSparsity head : heads) {
            requireIndex("layer", head.layer());
            requireIndex("KV head", head.kvHead());
        }
    }

    private static void requireIndex(String what, int index) {
        if (index < 0 || index >= MOST) {
            throw new IllegalArgumentException("there is no " + what + " " + index);
        }
    }

    @Override
    public String id() {
        return "heads";
    }

    @Override
    public String title() {
        return "Sparsity by layer and head";
    }

    @Override
    public Markup content() {
        Markup out = new Markup();
        SequencedMap<String, HeatMap> maps = maps();
        if (maps.isEmpty()) {
            return out.element(
                    "p",
                    "This run had no delta attention, so no keys were encoded.",
                    "class",
                    "empty");
        }
        String shown = maps.containsKey(first) ? first : maps.firstEntry().getKey();
        HeatMap map = Objects.requireNonNull(maps.get(shown));
        out.element("p", shown + ": " + map.description(), "class", "finding").line();
        out.element(
                "p",
                "Elements of the delta matrix of the keys that did not change, in percent of a"
                        + " head's elements, on a sample of the run's text.",
                "class",
                "note");
        colours(out);
        out.add(Figures.across(map, id() + "-0"));
        out.add(TableMarkup.of(matrix(shown, map)));
        int next = 1;
        List<String> more = Excerpt.of(List.copyOf(maps.keySet()), shown, sweeps, PICTURES);
        for (String other : more) {
            HeatMap one = maps.get(other);
            if (one != null && !other.equals(shown)) {
                out.open("details").element("summary", "Picture: " + other);
                out.element("p", one.description(), "class", "caption");
                out.add(Figures.across(one, id() + "-" + next++)).close().line();
            }
        }
        if (more.size() < maps.size()) {
            out.element(
                    "p",
                    "With pictures: "
                            + more.size()
                            + " of "
                            + maps.size()
                            + " attentions; the CSV file has all.",
                    "class",
                    "note");
        }
        return out;
    }

    @Override
    public List<DataTable> tables() {
        return heads.isEmpty() ? List.of() : List.of(table());
    }

    private static void colours(Markup out) {
        out.open("ol", "class", "colours", "aria-label", "Colours, in percent unchanged");
        int share = 100 / HeatMapDrawing.COLOURS;
        for (int i = 0; i < HeatMapDrawing.COLOURS; i++) {
            out.element("li", i * share + "–" + (i + 1) * share, "class", "h" + i);
        }
        out.close().line();
    }

    private SequencedMap<String, HeatMap> maps() {
        Map<String, List<HeadSparsity>> byAttention = new LinkedHashMap<>();
        for (HeadSparsity head : heads) {
            byAttention.computeIfAbsent(head.attention(), _ -> new ArrayList<>()).add(head);
        }
        SequencedMap<String, HeatMap> maps = new LinkedHashMap<>();
        byAttention.forEach((attention, own) -> maps.put(attention, map(attention, own)));
        return maps;
    }

    private static HeatMap map(String attention, List<HeadSparsity> own) {
        int layers = own.stream().mapToInt(HeadSparsity::layer).max().orElseThrow() + 1;
        int width = own.stream().mapToInt(HeadSparsity::kvHead).max().orElseThrow() + 1;
        OptionalDouble[][] fractions = new OptionalDouble[layers][width];
        for (OptionalDouble[] row : fractions) {
            Arrays.fill(row, OptionalDouble.empty());
        }
        for (HeadSparsity head : own) {
            if (Double.isFinite(head.deltaZeroFraction())) {
                fractions[head.layer()][head.kvHead()] =
                        OptionalDouble.of(head.deltaZeroFraction());
            }
        }
        return new HeatMap(
                "Unchanged key elements by layer and KV head under " + attention,
                finding(fractions),
                fractions);
    }

    private static String finding(OptionalDouble[][] fractions) {
        int least = -1;
        int most = -1;
        double[] means = new double[fractions.length];
        double sum = 0;
        long count = 0;
        for (int layer = 0; layer < fractions.length; layer++) {
            double[] own =
                    Arrays.stream(fractions[layer])
                            .flatMapToDouble(OptionalDouble::stream)
                            .toArray();
            if (own.length == 0) {
                continue;
            }
            sum += Arrays.stream(own).sum();
            count += own.length;
            means[layer] = Arrays.stream(own).average().orElseThrow();
            least = least < 0 || means[layer] < means[least] ? layer : least;
            most = most < 0 || means[layer] > means[most] ? layer : most;
        }
        if (count == 0) {
            return "no head has a finite fraction.";
        }
        String all = Numbers.percent(sum / count, 1) + " of the key elements did not change";
        return least == most
                ? all + "."
                : all
                        + "; most in layer "
                        + most
                        + " ("
                        + Numbers.percent(means[most], 1)
                        + "), least in layer "
                        + least
                        + " ("
                        + Numbers.percent(means[least], 1)
                        + ").";
    }

    /** The picture's numbers, as the page has them: a row a layer. */
    private static DataTable matrix(String attention, HeatMap map) {
        List<DataTable.Column> columns = new ArrayList<>(List.of(number("Layer", "layer")));
        for (int head = 0; head < map.heads(); head++) {
            columns.add(number("Head " + head, "head_" + head));
        }
        List<List<Cell>> rows = new ArrayList<>();
        for (int layer = 0; layer < map.layers(); layer++) {
            List<Cell> row = new ArrayList<>(List.of(Cell.count(layer)));
            for (OptionalDouble fraction : map.fractions()[layer]) {
                row.add(fraction.isEmpty() ? Cell.NONE : Cell.percent(fraction.getAsDouble(), 1));
            }
            rows.add(row);
        }
        return new DataTable(
                "head_matrix",
                "Unchanged key elements by layer and head: " + attention,
                0,
                columns,
                rows);
    }

    private DataTable table() {
        List<List<Cell>> rows = new ArrayList<>();
        for (HeadSparsity head : heads) {
            rows.add(
                    List.of(
                            Cell.text(head.attention()),
                            Cell.count(head.layer()),
                            Cell.count(head.kvHead()),
                            Cell.percent(head.deltaZeroFraction(), 2)));
        }
        return new DataTable(
                "head_sparsity",
                "Unchanged key elements by layer and head",
                1,
                List.of(
                        text("Attention", "attention"),
                        number("Layer", "layer"),
                        number("KV head", "kv_head"),
                        number("Unchanged", "delta_zero_fraction")),
                rows);
    }
}
