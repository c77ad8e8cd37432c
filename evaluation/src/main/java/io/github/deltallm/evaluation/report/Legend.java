package io.github.deltallm.evaluation.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the markers of pictures stand for. */
final class Legend {
    private static final String RING = SeriesStyle.of(0).shape();

    private final Map<String, SeriesStyle> series = new LinkedHashMap<>();
    private final List<String[]> notes = new ArrayList<>();

    /** Lists all series of the plots, each once. */
    Legend(List<Plot> plots) {
        for (Plot plot : plots) {
            for (Series one : plot.series()) {
                series.putIfAbsent(one.name(), one.style());
            }
        }
    }

    /** Explains filled and hollow markers. */
    Legend filled(String filled, String hollow) {
        notes.add(new String[] {"marker", filled});
        notes.add(new String[] {"marker hollow", hollow});
        return this;
    }

    Markup markup() {
        Markup out = new Markup().open("ul", "class", "legend");
        series.forEach((name, style) -> {
            out.open("li");
            key(out, style.colourClass(), "marker", style.shape());
            out.open("bdi").breakable(name).close().close();
        });
        for (String[] note : notes) {
            out.open("li", "class", "note");
            key(out, "dense", note[0], RING);
            out.text(note[1]).close();
        }
        return out.close().line();
    }

    private static void key(Markup out, String colour, String style, String shape) {
        out.open("svg", "class", "key", "viewBox", "-8 -8 16 16", "aria-hidden", "true");
        out.open("g", "class", "points " + colour);
        out.empty("path", "class", style, "d", shape).close().close();
    }
}
