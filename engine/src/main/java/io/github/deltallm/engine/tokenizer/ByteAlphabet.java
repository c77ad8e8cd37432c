package io.github.deltallm.engine.tokenizer;

import java.util.Arrays;

/**
 * The printable character by which byte-level BPE writes each byte: itself where it is a visible
 * Latin-1 character, else the next one from U+0100 on (so a space is U+0120).
 */
final class ByteAlphabet {
    private static final int FIRST_SUBSTITUTE = 0x100;
    private static final char[] CHARACTERS = new char[256];
    private static final short[] BYTES = new short[2 * FIRST_SUBSTITUTE];

    static {
        int substitute = FIRST_SUBSTITUTE;
        Arrays.fill(BYTES, (short) -1);
        for (int value = 0; value < 256; value++) {
            boolean visible = (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
            CHARACTERS[value] = (char) (visible ? value : substitute++);
            BYTES[CHARACTERS[value]] = (short) value;
        }
    }

    private ByteAlphabet() {}

    static char character(int value) {
        return CHARACTERS[value];
    }

    /** The byte that a character stands for, or -1. */
    static int value(int character) {
        return character < BYTES.length ? BYTES[character] : -1;
    }
}
