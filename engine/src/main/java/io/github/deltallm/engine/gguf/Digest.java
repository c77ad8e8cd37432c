package io.github.deltallm.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Checksums of mapped memory, streamed. */
final class Digest {
    private static final long STEP = 1 << 26;

    private Digest() {}

    /** The SHA-256 of the segments one after the other. */
    static String sha256(List<MemorySegment> segments) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        for (MemorySegment segment : segments) {
            for (long at = 0; at < segment.byteSize(); at += STEP) {
                long bytes = Math.min(STEP, segment.byteSize() - at);
                digest.update(segment.asSlice(at, bytes).asByteBuffer());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
