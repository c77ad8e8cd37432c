package io.github.deltallm.evaluation.report;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.RunInfo;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The results of a run as one HTML file that needs nothing else: no script, no font, no picture
 * from anywhere. It can be read on a phone, on paper, in light and in dark. Immutable.
 */
public final class HtmlReport {
    /** Even if somebody's text got through as markup, it could load and run nothing. */
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    /** Facts of more characters have a line of their own. */
    private static final int LONG = 80;

    private final Evaluation evaluation;
    private final List<Section> sections;

    public HtmlReport(Evaluation evaluation) {
        this.evaluation = evaluation;
        sections = Sections.of(evaluation);
    }

    /**
     * Writes the report, in place of a file of that name if there is one.
     *
     * @throws DeltaLlmException if that fails; a file that was there is then what it was
     */
    public void writeTo(Path file) {
        ReportFile.write(file, text());
    }

    /** The page's text. */
    public String text() {
        Markup out = new Markup().doctype();
        out.open("html", "lang", "en").line();
        head(out);
        out.open("body").line();
        header(out);
        out.open("main").line();
        for (Section section : sections) {
            out.open("section", "id", section.id());
            out.element("h2", section.title()).line();
            out.add(section.content());
            out.close().line();
        }
        out.add(Method.markup());
        out.close().line();
        footer(out);
        return out.close().line().close().line().toString();
    }

    private void head(Markup out) {
        out.open("head").line();
        out.empty("meta", "charset", "utf-8").line();
        out.empty("meta", "http-equiv", "Content-Security-Policy", "content", POLICY).line();
        out.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        out.line().element("title", evaluation.run().model() + " – DeltaLLM evaluation").line();
        out.style(StyleSheet.builtIn()).line().close().line();
    }

    private void header(Markup out) {
        RunInfo run = evaluation.run();
        out.open("header");
        theme(out);
        out.element("p", "DeltaLLM evaluation", "class", "eyebrow");
        out.open("h1").element("bdi", run.model()).close();
        out.open("dl", "class", "facts");
        fact(out, "Date", run.date());
        fact(out, "Architecture", run.architecture());
        fact(
                out,
                "Backend",
                run.backendDescription().startsWith(run.backend())
                        ? run.backendDescription()
                        : run.backend() + ", " + run.backendDescription());
        fact(out, "Version", run.version());
        fact(out, "Commit", run.commit());
        fact(out, "Model's SHA-256", run.modelSha256());
        for (Map.Entry<String, String> option : run.options().entrySet()) {
            fact(out, option.getKey(), option.getValue());
        }
        out.close();
        out.open("nav", "aria-label", "Contents").open("ol");
        for (Section section : sections) {
            out.open("li").element("a", section.title(), "href", "#" + section.id()).close();
        }
        out.close().close().close().line();
    }

    /** Light, dark, or as the reader's system has it: the style sheet does it, without a script. */
    private static void theme(Markup out) {
        out.open("fieldset", "class", "theme").element("legend", "Colours");
        for (String name : List.of("system", "light", "dark")) {
            out.open("label");
            if (name.equals("system")) {
                out.empty(
                        "input",
                        "type",
                        "radio",
                        "name",
                        "theme",
                        "id",
                        "theme-" + name,
                        "checked",
                        "");
            } else {
                out.empty("input", "type", "radio", "name", "theme", "id", "theme-" + name);
            }
            out.element("span", name).close();
        }
        out.close();
    }

    private static void fact(Markup out, String name, String value) {
        if (!value.isBlank()) {
            out.open("div", "class", value.length() > LONG ? "long" : "short");
            out.element("dt", name).open("dd").breakable(value).close().close();
        }
    }

    private void footer(Markup out) {
        out.open("footer");
        out.element(
                "p",
                "Made by deltallm eval"
                        + (evaluation.run().version().isBlank()
                                ? ""
                                : ", version " + evaluation.run().version())
                        + ", which writes the same numbers as CSV and JSON.");
        out.close().line();
    }
}
