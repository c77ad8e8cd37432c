package io.github.deltallm.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.Metadata;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Ids back to text, all at once and one by one. */
class DecodingTest {
    /** A token for each byte, in the order of the bytes, then two control tokens. */
    private static Tokenizer bytes() {
        List<String> tokens = new ArrayList<>();
        int[] types = new int[258];
        for (int value = 0; value < 256; value++) {
            tokens.add(String.valueOf(ByteAlphabet.character(value)));
            types[value] = TestMetadata.NORMAL;
        }
        tokens.add("<|im_end|>");
        types[256] = TestMetadata.CONTROL;
        tokens.add("<tool>");
        types[257] = TestMetadata.USER_DEFINED;
        return TestMetadata.bytePairs(tokens).types(types).tokenizer();
    }

    private static int[] ids(int... bytes) {
        return bytes;
    }

    @Test
    void controlTokensHaveNoTextUnlessAsked() {
        Tokenizer tokenizer = bytes();

        assertThat(tokenizer.decode(ids('a', 256, 'b', 257))).isEqualTo("ab<tool>");
        assertThat(tokenizer.decode(ids('a', 256), true)).isEqualTo("a<|im_end|>");
        assertThat(tokenizer.piece(256)).isEqualTo("<|im_end|>");
    }

    @Test
    void halfCharactersAreHeldBack() {
        StreamingDecoder decoder = bytes().streamingDecoder();

        assertThat(decoder.push(0xF0)).isEmpty();
        assertThat(decoder.push(0x9F)).isEmpty();
        assertThat(decoder.push(0x98)).isEmpty();
        assertThat(decoder.push(0x80)).isEqualTo("😀");
        assertThat(decoder.finish()).isEmpty();
    }

    @Test
    void brokenBytesAreReplacedAsSoonAsTheyAreKnown() {
        StreamingDecoder decoder = bytes().streamingDecoder();

        assertThat(decoder.push(0xE6)).isEmpty();
        assertThat(decoder.push('a')).isEqualTo("\uFFFDa");
        assertThat(decoder.push(0x80)).isEqualTo("\uFFFD");
        assertThat(decoder.push(0xE6)).isEmpty();
        assertThat(decoder.push(0xBC)).isEmpty();
        assertThat(decoder.finish()).isEqualTo("\uFFFD");
    }

    @Test
    void decoderIsAsNewAfterTheEnd() {
        StreamingDecoder decoder = bytes().streamingDecoder();
        decoder.push(0xE6);
        decoder.finish();

        assertThat(decoder.push('a')).isEqualTo("a");
        assertThat(decoder.finish()).isEmpty();
    }

    @Test
    void streamedTextIsTheWholeTextForAnyBytes() {
        Tokenizer tokenizer = bytes();
        RandomTexts random = new RandomTexts(7);
        for (int round = 0; round < 2000; round++) {
            byte[] text = random.next().getBytes(StandardCharsets.UTF_8);
            for (int broken = random.below(4); broken > 0; broken--) {
                text[random.below(text.length)] = (byte) random.below(256);
            }
            int[] ids = new int[text.length];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = text[i] & 0xFF;
            }
            assertThat(tokenizer.decode(ids)).isEqualTo(new String(text, StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "llama-bpe", "qwen2"})
    void anyTextComesBackWholeAndInStreams(String name) {
        Tokenizer tokenizer = SharedVocabularies.vocabulary(name);
        RandomTexts random = new RandomTexts(11);
        for (int round = 0; round < 2000; round++) {
            String text = random.next();
            int[] ids = tokenizer.encode(text, round % 2 == 0, false);
            StreamingDecoder decoder = tokenizer.streamingDecoder(true);
            StringBuilder streamed = new StringBuilder();
            for (int id : ids) {
                String piece = decoder.push(id);
                assertThat(piece).doesNotContain("\uFFFD");
                streamed.append(piece);
            }
            streamed.append(decoder.finish());
            assertThat(streamed.toString()).isEqualTo(text);
            assertThat(tokenizer.decode(ids, true)).isEqualTo(text);
        }
    }

    @Test
    void exampleOfThePackageDescriptionWorks() {
        Metadata metadata = TestMetadata.bytePairs(List.of("O", "n", "c", "e", "On"), "O n");

        Tokenizer tokenizer = Tokenizer.of(metadata);
        int[] ids = tokenizer.encode("Once", false, tokenizer.addBosByDefault());
        String text = tokenizer.decode(ids);

        assertThat(ids).containsExactly(4, 2, 3);
        assertThat(text).isEqualTo("Once");
    }

    @Test
    void halfASurrogatePairIsReplaced() {
        Tokenizer tokenizer = bytes();

        assertThat(tokenizer.decode(tokenizer.encode("a\uD83D", false, false)))
                .isEqualTo("a\uFFFD");
        assertThat(tokenizer.decode(tokenizer.encode("\uDE00b", false, false)))
                .isEqualTo("\uFFFDb");
    }
}
