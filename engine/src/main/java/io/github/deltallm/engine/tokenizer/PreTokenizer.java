package io.github.deltallm.engine.tokenizer;

import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.Metadata;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a byte-level BPE model cuts text into words, by the name in {@code tokenizer.ggml.pre}.
 *
 * @param splitter cuts a text
 * @param wholeWordsFirst whether a word that is a token is that token, whatever the merges say
 * @param addBos whether a text starts with the BOS token where the file does not say
 */
record PreTokenizer(Splitter splitter, boolean wholeWordsFirst, boolean addBos) {
    private static final String KEY = "tokenizer.ggml.pre";
    private static final Splitter GPT2 = new Gpt2Splitter();
    private static final Splitter LLAMA3 = new Llama3Splitter(3);
    private static final Splitter QWEN2 = new Llama3Splitter(1);

    /** Each number a word: {@code \p{N}}. */
    private static final Splitter DIGITS =
            Splitter.isolating((text, at, to) -> number(text[at]) ? at + 1 : at);

    /** {@code \p{N}+}. */
    private static final Splitter NUMBERS =
            Splitter.isolating(
                    (text, at, to) -> Splitter.runEnd(text, at, to, CharacterClass.NUMBER));

    /** {@code [0-9][0-9][0-9]}. */
    private static final Splitter TRIPLES =
            Splitter.isolating((text, at, to) ->
                    at + 3 <= to
                                    && asciiDigit(text[at])
                                    && asciiDigit(text[at + 1])
                                    && asciiDigit(text[at + 2])
                            ? at + 3
                            : at);

    private static final PreTokenizer DEFAULT =
            new PreTokenizer(
                    punctuation("$+<=>^~|").then(GPT2).then(NUMBERS).then(TRIPLES), false, false);

    private static final long LLAMA_3_BOS = 128_000;

    private static final SortedMap<String, PreTokenizer> BY_NAME = byName();

    static PreTokenizer of(Metadata metadata) {
        Optional<String> name = metadata.text(KEY).filter(told -> !told.isEmpty());
        if (name.isEmpty() && isBitNetWithLlama3Vocabulary(metadata)) {
            name = Optional.of("llama-bpe");
        }
        if (name.isEmpty()) {
            System.getLogger(PreTokenizer.class.getName())
                    .log(
                            Level.WARNING,
                            "{0} has no metadata key {1}: splitting text as '''default''', which"
                                    + " may differ from what the model was trained on",
                            metadata.source(),
                            KEY);
            return DEFAULT;
        }
        PreTokenizer found = BY_NAME.get(name.get());
        if (found == null) {
            throw new UnsupportedModelException(
                    "%s: the pre-tokenizer '%s' (metadata key %s) is not supported; supported: %s"
                            .formatted(
                                    metadata.source(),
                                    name.get(),
                                    KEY,
                                    String.join(", ", BY_NAME.keySet())));
        }
        return found;
    }

    /**
     * The official file of BitNet b1.58 2B 4T does not tell that it splits text as Llama 3 does,
     * whose vocabulary it has.
     */
    private static boolean isBitNetWithLlama3Vocabulary(Metadata metadata) {
        String architecture = metadata.text("general.architecture").orElse("");
        Optional<Long> bos = metadata.integer("tokenizer.ggml.bos_token_id");
        return List.of("bitnet-b1.58", "bitnet-25").contains(architecture)
                && bos.equals(Optional.of(LLAMA_3_BOS));
    }

    private static SortedMap<String, PreTokenizer> byName() {
        SortedMap<String, PreTokenizer> all = new TreeMap<>();
        all.put("default", DEFAULT);
        put(
                all,
                new PreTokenizer(LLAMA3, true, true),
                "llama3",
                "llama-v3",
                "llama-bpe",
                "falcon3",
                "falcon-h1",
                "pixtral",
                "midm-2.0",
                "lfm2");
        put(all, new PreTokenizer(LLAMA3, false, false), "dbrx", "smaug-bpe");
        put(
                all,
                new PreTokenizer(QWEN2, false, false),
                "qwen2",
                "deepseek-r1-qwen",
                "kormo",
                "megrez",
                "stablelm2",
                "hunyuan",
                "solar-open",
                "grok-2");
        put(
                all,
                new PreTokenizer(DIGITS.then(GPT2), false, false),
                "smollm",
                "starcoder",
                "refact",
                "command-r",
                "codeshell",
                "exaone",
                "minerva-7b",
                "mellum2");
        put(
                all,
                new PreTokenizer(GPT2, false, false),
                "gpt-2",
                "gpt2",
                "phi-2",
                "gigachat",
                "a.x-4.0",
                "mellum",
                "exaone4",
                "mpt",
                "olmo",
                "jais",
                "trillion",
                "granite-docling");
        put(
                all,
                new PreTokenizer(punctuation("$+<=>^~|`").then(GPT2).then(TRIPLES), false, false),
                "falcon");
        return all;
    }

    private static void put(
            SortedMap<String, PreTokenizer> all, PreTokenizer preTokenizer, String... names) {
        for (String name : names) {
            all.put(name, preTokenizer);
        }
    }

    /** Runs of {@code \p{P}} and some symbols. */
    private static Splitter punctuation(String symbols) {
        return Splitter.isolating((text, at, to) -> {
            int end = at;
            while (end < to
                    && (CharacterClass.punctuation(text[end]) || symbols.indexOf(text[end]) >= 0)) {
                end++;
            }
            return end;
        });
    }

    private static boolean number(int character) {
        return CharacterClass.of(character) == CharacterClass.NUMBER;
    }

    private static boolean asciiDigit(int character) {
        return character >= '0' && character <= '9';
    }
}
