package io.github.deltallm.engine.tokenizer;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Metadata;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The tokens with a role: by the file's keys, else by the texts that model families use for them.
 *
 * <p>Files often forget to say which tokens end an answer, or list them as ordinary text; the rules
 * here are those of llama.cpp.
 */
record SpecialIds(
        OptionalInt bos,
        OptionalInt eos,
        OptionalInt eot,
        OptionalInt unk,
        OptionalInt pad,
        BitSet endOfGeneration) {

    private static final long NO_ID = 0xFFFF_FFFFL;

    private static final List<String> END_OF_TURN =
            List.of(
                    "<|eot_id|>",
                    "<|im_end|>",
                    "<|end|>",
                    "<end_of_turn>",
                    "<|endoftext|>",
                    "<|end_of_text|>",
                    "<EOT>",
                    "_<EOT>",
                    "[EOT]",
                    "<｜end▁of▁sentence｜>",
                    "<end_of_utterance>");

    private static final List<String> END_OF_GENERATION =
            List.of(
                    "<|eot_id|>",
                    "<|im_end|>",
                    "<|end|>",
                    "<|return|>",
                    "<|call|>",
                    "<|flush|>",
                    "<|calls|>",
                    "<end_of_turn>",
                    "<|endoftext|>",
                    "</s>",
                    "<|eom_id|>",
                    "<EOT>",
                    "_<EOT>",
                    "[EOT]",
                    "[EOS]",
                    "<|end_of_text|>",
                    "<end_of_utterance>",
                    "<eos>",
                    "<turn|>",
                    "<|tool_response>",
                    "<｜end▁of▁sentence｜>",
                    "[e~[");

    /**
     * A role in fill-in-the-middle prompts.
     *
     * @param keys the keys that name its token
     * @param texts the texts of tokens that have this role
     * @param ends whether the token also ends an answer
     */
    private record FillInTheMiddle(List<String> keys, List<String> texts, boolean ends) {}

    private static final List<FillInTheMiddle> FILL_IN_THE_MIDDLE =
            List.of(
                    new FillInTheMiddle(
                            List.of("fim_pre_token_id", "prefix_token_id"),
                            List.of(
                                    "<|fim_prefix|>",
                                    "<fim-prefix>",
                                    "<fim_prefix>",
                                    "<｜fim▁begin｜>",
                                    "<PRE>",
                                    "▁<PRE>",
                                    "<|code_prefix|>",
                                    "<|prefix|>"),
                            false),
                    new FillInTheMiddle(
                            List.of("fim_suf_token_id", "suffix_token_id"),
                            List.of(
                                    "<|fim_suffix|>",
                                    "<fim-suffix>",
                                    "<fim_suffix>",
                                    "<｜fim▁hole｜>",
                                    "<SUF>",
                                    "▁<SUF>",
                                    "<|code_suffix|>",
                                    "<|suffix|>"),
                            false),
                    new FillInTheMiddle(
                            List.of("fim_mid_token_id", "middle_token_id"),
                            List.of(
                                    "<|fim_middle|>",
                                    "<fim-middle>",
                                    "<fim_middle>",
                                    "<｜fim▁end｜>",
                                    "<MID>",
                                    "▁<MID>",
                                    "<|code_middle|>",
                                    "<|middle|>"),
                            false),
                    new FillInTheMiddle(
                            List.of("fim_pad_token_id"),
                            List.of("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
                            true),
                    new FillInTheMiddle(
                            List.of("fim_rep_token_id"),
                            List.of(
                                    "<|fim_repo|>",
                                    "<|repo_name|>",
                                    "<fim-repo>",
                                    "<REPO>",
                                    "<reponame>"),
                            true),
                    new FillInTheMiddle(
                            List.of("fim_sep_token_id"), List.of("<|file_sep|>"), true));

    /** Reads the roles and makes control tokens of the tokens that are such by their text. */
    static SpecialIds of(Metadata metadata, Vocabulary vocabulary, boolean sentencePiece) {
        return new Reader(metadata, vocabulary).read(sentencePiece);
    }

    private record Reader(Metadata metadata, Vocabulary vocabulary, BitSet ends) {
        Reader(Metadata metadata, Vocabulary vocabulary) {
            this(metadata, vocabulary, new BitSet());
        }

        SpecialIds read(boolean sentencePiece) {
            OptionalInt bos = id("bos_token_id", sentencePiece ? 1 : -1);
            OptionalInt eos = id("eos_token_id", sentencePiece ? 2 : -1);
            OptionalInt unk = id("unknown_token_id", sentencePiece ? 0 : -1);
            OptionalInt pad = id("padding_token_id", -1);
            OptionalInt eot = idOrText(List.of("eot_token_id"), END_OF_TURN);
            OptionalInt eom = idOrText(List.of("eom_token_id"), List.of("<|eom_id|>"));
            for (FillInTheMiddle role : FILL_IN_THE_MIDDLE) {
                OptionalInt id = idOrText(role.keys(), role.texts());
                if (role.ends()) {
                    id.ifPresent(ends::set);
                }
            }
            for (String text : END_OF_GENERATION) {
                OptionalInt id = vocabulary.find(text);
                id.ifPresent(ends::set);
                id.ifPresent(this::makeControl);
            }
            for (String shown :
                    List.of("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>")) {
                vocabulary.find(shown).ifPresent(id -> replaceKind(id, Vocabulary.USER_DEFINED));
            }
            eos.ifPresent(ends::set);
            eot.ifPresent(ends::set);
            eom.ifPresent(ends::set);
            removeFalseEnds();
            return new SpecialIds(bos, eos, eot, unk, pad, ends);
        }

        /** Where a family has other ends, the usual texts are separators or plain text. */
        private void removeFalseEnds() {
            boolean call = ends("<|call|>") || ends("<|calls|>");
            if (ends("<|end|>") && call && (ends("<|return|>") || ends("<|flush|>"))) {
                demote("<|end|>", Vocabulary.USER_DEFINED);
            }
            if (ends("</s>") && (ends("<|tool_response>") || ends("<|plamo:eos|>"))) {
                demote("</s>", Vocabulary.NORMAL);
            }
        }

        private boolean ends(String text) {
            return vocabulary.find(text).stream().anyMatch(ends::get);
        }

        private void demote(String text, byte kind) {
            int id = vocabulary.find(text).orElseThrow();
            ends.clear(id);
            replaceKind(id, kind);
        }

        private void makeControl(int id) {
            vocabulary.kinds()[id] |= Vocabulary.CONTROL;
        }

        private void replaceKind(int id, byte kind) {
            vocabulary.kinds()[id] = kind;
        }

        private OptionalInt idOrText(List<String> keys, List<String> texts) {
            OptionalInt told = OptionalInt.empty();
            for (String key : keys) {
                OptionalInt id = id(key, -1);
                told = id.isPresent() ? id : told;
            }
            if (told.isPresent()) {
                return told;
            }
            for (String text : texts) {
                OptionalInt id = vocabulary.find(text);
                if (id.isPresent()) {
                    makeControl(id.getAsInt());
                    return id;
                }
            }
            return OptionalInt.empty();
        }

        /** An id by its key; some files write -1 for none. */
        private OptionalInt id(String name, int absent) {
            String key = "tokenizer.ggml." + name;
            Optional<Long> told = metadata.integer(key);
            if (told.isEmpty()) {
                return absent >= 0 && absent < vocabulary.size()
                        ? OptionalInt.of(absent)
                        : OptionalInt.empty();
            }
            long id = told.get();
            if (id == -1 || id == NO_ID) {
                return OptionalInt.empty();
            }
            if (id < 0 || id >= vocabulary.size()) {
                throw new ModelFormatException(
                        "%s: the metadata key %s is %d, but the vocabulary has %d tokens"
                                .formatted(metadata.source(), key, id, vocabulary.size()));
            }
            return OptionalInt.of((int) id);
        }
    }
}
