package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class ProcessorTest {
    @TempDir private Path mount = Path.of("");

    @Test
    void containerGivesWhatIsLeftOfItsLimitPagesOfFilesIncluded() throws IOException {
        write("memory.max", "1000000");
        write("memory.stat", "anon 300000\nfile 600000");
        assertThat(room("0::/")).isEqualTo(700_000);
    }

    @Test
    void fullContainerGivesNothing() throws IOException {
        write("memory.max", "1000");
        write("memory.stat", "anon 300000");
        assertThat(room("0::/")).isZero();
    }

    @Test
    void noLimitLimitsNothing() throws IOException {
        assertThat(room("0::/")).isEqualTo(Long.MAX_VALUE);
        write("memory.stat", "anon 300000");
        write("memory.max", "max");
        assertThat(room("0::/")).isEqualTo(Long.MAX_VALUE);
        write("memory/memory.stat", "total_rss 300000");
        write("memory/memory.limit_in_bytes", "9223372036854771712");
        assertThat(room("3:cpu,memory:/")).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void leastOfServiceAndOfWhatItIsPartOfCounts() throws IOException {
        write("a.slice/memory.max", "900");
        write("a.slice/memory.stat", "anon 100");
        write("a.slice/b.service/memory.max", "max");
        write("a.slice/b.service/memory.high", "700");
        write("a.slice/b.service/memory.stat", "anon 50");
        assertThat(room("0::/a.slice/b.service")).isEqualTo(650);
        write("a.slice/memory.stat", "anon 400");
        assertThat(room("0::/a.slice/b.service")).isEqualTo(500);
    }

    @Test
    void firstVersionOfGroupsIsReadWhereItControlsMemory() throws IOException {
        write("memory/job/memory.limit_in_bytes", "900");
        write("memory/job/memory.stat", "total_rss 100");
        assertThat(room("4:cpuset:/other", "3:memory:/job", "broken")).isEqualTo(800);
    }

    /** As where the group's name is the machine's, and the mount is the container's. */
    @Test
    void groupThatIsNotThereIsReadFromItsTop() throws IOException {
        write("memory.max", "900");
        write("memory.stat", "anon 100");
        assertThat(room("0::/docker/1234")).isEqualTo(800);
        assertThat(room("0::/../elsewhere")).isEqualTo(800);
        assertThat(room()).isEqualTo(800);
    }

    private void write(String file, String text) throws IOException {
        Path path = mount.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text + "\n");
    }

    private long room(String... groups) {
        return Processor.room(mount, List.of(groups));
    }
}
