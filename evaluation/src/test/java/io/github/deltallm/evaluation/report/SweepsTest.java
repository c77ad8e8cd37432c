package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

class SweepsTest {
    @Test
    void attentionsThatDifferInThetaAloneAreOneSeries() {
        Sweeps sweeps =
                new Sweeps(
                        List.of(
                                "dense",
                                "delta:theta=0.4,events=int8",
                                "delta:theta=1.2,events=int8",
                                "delta:theta=1.2"));
        assertThat(sweeps.place("delta:theta=1.2,events=int8"))
                .isEqualTo(new Sweeps.Place("delta events=int8", "θ\u00a01.2", 1.2));
        assertThat(sweeps.place("delta:theta=1.2").name()).isEqualTo("delta theta=1.2");
        assertThat(sweeps.series()).containsExactly("delta events=int8", "delta theta=1.2");
    }

    @Test
    void anyNumberMayBeSwept() {
        Sweeps sweeps = new Sweeps(List.of("window:size=5%,sinks=4", "window:size=256,sinks=4"));
        assertThat(sweeps.place("window:size=256,sinks=4").name())
                .isEqualTo("window sinks=4, size\u00a0256");
    }

    @Test
    void thetaComesFirstInAGrid() {
        Sweeps sweeps =
                new Sweeps(
                        List.of(
                                "delta:window=32,theta=1",
                                "delta:window=64,theta=1",
                                "delta:window=32,theta=2",
                                "delta:window=64,theta=2"));
        assertThat(sweeps.series()).containsExactly("delta window=32", "delta window=64");
    }

    @Test
    void wordsAreNotSwept() {
        Sweeps sweeps = new Sweeps(List.of("dense:keys=int8", "dense:keys=int4"));
        assertThat(sweeps.series()).containsExactly("dense keys=int8", "dense keys=int4");
        assertThat(sweeps.place("dense:keys=int4").label()).isEqualTo("keys=int4");
    }

    @Test
    void whatCannotBeReadIsASeriesOfItsOwn() {
        Sweeps sweeps = new Sweeps(List.of("<b>", "delta:theta=1", ""));
        assertThat(sweeps.place("<b>").series()).isEqualTo("<b>");
        assertThat(sweeps.place("").label()).isEmpty();
        assertThat(sweeps.style("<b>")).isNotEqualTo(sweeps.style("delta theta=1"));
    }

    @Test
    void denseHasItsOwnStyleAndTheFirst64OthersDiffer() {
        assertThat(new Sweeps(List.of("dense")).style("dense")).isEqualTo(SeriesStyle.DENSE);
        assertThat(
                        java.util.stream.IntStream.range(0, 64)
                                .mapToObj(SeriesStyle::of)
                                .distinct()
                                .count())
                .isEqualTo(64);
    }

    @Test
    void anExcerptKeepsToOneSeriesAndHoldsTheFirst() {
        List<String> all =
                List.of(
                        "prune:theta=1",
                        "delta:theta=1",
                        "delta:theta=2",
                        "delta:theta=3",
                        "delta:theta=4",
                        "delta:theta=5",
                        "delta:theta=6");
        Sweeps sweeps = new Sweeps(all);
        assertThat(Excerpt.of(all, "delta:theta=5", sweeps, 3))
                .containsExactly("delta:theta=1", "delta:theta=5", "delta:theta=6");
        assertThat(Excerpt.of(all, "delta:theta=5", sweeps, 2))
                .hasSize(2)
                .contains("delta:theta=5");
        assertThat(Excerpt.of(all, "not there", sweeps, 9)).isEqualTo(all);
    }
}
