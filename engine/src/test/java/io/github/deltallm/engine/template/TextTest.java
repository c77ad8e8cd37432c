package io.github.deltallm.engine.template;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.Random;

class TextTest {
    private static Text mixed() {
        return new TextBuilder(new Budget())
                .append(Text.trusted("<a>"))
                .append(Text.untrusted("bc"))
                .append(Text.trusted("d"))
                .build();
    }

    @Test
    void segmentsFollowTheOriginOfTheCharacters() {
        assertThat(mixed().segments())
                .containsExactly(
                        new Segment("<a>", true), new Segment("bc", false), new Segment("d", true));
    }

    @Test
    void neighboursOfTheSameOriginAreOneSegment() {
        Text text =
                new TextBuilder(new Budget())
                        .append(Text.trusted("a"))
                        .append(Text.EMPTY)
                        .append(Text.trusted("b"))
                        .build();
        assertThat(text.segments()).containsExactly(new Segment("ab", true));
    }

    @Test
    void anEmptyTextHasNoSegments() {
        assertThat(Text.EMPTY.segments()).isEmpty();
        assertThat(Text.trusted("").segments()).isEmpty();
    }

    @Test
    void aSliceKeepsTheOriginOfEveryCharacter() {
        assertThat(mixed().slice(1, 4).segments())
                .containsExactly(new Segment("a>", true), new Segment("b", false));
        assertThat(mixed().slice(3, 5).segments()).containsExactly(new Segment("bc", false));
        assertThat(mixed().slice(4, 4).segments()).isEmpty();
    }

    @Test
    void textsAreEqualByTheirCharactersAlone() {
        assertThat(Text.trusted("user"))
                .isEqualTo(Text.untrusted("user"))
                .hasSameHashCodeAs(Text.untrusted("user"));
    }

    @Test
    void anySlicesPutTogetherAgainAreTheSameText() {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            TextBuilder builder = new TextBuilder(new Budget());
            for (int i = 0; i < 12; i++) {
                builder.append("x".repeat(random.nextInt(4)), random.nextBoolean());
            }
            Text text = builder.build();
            int cut = random.nextInt(text.length() + 1);
            Text again =
                    new TextBuilder(new Budget())
                            .append(text.slice(0, cut))
                            .append(text, cut, text.length())
                            .build();
            assertThat(again.segments()).isEqualTo(text.segments());
            for (int i = 0; i < text.length(); i++) {
                assertThat(again.trustedAt(i)).isEqualTo(text.trustedAt(i));
            }
        }
    }
}
