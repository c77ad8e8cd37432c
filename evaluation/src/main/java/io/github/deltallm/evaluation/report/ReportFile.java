package io.github.deltallm.evaluation.report;

import io.github.deltallm.api.DeltaLlmException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Puts a text file in place in one step: it is written beside its target, forced to the disk, and
 * moved.
 */
final class ReportFile {
    private ReportFile() {}

    /** How bytes get into the file that is moved. */
    @FunctionalInterface
    interface Content {
        void writeTo(FileChannel file) throws IOException;
    }

    /**
     * Writes the target anew.
     *
     * @throws DeltaLlmException if that fails; the target is then what it was
     */
    static void write(Path target, String text) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        write(
                target,
                file -> {
                    while (bytes.hasRemaining()) {
                        file.write(bytes);
                    }
                });
    }

    /** As above. */
    static void write(Path target, Content content) {
        if (Files.isDirectory(target)) {
            throw new DeltaLlmException(
                    target + ": the report can't be written, for this is a directory");
        }
        try {
            // A link stays a link: what it points at is replaced.
            Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
            replace(real, content);
        } catch (IOException e) {
            throw new DeltaLlmException(target + ": the report can't be written: " + reason(e), e);
        }
    }

    private static void replace(Path target, Content content) throws IOException {
        String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        Path temporary = target.resolveSibling(target.getFileName() + "." + random + ".part");
        try {
            try (FileChannel file =
                    FileChannel.open(
                            temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                content.writeTo(file);
                file.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
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

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "its directory does not exist; make it first";
            case AccessDeniedException _ -> "its directory does not permit it";
            case ClosedByInterruptException _ -> "the thread was interrupted";
            case FileSystemException f when f.getReason() != null -> f.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }
}
