package io.github.deltallm.calibration;

import io.github.deltallm.api.DeltaLlmException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Puts a text file in place in one step: written beside its target, then renamed. */
final class ProfileFile {
    private ProfileFile() {}

    static void write(Path target, String text) {
        requireWritable(target);
        try {
            // A link stays a link: what it points at is replaced.
            Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
            Path temporary = Files.createTempFile(folder(real), ".profile", ".part");
            try {
                Files.writeString(temporary, text);
                Files.move(temporary, real, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw failure(target, reason(e), e);
        }
    }

    /** Fails now if writing would fail for a reason that can be known before. */
    static void requireWritable(Path target) {
        Path folder = folder(target.toAbsolutePath());
        if (Files.isDirectory(target)) {
            throw failure(target, "it is a directory", null);
        }
        if (!Files.isDirectory(folder)) {
            throw failure(target, "its directory does not exist; make it first", null);
        }
        if (!Files.isWritable(folder)) {
            throw failure(target, "its directory does not permit it", null);
        }
    }

    private static Path folder(Path absolute) {
        Path folder = absolute.getParent();
        return folder == null ? absolute : folder;
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "its directory does not exist; make it first";
            case AccessDeniedException _ -> "its directory does not permit it";
            default -> String.valueOf(e.getMessage());
        };
    }

    private static DeltaLlmException failure(
            Path target, String reason, @Nullable IOException cause) {
        String sentence = "the profile " + target + " can't be written: " + reason;
        return cause == null
                ? new DeltaLlmException(sentence)
                : new DeltaLlmException(sentence, cause);
    }
}
