package io.github.deltallm.engine.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text of tokens that arrive one by one.
 *
 * <p>A token may end within a character; its first bytes are held back until the rest has come, so
 * that what {@link #push} returns is always whole. Bytes that can't be UTF-8 become U+FFFD. The
 * texts of all calls, joined, are what {@link Tokenizer#decode(int[])} gives for all tokens. Not
 * safe to share between threads.
 */
public final class StreamingDecoder {
    private final Tokenizer tokenizer;
    private final boolean showControl;
    private final CharsetDecoder utf8 =
            StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPLACE)
                    .onUnmappableCharacter(CodingErrorAction.REPLACE);

    /** The first bytes of a character, at most 3. */
    private byte[] pending = new byte[0];

    StreamingDecoder(Tokenizer tokenizer, boolean showControl) {
        this.tokenizer = tokenizer;
        this.showControl = showControl;
    }

    /**
     * The text that this token completes, possibly empty.
     *
     * @throws io.github.deltallm.api.InvalidOptionException if there is no such token
     */
    public String push(int id) {
        return decode(tokenizer.shownBytes(id, showControl), false);
    }

    /** The rest; the decoder is then as new. */
    public String finish() {
        String rest = decode(new byte[0], true);
        utf8.reset();
        return rest;
    }

    private String decode(byte[] bytes, boolean end) {
        byte[] all = Arrays.copyOf(pending, pending.length + bytes.length);
        System.arraycopy(bytes, 0, all, pending.length, bytes.length);
        ByteBuffer in = ByteBuffer.wrap(all);
        CharBuffer out = CharBuffer.allocate(all.length + 1);
        utf8.decode(in, out, end);
        if (end) {
            utf8.flush(out);
        }
        pending = Arrays.copyOfRange(all, in.position(), all.length);
        return out.flip().toString();
    }
}
