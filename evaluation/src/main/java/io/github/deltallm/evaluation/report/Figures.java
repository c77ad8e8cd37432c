package io.github.deltallm.evaluation.report;

import java.util.List;

/** Pictures on the page. */
final class Figures {
    /**
     * One of several pictures side by side.
     *
     * @param heading above it
     * @param caption what it says, below the heading
     */
    record Panel(String heading, String caption, Plot plot) {}

    private Figures() {}

    /** One picture across the page, and another for phones. */
    static Markup across(Plot plot, String id) {
        return new Markup()
                .open("figure")
                .add(PlotDrawing.of(plot, Frame.WIDE, id + "-wide"))
                .add(PlotDrawing.of(plot, Frame.NARROW, id + "-narrow"))
                .close()
                .line();
    }

    /** As above. */
    static Markup across(HeatMap map, String id) {
        return new Markup()
                .open("figure")
                .add(HeatMapDrawing.of(map, Frame.WIDE, id + "-wide"))
                .add(HeatMapDrawing.of(map, Frame.NARROW, id + "-narrow"))
                .close()
                .line();
    }

    /** Pictures side by side as far as there is room; one alone goes across the page. */
    static Markup panels(List<Panel> panels, String id) {
        boolean one = panels.size() == 1;
        Markup out = new Markup().open("div", "class", one ? "panel-alone" : "panels").line();
        for (int i = 0; i < panels.size(); i++) {
            Panel panel = panels.get(i);
            String panelId = id + "-" + i;
            out.open("section", "class", "panel");
            out.element("h3", panel.heading());
            out.element("p", panel.caption(), "class", one ? "finding" : "caption");
            if (one) {
                out.add(across(panel.plot(), panelId));
            } else {
                out.open("figure").add(PlotDrawing.of(panel.plot(), Frame.PANEL, panelId)).close();
            }
            out.close().line();
        }
        return out.close().line();
    }
}
