package io.github.deltallm.engine.template;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.Random;

class SearchTest {
    @Test
    void findsWhatJavaFinds() {
        Random random = new Random(3);
        for (int round = 0; round < 2000; round++) {
            String text = letters(random, 200);
            String wanted = random.nextBoolean() ? letters(random, 40) : part(text, random);
            int position = random.nextInt(text.length() + 1);
            assertThat(Search.first(text, wanted, position) < 0)
                    .isEqualTo(text.indexOf(wanted, position) < 0);
            if (text.indexOf(wanted, position) >= 0) {
                assertThat(Search.first(text, wanted, position))
                        .isEqualTo(text.indexOf(wanted, position));
            }
            int last = text.lastIndexOf(wanted, position - wanted.length());
            assertThat(Search.last(text, wanted, position) < 0).isEqualTo(last < 0);
            if (last >= 0) {
                assertThat(Search.last(text, wanted, position)).isEqualTo(last);
            }
        }
    }

    @Test
    void repetitiveTextsTakeLinearTime() {
        String text = "a".repeat(2_000_000) + "b";
        String wanted = "a".repeat(1_000_000) + "c";
        assertThat(Search.first(text, wanted, 0)).isNegative();
        assertThat(Search.last(text, wanted, text.length())).isNegative();
    }

    /** Of two letters only, so that much repeats. */
    private static String letters(Random random, int length) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < length; i++) {
            letters.append(random.nextInt(6) == 0 ? 'b' : 'a');
        }
        return letters.toString();
    }

    private static String part(String text, Random random) {
        int start = random.nextInt(text.length());
        return text.substring(start, start + random.nextInt(text.length() - start));
    }
}
