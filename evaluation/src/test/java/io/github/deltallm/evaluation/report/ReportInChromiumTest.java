package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.evaluation.result.Evaluation;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a reader's browser makes of the report. */
@Timeout(300)
class ReportInChromiumTest {
    private static final String HOSTILE =
            "</title></style><script>console.error('run')</script>"
                    + "<img src=x onerror=console.error(1)>\"'&\u202egnp.\u0000\ud800";

    /** The parts of the page where a picture can be seen. */
    private static final String WITH_PICTURES =
            """
            [...document.querySelectorAll('main > section')]
              .filter(part => [...part.querySelectorAll('svg.picture')]
                .some(svg => svg.getBoundingClientRect().width > 200))
              .map(part => part.id).join(' ')\
            """;

    /** Boxes of text in pictures that overlap another one. */
    private static final String OVERLAPPING =
            """
            [...document.querySelectorAll('svg.picture')].flatMap(svg => {
              const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
              return texts.flatMap(([a, p], i) => texts.slice(i + 1)
                .filter(([b, q]) => p.width > 0 && q.width > 0
                  && Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1
                  && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 4)
                .map(([b]) => a + ' over ' + b));
            }).join('; ')\
            """;

    /** Text of pictures that is cut off at their edge. */
    private static final String CUT_OFF =
            """
            [...document.querySelectorAll('svg.picture')].flatMap(svg => {
              const edge = svg.getBoundingClientRect();
              return [...svg.querySelectorAll('text')].filter(t => {
                const box = t.getBoundingClientRect();
                return box.width > 0 && (box.left < edge.left - 1 || box.right > edge.right + 1
                  || box.top < edge.top - 1 || box.bottom > edge.bottom + 1);
              }).map(t => t.textContent);
            }).join('; ')\
            """;

    /** Chromium may write to its profile a moment longer than it lives. */
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path profiles;

    private static Chromium chromium;

    @TempDir Path folder;

    @BeforeAll
    static void start() throws IOException {
        chromium = Chromium.start(Files.createDirectory(profiles.resolve("profile")));
    }

    @AfterAll
    static void stop() throws IOException {
        if (chromium != null) {
            chromium.close();
        }
    }

    private void open(Evaluation evaluation, int width, boolean dark, boolean print)
            throws IOException {
        Path page = folder.resolve("report.html");
        new HtmlReport(evaluation).writeTo(page);
        chromium.open(page, width, dark, print);
    }

    private static int number(String expression) throws IOException {
        return chromium.evaluate(expression).asInt();
    }

    private static void assertNothingIsWider(int width) throws IOException {
        assertThat(number("innerWidth")).isEqualTo(width);
        assertThat(number("document.documentElement.scrollWidth")).isLessThanOrEqualTo(width);
    }

    @ParameterizedTest
    @CsvSource({
        "360, false",
        "360, true",
        "768, false",
        "768, true",
        "1280, false",
        "1280, true",
    })
    void fitsTheScreenShowsAllPicturesAndComplainsOfNothing(int width, boolean dark)
            throws IOException {
        open(SampleEvaluation.full(), width, dark, false);
        assertNothingIsWider(width);
        assertThat(chromium.evaluate(WITH_PICTURES).asString())
                .isEqualTo("accuracy precision heads frequencies speed");
        assertThat(chromium.complaints()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"360, false", "1280, false", "360, true", "1280, true"})
    void noTextInAPictureOverlapsAnotherOrIsCutOff(int width, boolean hostile) throws IOException {
        Evaluation evaluation = hostile ? SampleEvaluation.named(HOSTILE) : SampleEvaluation.full();
        open(evaluation, width, false, false);
        assertThat(chromium.evaluate(OVERLAPPING).asString()).isEmpty();
        assertThat(chromium.evaluate(CUT_OFF).asString()).isEmpty();
    }

    @Test
    void textInPicturesIsLargeEnoughOnAPhone() throws IOException {
        open(SampleEvaluation.full(), 360, false, false);
        String smallest =
                """
                Math.min(...[...document.querySelectorAll('svg.picture')]
                  .filter(svg => svg.getBoundingClientRect().width > 0)
                  .map(svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width * 1100))\
                """;
        assertThat(number(smallest)).as("hundredths of a pixel").isGreaterThanOrEqualTo(1000);
    }

    @ParameterizedTest
    @CsvSource({"360, false", "1280, true"})
    void withoutResultsItSaysSo(int width, boolean dark) throws IOException {
        open(SampleEvaluation.empty(), width, dark, false);
        assertNothingIsWider(width);
        assertThat(number("document.querySelectorAll('svg.picture').length")).isZero();
        assertThat(number("document.querySelectorAll('.empty').length")).isEqualTo(5);
        assertThat(chromium.complaints()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"360", "1280"})
    void textOfOthersIsShownNotRun(int width) throws IOException {
        open(SampleEvaluation.named(HOSTILE), width, false, false);
        assertNothingIsWider(width);
        assertThat(number("document.querySelectorAll('script, img').length")).isZero();
        assertThat(chromium.evaluate("document.querySelector('h1').textContent").asString())
                .isEqualTo(VisibleText.of(HOSTILE))
                .startsWith("</title></style><script>");
        assertThat(chromium.complaints()).isEmpty();
    }

    @Test
    void colourSchemesFollowTheSystemAndThenTheReader() throws IOException {
        String paper = "getComputedStyle(document.documentElement).backgroundColor";
        open(SampleEvaluation.empty(), 1280, false, false);
        String light = chromium.evaluate(paper).asString();
        open(SampleEvaluation.empty(), 1280, true, false);
        String dark = chromium.evaluate(paper).asString();
        assertThat(dark).isNotEqualTo(light);
        chromium.evaluate("document.getElementById('theme-light').click()");
        assertThat(chromium.evaluate(paper).asString()).isEqualTo(light);
        chromium.evaluate("document.getElementById('theme-dark').click()");
        assertThat(chromium.evaluate(paper).asString()).isEqualTo(dark);
    }

    @Test
    void paperIsLightUnfoldedAndAsWideAsItIs() throws IOException {
        open(SampleEvaluation.full(), 680, true, true);
        assertNothingIsWider(680);
        assertThat(
                        chromium.evaluate(
                                        "getComputedStyle(document.documentElement).backgroundColor")
                                .asString())
                .isEqualTo("rgb(255, 255, 255)");
        assertThat(
                        number(
                                "[...document.querySelectorAll('table')].filter(t =>"
                                        + " t.getBoundingClientRect().height === 0).length"))
                .isZero();
    }
}
