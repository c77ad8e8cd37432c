package io.github.deltallm.engine.tokenizer;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Texts of what tokenizers stumble over, the same for the same seed. */
final class RandomTexts {
    private static final String[] PIECES = {
        "a",
        "the",
        "Hello",
        "WORLD",
        "don't",
        "I'LL",
        "We'Ve",
        "'s",
        "'",
        "''",
        "'x",
        "ſ",
        " ",
        " ",
        "  ",
        "   ",
        "\t",
        "\n",
        "\r\n",
        "\n\n",
        " \n",
        "\r",
        "\f",
        "\u00A0",
        "\u3000",
        "\u2003",
        "\u0085",
        "\u200B",
        "\u200D",
        "\uFEFF",
        "1",
        "23",
        "4567",
        "½",
        "٣",
        "Ⅷ",
        ".",
        ",",
        "!?",
        "(",
        ")",
        "_",
        "$",
        "+",
        "`",
        "^",
        "…",
        "—",
        "“",
        "漢字",
        "かな",
        "한국어",
        "العربية",
        "שלום",
        "हिन्दी",
        "e\u0301",
        "\u0301",
        "Ünïcödé",
        "ﬁ",
        "😀",
        "👩\u200D👧",
        "🇩🇪",
        "❤\uFE0F",
        "\u0000",
        "\u0007",
        "\u007F",
        "▁",
        "Ġ",
        "<s>",
        "<|im_start|>",
        "<0x0A>",
        "x->y",
        "a::b",
        "https://a.b/c"
    };

    private final RandomGenerator random;

    RandomTexts(long seed) {
        random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    String next() {
        StringBuilder text = new StringBuilder();
        for (int count = random.nextInt(1, 14); count > 0; count--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    int below(int bound) {
        return random.nextInt(bound);
    }
}
