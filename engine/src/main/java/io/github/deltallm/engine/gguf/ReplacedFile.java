package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.DeltaLlmException;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Puts a file in place in one step: it is written beside its target, forced to the disk, and
 * renamed.
 */
final class ReplacedFile {
    private static final int BUFFER_BYTES = 1 << 20;

    private ReplacedFile() {}

    /** What is to be in the file. */
    @FunctionalInterface
    interface Content {
        void writeTo(CountingStream out) throws IOException;
    }

    /**
     * Writes the target anew.
     *
     * @return its bytes
     * @throws DeltaLlmException if that fails; the target is then what it was
     */
    static long write(Path target, Content content) {
        if (Files.isDirectory(target)) {
            throw new DeltaLlmException(
                    target + ": the file can't be written, for this is a directory");
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            throw new DeltaLlmException(
                    target + ": the file can't be written, for this is a device or a pipe");
        }
        try {
            // A link stays a link: what it points at is replaced.
            Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
            return replace(real, content);
        } catch (IOException e) {
            throw new DeltaLlmException(target + ": the file can't be written: " + reason(e), e);
        }
    }

    private static long replace(Path target, Content content) throws IOException {
        String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        Path temporary = target.resolveSibling(target.getFileName() + "." + random + ".part");
        try {
            long bytes = fill(temporary, content);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            return bytes;
        } catch (IOException | RuntimeException | Error e) {
            remove(temporary, e);
            throw e;
        }
    }

    private static void remove(Path temporary, Throwable failure) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private static long fill(Path temporary, Content content) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            CountingStream out =
                    new CountingStream(
                            new BufferedOutputStream(
                                    Channels.newOutputStream(channel), BUFFER_BYTES));
            content.writeTo(out);
            out.flush();
            channel.force(true);
            return out.count();
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "its directory does not exist; make it first";
            case AccessDeniedException _ -> "its directory does not permit it";
            case ClosedByInterruptException _ -> "the thread was interrupted";
            default -> String.valueOf(e.getMessage());
        };
    }
}
