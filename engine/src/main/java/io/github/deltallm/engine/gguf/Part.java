package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One mapped file of a model, its header checked.
 *
 * @param data the whole file, read-only
 * @param header what the file says of itself
 */
record Part(MemorySegment data, Header header) {
    /** Maps a file into the arena's life time. */
    static Part open(Path path, int number, Arena arena) {
        MemorySegment data = map(path, arena);
        return new Part(data, Header.read(path.toString(), data, number));
    }

    private static MemorySegment map(Path path, Arena arena) {
        if (!Files.exists(path)) {
            throw new InvalidOptionException(path + ": there is no such file; check the path");
        }
        if (Files.isDirectory(path)) {
            throw new InvalidOptionException(
                    path + ": this is a directory; give the path of a GGUF file in it");
        }
        if (!Files.isRegularFile(path)) {
            throw new InvalidOptionException(
                    path + ": this is not a regular file, so it can't be memory-mapped");
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size == 0) {
                throw new ModelFormatException(path + ": the file is empty; download it again");
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
        } catch (AccessDeniedException e) {
            throw new InvalidOptionException(
                    path + ": reading the file is not permitted; check its owner and mode", e);
        } catch (IOException e) {
            throw new DeltaLlmException(path + ": the file can't be read: " + e.getMessage(), e);
        }
    }
}
