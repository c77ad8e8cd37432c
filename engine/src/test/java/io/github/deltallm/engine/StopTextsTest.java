package io.github.deltallm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

class StopTextsTest {
    @Test
    void withoutStopTextsEverythingPassesAtOnce() {
        StopTexts stops = new StopTexts(List.of());
        assertThat(stops.push("abc")).isEqualTo("abc");
        assertThat(stops.finish()).isEmpty();
    }

    @Test
    void aStopTextAcrossPiecesIsFoundAndNeverShown() {
        StopTexts stops = new StopTexts(List.of("<end>"));
        assertThat(stops.push("hello <e")).isEqualTo("hello ");
        assertThat(stops.push("n")).isEmpty();
        assertThat(stops.push("d> more")).isEmpty();
        assertThat(stops.found()).isTrue();
        assertThat(stops.finish()).isEmpty();
    }

    @Test
    void whatOnlyBeganAsAStopTextIsReleased() {
        StopTexts stops = new StopTexts(List.of("aab"));
        assertThat(stops.push("xaa")).isEqualTo("x");
        assertThat(stops.push("a")).isEqualTo("a");
        assertThat(stops.push("c")).isEqualTo("aac");
        assertThat(stops.push("a")).isEmpty();
        assertThat(stops.finish()).isEqualTo("a");
        assertThat(stops.found()).isFalse();
    }

    @Test
    void theEarliestOfSeveralStopTextsCounts() {
        StopTexts stops = new StopTexts(List.of("two", "one"));
        assertThat(stops.push("zero one two")).isEqualTo("zero ");
        assertThat(stops.found()).isTrue();
    }

    @Test
    void anySplitOfATextGivesTheSameOutput() {
        String text = "abababac stop abab";
        for (int cut = 0; cut <= text.length(); cut++) {
            StopTexts stops = new StopTexts(List.of("abac", "stop"));
            String out = stops.push(text.substring(0, cut));
            if (!stops.found()) {
                out += stops.push(text.substring(cut));
            }
            assertThat(out + stops.finish()).isEqualTo("abab");
        }
    }
}
