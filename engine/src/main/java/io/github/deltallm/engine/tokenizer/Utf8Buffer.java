package io.github.deltallm.engine.tokenizer;

import java.util.Arrays;

/** Growing bytes that text is appended to as UTF-8; half a surrogate pair becomes U+FFFD. */
final class Utf8Buffer {
    private static final int REPLACEMENT = 0xFFFD;

    private byte[] bytes = new byte[64];
    private int size;

    /** The bytes so far are {@code [0, size)} of this array, until the next append. */
    byte[] bytes() {
        return bytes;
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    void appendByte(int value) {
        reserve(1);
        bytes[size++] = (byte) value;
    }

    void appendCodePoint(int codePoint) {
        reserve(4);
        if (codePoint < 0x80) {
            bytes[size++] = (byte) codePoint;
        } else if (codePoint < 0x800) {
            bytes[size++] = (byte) (0xC0 | codePoint >> 6);
            bytes[size++] = (byte) (0x80 | (codePoint & 0x3F));
        } else if (codePoint < 0x10000) {
            bytes[size++] = (byte) (0xE0 | codePoint >> 12);
            bytes[size++] = (byte) (0x80 | (codePoint >> 6 & 0x3F));
            bytes[size++] = (byte) (0x80 | (codePoint & 0x3F));
        } else {
            bytes[size++] = (byte) (0xF0 | codePoint >> 18);
            bytes[size++] = (byte) (0x80 | (codePoint >> 12 & 0x3F));
            bytes[size++] = (byte) (0x80 | (codePoint >> 6 & 0x3F));
            bytes[size++] = (byte) (0x80 | (codePoint & 0x3F));
        }
    }

    void append(String text) {
        int length = text.length();
        reserve(Math.multiplyExact(length, 3));
        byte[] target = bytes;
        int end = size;
        int at = 0;
        for (; at < length && text.charAt(at) < 0x800; at++) {
            char unit = text.charAt(at);
            if (unit >= 0x80) {
                target[end++] = (byte) (0xC0 | unit >> 6);
            }
            target[end++] = (byte) (unit < 0x80 ? unit : 0x80 | (unit & 0x3F));
        }
        size = end;
        while (at < length) {
            int codePoint = codePointAt(text, at, length);
            appendCodePoint(codePoint);
            at += Character.charCount(codePoint);
        }
    }

    /** The character at {@code at} of text that ends at {@code to}, never half a pair. */
    static int codePointAt(CharSequence text, int at, int to) {
        char unit = text.charAt(at);
        if (!Character.isSurrogate(unit)) {
            return unit;
        }
        if (Character.isHighSurrogate(unit) && at + 1 < to) {
            char low = text.charAt(at + 1);
            if (Character.isLowSurrogate(low)) {
                return Character.toCodePoint(unit, low);
            }
        }
        return REPLACEMENT;
    }

    /** Bytes of the character whose first byte this is. */
    static int lengthOf(byte first) {
        int value = first & 0xFF;
        if (value < 0xC0) {
            return 1;
        }
        return value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
    }

    private void reserve(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.addExact(bytes.length, bytes.length / 2 + more));
        }
    }
}
