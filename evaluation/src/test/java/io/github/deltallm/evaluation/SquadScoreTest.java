package io.github.deltallm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Made-up predictions, scored by another implementation of the published formulas, in Python, where
 * lower case, words and spaces are Python's own.
 */
class SquadScoreTest {
    private static final double LAST_DIGITS = 1e-12;

    private record One(
            String answer, List<String> right, double noAnswer, double exact, double f1) {}

    private static One one(
            String answer, List<String> right, double noAnswer, double exact, double f1) {
        return new One(answer, right, noAnswer, exact, f1);
    }

    private static final List<One> CASES =
            List.of(
                    one("France", List.of("France"), 0.1, 1, 1.0),
                    one("the France.", List.of("France", "france"), 0.2, 1, 1.0),
                    one(
                            "in the 10th and 11th centuries",
                            List.of("10th and 11th centuries", "in the 10th and 11th centuries"),
                            0.05,
                            1,
                            1.0),
                    one(
                            "10th century",
                            List.of("10th and 11th centuries"),
                            0.3,
                            0,
                            0.3333333333333333),
                    one("", List.of(), 0.9, 1, 1.0),
                    one("", List.of("Rollo"), 0.8, 0, 0),
                    one("unanswerable", List.of(), 0.95, 0, 0),
                    one("Normans", List.of(), 0.2, 0, 0),
                    one("A", List.of("a"), 0.4, 1, 1.0),
                    one("the", List.of("The"), 0.4, 1, 1.0),
                    one("the", List.of(), 0.7, 1, 1.0),
                    one("!?", List.of(), 0.6, 1, 1.0),
                    one("an apple a day", List.of("apple day"), 0.1, 1, 1.0),
                    one(
                            "Beyonc\u00e9 Knowles",
                            List.of("Beyonc\u00e9"),
                            0.1,
                            0,
                            0.6666666666666666),
                    one("Beyonce\u0301", List.of("Beyonc\u00e9"), 0.1, 0, 0),
                    one("\u0130stanbul", List.of("istanbul", "\u0130STANBUL"), 0.2, 1, 1.0),
                    one(
                            "\u039f\u0394\u039f\u03a3",
                            List.of("\u03bf\u03b4\u03cc\u03c2", "\u03bf\u03b4\u03bf\u03c2"),
                            0.2,
                            1,
                            1.0),
                    one("Stra\u00dfe", List.of("STRASSE", "STRA\u00dfE"), 0.2, 1, 1.0),
                    one(
                            "\u6771\u4eac the \u90fd",
                            List.of("\u6771\u4eac\u90fd", "\u6771\u4eac \u90fd"),
                            0.2,
                            1,
                            1.0),
                    one("thea\u0301tre", List.of("the\u0301a\u0302tre"), 0.3, 0, 0),
                    one("a\u0301", List.of("\u0301"), 0.3, 1, 1.0),
                    one("well-known; it's", List.of("wellknown its"), 0.1, 1, 1.0),
                    one(
                            "20 \u2013 30 km\u00b2",
                            List.of("20\u201330 km\u00b2", "20 30 km\u00b2"),
                            0.3,
                            0,
                            0.8571428571428571),
                    one("\u201cquoted\u201d", List.of("quoted"), 0.3, 0, 0),
                    one("red\u00a0car", List.of("red car"), 0.1, 1, 1.0),
                    one(
                            "red\u2003the\u3000car\u200b",
                            List.of("red car", "red car\u200b"),
                            0.1,
                            1,
                            1.0),
                    one("x\u001cy\u0085z", List.of("x y z"), 0.1, 1, 1.0),
                    one("the the the cat", List.of("cat cat"), 0.1, 0, 0.6666666666666666),
                    one("cat cat cat dog", List.of("cat dog dog"), 0.1, 0, 0.5714285714285715),
                    one("a_the b", List.of("the b", "a_the b"), 0.1, 1, 1.0),
                    one("an\u00b2 the\u2167 A\u0660", List.of("an\u00b2", "x"), 0.1, 0, 0.5),
                    one("$5,000,000.00", List.of("5000000.00", "$5 million"), 0.1, 1, 1.0),
                    one("no\tanswer\nhere", List.of("No answer, here"), 0.1, 1, 1.0),
                    one("  ", List.of(), 0.5, 1, 1.0),
                    one("The ...", List.of("..."), 0.5, 1, 1.0));

    @TestFactory
    Stream<DynamicTest> answersAreScoredAsInPython() {
        return CASES.stream()
                .map(one ->
                        DynamicTest.dynamicTest(
                                "'" + one.answer() + "' for " + one.right(),
                                () -> {
                                    assertThat(SquadScore.exact(one.answer(), one.right()))
                                            .as("exact")
                                            .isEqualTo(one.exact());
                                    assertThat(SquadScore.f1(one.answer(), one.right()))
                                            .as("f1")
                                            .isCloseTo(one.f1(), within(LAST_DIGITS));
                                }));
    }

    @Test
    void totalsAreThoseOfPython() {
        List<ItemResult> results = new ArrayList<>();
        IntStream.range(0, CASES.size()).forEach(i -> results.add(result(i, CASES.get(i))));

        assertThat(total("exact", results)).isCloseTo(0.6571428571428571, within(LAST_DIGITS));
        assertThat(total("f1", results)).isCloseTo(0.7598639455782313, within(LAST_DIGITS));
        assertThat(total("HasAns_exact", results))
                .isCloseTo(0.6551724137931034, within(LAST_DIGITS));
        assertThat(total("HasAns_f1", results)).isCloseTo(0.7791461412151068, within(LAST_DIGITS));
        assertThat(total("NoAns_exact", results))
                .isCloseTo(0.6666666666666666, within(LAST_DIGITS));
        assertThat(total("NoAns_f1", results)).isCloseTo(0.6666666666666666, within(LAST_DIGITS));
        assertThat(total("best_exact", results)).isCloseTo(0.6857142857142857, within(LAST_DIGITS));
        assertThat(total("best_f1", results)).isCloseTo(0.7884353741496598, within(LAST_DIGITS));
    }

    /** As the item itself scores what was generated. */
    private static ItemResult result(int index, One one) {
        SquadItem item = new SquadItem("" + index, "", "", "", one.right(), 1);
        Map<String, double[]> values =
                item.score(
                        new Question.Answers(
                                List.of(new double[] {Math.log(one.noAnswer())}), one.answer()));
        return new ItemResult(item.id(), values, one.answer(), Usage.NONE);
    }

    private static double total(String metric, List<ItemResult> results) {
        return SquadMetrics.all().stream()
                .filter(one -> one.name().equals(metric))
                .findFirst()
                .orElseThrow()
                .observations()
                .apply(results)
                .mean();
    }
}
