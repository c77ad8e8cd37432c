package io.github.deltallm.integration;

import io.github.deltallm.engine.gguf.GgufValue;
import io.github.deltallm.engine.gguf.GgufWriter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A byte-level BPE vocabulary of any size that was learnt from nothing: all bytes, then pairs of
 * bytes from the letter a on, then pairs with an e behind them; the last 256 tokens are special.
 */
final class GeneratedVocabulary {
    private static final int SPECIAL = 256;
    private static final int NORMAL_TYPE = 1;
    private static final int CONTROL_TYPE = 3;

    private GeneratedVocabulary() {}

    /** Adds the tokenizer's keys. */
    static void put(GgufWriter writer, int size) {
        if (size < 256 + SPECIAL || size > 256 + 2 * 65536 + SPECIAL) {
            throw new IllegalArgumentException("a vocabulary of " + size + " tokens");
        }
        List<String> tokens = new ArrayList<>(size);
        List<String> merges = new ArrayList<>(size);
        for (int value = 0; value < 256; value++) {
            tokens.add(character(value));
        }
        for (int i = 0; tokens.size() < size - SPECIAL; i++) {
            String left = character(('a' + i / 256) % 256);
            String right = character(i % 256);
            merges.add(i < 65536 ? left + " " + right : left + right + " e");
            tokens.add(i < 65536 ? left + right : left + right + "e");
        }
        for (int i = 0; i < SPECIAL; i++) {
            tokens.add("<|special_" + i + "|>");
        }
        int[] types = new int[size];
        Arrays.fill(types, NORMAL_TYPE);
        Arrays.fill(types, size - SPECIAL, size, CONTROL_TYPE);
        writer.put("tokenizer.ggml.model", GgufValue.text("gpt2"));
        writer.put("tokenizer.ggml.pre", GgufValue.text("llama-bpe"));
        writer.put("tokenizer.ggml.tokens", GgufValue.texts(tokens));
        writer.put("tokenizer.ggml.token_type", GgufValue.int32s(types));
        writer.put("tokenizer.ggml.merges", GgufValue.texts(merges));
        writer.put("tokenizer.ggml.bos_token_id", GgufValue.uint32(size - SPECIAL));
        writer.put("tokenizer.ggml.eos_token_id", GgufValue.uint32(size - SPECIAL + 1));
    }

    /** GPT-2's character for a byte: itself if it is printable, else one from U+0100 on. */
    private static String character(int value) {
        if (printable(value)) {
            return Character.toString(value);
        }
        int before = 0;
        for (int other = 0; other < value; other++) {
            before += printable(other) ? 0 : 1;
        }
        return Character.toString(256 + before);
    }

    private static boolean printable(int value) {
        return (value > ' ' && value < 0x7F) || (value > 0xA0 && value != 0xAD);
    }
}
