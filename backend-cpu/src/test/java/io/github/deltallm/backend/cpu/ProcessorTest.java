package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class ProcessorTest {
    @TempDir private Path group = Path.of("");

    @Test
    void containerGivesWhatIsLeftOfItsLimitPagesOfFilesIncluded() throws IOException {
        limit("1000000", "anon 300000\nfile 600000\n");
        assertThat(room()).isEqualTo(700_000);
    }

    @Test
    void fullContainerGivesNothing() throws IOException {
        limit("1000", "anon 300000\n");
        assertThat(room()).isZero();
    }

    @Test
    void noLimitLimitsNothing() throws IOException {
        limit("max", "anon 300000\n");
        assertThat(room()).isEqualTo(Long.MAX_VALUE);
        limit("9223372036854771712", "anon 300000\n");
        assertThat(room()).isEqualTo(Long.MAX_VALUE);
        Files.delete(group.resolve("limit"));
        assertThat(room()).isEqualTo(Long.MAX_VALUE);
    }

    private void limit(String limit, String stat) throws IOException {
        Files.writeString(group.resolve("limit"), limit + "\n");
        Files.writeString(group.resolve("memory.stat"), stat);
    }

    private long room() {
        return Processor.room(group, "limit", "anon ");
    }
}
