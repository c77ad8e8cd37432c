package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

class BinaryCacheTest {
    private static final byte[] BINARY = {1, 2, 3, 4, 5, 6, 7};

    @TempDir private Path folder;

    private BinaryCache cache() {
        return new BinaryCache(Optional.of(folder.resolve("a").resolve("b")));
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("a").resolve("b"))) {
            return files.toList();
        }
    }

    @Test
    void whatIsKeptIsFound() throws IOException {
        BinaryCache.Key key = cache().key("device", "options", "source");
        assertThat(cache().find(key)).isEmpty();
        cache().keep(key, BINARY);
        assertThat(cache().find(cache().key("device", "options", "source"))).isEqualTo(BINARY);
        assertThat(files()).as("nothing half-written is left").hasSize(1);
    }

    @Test
    void everyPartOfTheKeyCounts() {
        cache().keep(cache().key("device", "options", "source"), BINARY);
        assertThat(cache().find(cache().key("devic", "eoptions", "source"))).isEmpty();
        assertThat(cache().find(cache().key("device", "options2", "source"))).isEmpty();
        assertThat(cache().find(cache().key("device", "options", "sources"))).isEmpty();
    }

    @Test
    void damageIsAsGoodAsAbsence() throws IOException {
        BinaryCache.Key key = cache().key("device", "options", "source");
        cache().keep(key, BINARY);
        Path file = files().getFirst();
        byte[] sound = Files.readAllBytes(file);
        for (int i = 0; i < sound.length; i++) {
            byte[] damaged = sound.clone();
            damaged[i] ^= 4;
            Files.write(file, damaged);
            assertThat(cache().find(key)).as("byte %d", i).isEmpty();
        }
        for (int length = 0; length < sound.length; length++) {
            Files.write(file, Arrays.copyOf(sound, length));
            assertThat(cache().find(key)).as("cut to %d", length).isEmpty();
        }
        Files.write(file, sound);
        assertThat(cache().find(key)).isEqualTo(BINARY);
    }

    @Test
    void fileOfAnotherKeyIsNotTaken() throws IOException {
        BinaryCache.Key key = cache().key("device", "options", "source");
        cache().keep(key, BINARY);
        byte[] bytes = Files.readAllBytes(files().getFirst());
        BinaryCache.Key another = cache().key("another", "options", "source");
        cache().keep(another, new byte[] {9});
        for (Path file : files()) {
            Files.write(file, bytes);
        }
        assertThat(cache().find(another)).isEmpty();
        assertThat(cache().find(key)).isEqualTo(BINARY);
    }

    @Test
    void halfWrittenFilesOfYesterdayAreRemoved() throws IOException {
        cache().keep(cache().key("device", "options", "source"), BINARY);
        Path place = folder.resolve("a").resolve("b");
        Path old = Files.createFile(place.resolve("program1.tmp"));
        Path recent = Files.createFile(place.resolve("program2.tmp"));
        Path foreign = Files.createFile(place.resolve("another.tmp"));
        FileTime before = FileTime.from(Instant.now().minus(Duration.ofHours(25)));
        Files.setLastModifiedTime(old, before);
        Files.setLastModifiedTime(foreign, before);
        cache().keep(cache().key("another", "options", "source"), BINARY);
        assertThat(files()).hasSize(4).doesNotContain(old).contains(recent, foreign);
    }

    @Test
    void withoutAFolderNothingIsKept() throws IOException {
        BinaryCache none = new BinaryCache(Optional.empty());
        BinaryCache.Key key = none.key("device", "options", "source");
        none.keep(key, BINARY);
        assertThat(none.find(key)).isEmpty();
        Path file = Files.createFile(folder.resolve("file"));
        BinaryCache impossible = new BinaryCache(Optional.of(file));
        impossible.keep(key, BINARY);
        impossible.remove(key);
        assertThat(impossible.find(key)).isEmpty();
    }
}
