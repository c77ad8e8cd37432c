package io.github.deltallm.backend.opencl;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Compiled programs in a folder, a file each. It is a cache: what can't be read, is damaged, or was
 * not written by this class is as good as absent, and what can't be written is not kept.
 *
 * <p>A file begins with a mark and the SHA-256 of the key, and ends with the SHA-256 of all before.
 * Files are written beside their place and moved there in one step, so that processes may share the
 * folder.
 */
final class BinaryCache {
    private static final byte[] MARK = "DLTACL01".getBytes(StandardCharsets.US_ASCII);
    private static final String PREFIX = "program";
    private static final String SUFFIX = ".tmp";
    private static final int HASH = 32;
    private static final long LONGEST = 1 << 28;
    private static final System.Logger LOG =
            System.getLogger("io.github.deltallm.backend.opencl.programs");

    private final Optional<Path> folder;

    /**
     * @param folder made when it is needed; without one nothing is kept
     */
    BinaryCache(Optional<Path> folder) {
        this.folder = folder;
    }

    /** Names a program: the SHA-256 of device, driver, options and source. */
    static final class Key {
        private final byte[] hash;

        private Key(byte[] hash) {
            this.hash = hash;
        }

        private String file() {
            return HexFormat.of().formatHex(hash) + ".bin";
        }
    }

    /** The key of a program for a device with its driver. */
    Key key(String device, String options, String source) {
        MessageDigest digest = sha256();
        for (String part : new String[] {device, options, source}) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(4).putInt(0, bytes.length));
            digest.update(bytes);
        }
        return new Key(digest.digest());
    }

    /** Whether there is a folder to keep programs in. */
    boolean keeps() {
        return folder.isPresent();
    }

    /** What was kept; empty if there is nothing sound. */
    byte[] find(Key key) {
        Optional<Path> file = folder.map(path -> path.resolve(key.file()));
        if (file.isEmpty() || !Files.isRegularFile(file.get())) {
            return new byte[0];
        }
        try {
            if (Files.size(file.get()) > LONGEST) {
                return new byte[0];
            }
            byte[] bytes = Files.readAllBytes(file.get());
            int payload = MARK.length + HASH;
            int end = bytes.length - HASH;
            boolean sound =
                    end > payload
                            && Arrays.equals(bytes, 0, MARK.length, MARK, 0, MARK.length)
                            && Arrays.equals(bytes, MARK.length, payload, key.hash, 0, HASH)
                            && Arrays.equals(
                                    Arrays.copyOfRange(bytes, end, bytes.length),
                                    sha256().digest(Arrays.copyOf(bytes, end)));
            return sound ? Arrays.copyOfRange(bytes, payload, end) : new byte[0];
        } catch (IOException e) {
            unusable("read", file.get(), e);
            return new byte[0];
        }
    }

    /** Keeps a program, if it is one. */
    void keep(Key key, byte[] binary) {
        if (folder.isEmpty() || binary.length == 0) {
            return;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(MARK);
        bytes.writeBytes(key.hash);
        bytes.writeBytes(binary);
        bytes.writeBytes(sha256().digest(bytes.toByteArray()));
        Path file = folder.get().resolve(key.file());
        try {
            Files.createDirectories(folder.get());
            removeLeftOver(folder.get());
            Path written = Files.createTempFile(folder.get(), PREFIX, SUFFIX);
            try {
                Files.write(written, bytes.toByteArray());
                Files.move(
                        written,
                        file,
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(written);
            }
        } catch (IOException e) {
            unusable("write", file, e);
        }
    }

    /** What processes left that ended while they wrote; one that writes is done within a day. */
    private static void removeLeftOver(Path folder) throws IOException {
        Instant oldest = Instant.now().minus(Duration.ofDays(1));
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(folder, PREFIX + "*" + SUFFIX)) {
            for (Path file : files) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(oldest)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (DirectoryIteratorException | NoSuchFileException e) {
            // Another process removes the same.
            unusable("clean", folder, e);
        }
    }

    /** Forgets a program that the device did not take. */
    void remove(Key key) {
        folder.map(path -> path.resolve(key.file()))
                .ifPresent(file -> {
                    try {
                        Files.deleteIfExists(file);
                    } catch (IOException e) {
                        unusable("remove", file, e);
                    }
                });
    }

    private static void unusable(String what, Path file, Exception e) {
        LOG.log(System.Logger.Level.DEBUG, "could not " + what + " " + file, e);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
