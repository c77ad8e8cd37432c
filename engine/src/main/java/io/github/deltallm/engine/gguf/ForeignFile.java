package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.ModelFormatException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;

/** Recognises what is not GGUF and tells what it is instead: mostly downloads that went wrong. */
final class ForeignFile {
    private static final String MAGIC = "GGUF";
    private static final int LOOKED_AT = 64;

    /** UTF-8's, as the three Latin-1 characters that its bytes are read as. */
    private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

    private ForeignFile() {}

    /**
     * Passes a file that begins with GGUF's four bytes.
     *
     * @throws ModelFormatException for any other, saying what it looks like
     */
    static void check(String source, MemorySegment data) {
        if (data.byteSize() == 0) {
            throw new ModelFormatException(source + ": the file is empty; download it again");
        }
        byte[] bytes =
                data.asSlice(0, Math.min(LOOKED_AT, data.byteSize()))
                        .toArray(ValueLayout.JAVA_BYTE);
        String head = new String(bytes, StandardCharsets.ISO_8859_1);
        if (!head.startsWith(MAGIC)) {
            throw new ModelFormatException(
                    source + ": magic at byte 0: not a GGUF file, " + looks(head));
        }
    }

    private static String looks(String head) {
        if (head.startsWith("version https://git-lfs")) {
            return "but a Git LFS pointer to one; run \"git lfs pull\" to fetch the file itself";
        }
        String text =
                head.startsWith(BYTE_ORDER_MARK) ? head.substring(BYTE_ORDER_MARK.length()) : head;
        if (markup(text)) {
            return "but a web page: it begins with "
                    + beginning(text)
                    + "; download the file itself, not the page that shows it";
        }
        if (head.length() > 9 && head.startsWith("{\"", 8)) {
            return "but a safetensors file; convert it to GGUF first";
        }
        if (head.startsWith("PK\u0003\u0004")) {
            return "but a zip archive or a PyTorch checkpoint; unpack or convert it first";
        }
        if (head.startsWith("\u001f\u008b")) {
            return "but gzip-compressed data; unpack it first";
        }
        if (head.startsWith("tjgg")
                || head.startsWith("fmgg")
                || head.startsWith("lmgg")
                || head.startsWith("algg")) {
            return "but one of the GGML formats before it; convert the model again";
        }
        return "for it begins with "
                + beginning(head)
                + " in place of \""
                + MAGIC
                + "\"; check the path or download"
                + " the file again";
    }

    private static boolean markup(String text) {
        String start = text.stripLeading().toLowerCase(Locale.ROOT);
        return start.startsWith("<!doctype")
                || start.startsWith("<html")
                || start.startsWith("<?xml");
    }

    /** The first bytes as text where they are text, else as hexadecimal numbers. */
    private static String beginning(String head) {
        String first = head.substring(0, Math.min(16, head.length()));
        boolean text =
                first.chars()
                        .allMatch(
                                c -> (c >= ' ' && c < 0x7f) || c == '\n' || c == '\r' || c == '\t');
        if (text) {
            return '"' + GgufText.escaped(first) + '"';
        }
        byte[] bytes =
                first.substring(0, Math.min(8, first.length()))
                        .getBytes(StandardCharsets.ISO_8859_1);
        return "the bytes " + HexFormat.ofDelimiter(" ").formatHex(bytes);
    }
}
