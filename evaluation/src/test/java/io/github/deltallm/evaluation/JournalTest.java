package io.github.deltallm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

class JournalTest {
    private static final Journal.Key KEY = new Journal.Key("run", "model", "task", "delta");
    private static final Usage USAGE =
            new Usage(
                    5,
                    6,
                    new AttentionCounts(1, 2, 3, 4, 5, 6, 7, 8, 9),
                    new AttentionCounts(9, 8, 7, 6, 5, 4, 3, 2, 1),
                    new CacheBytes(1, 2, 3, 4));

    @TempDir private Path folder;
    private Path file;

    @BeforeEach
    void file() {
        file = folder.resolve("results.jsonl");
    }

    private static ItemResult result(String item) {
        return new ItemResult(
                item, Map.of("nll", new double[] {0.1, 1.0 / 3}), "é\n\"\u2028", USAGE);
    }

    private void write(String... items) {
        try (Journal journal = Journal.open(file)) {
            for (String item : items) {
                journal.add(KEY, result(item));
            }
        }
    }

    private Map<String, ItemResult> read() {
        try (Journal journal = Journal.open(file)) {
            return Map.copyOf(journal.finished(KEY));
        }
    }

    @Test
    void whatIsWrittenIsReadToTheLastBit() {
        write("1");
        ItemResult read = read().get("1");

        assertThat(read.numbers("nll")).containsExactly(0.1, 1.0 / 3);
        assertThat(read.text()).isEqualTo("é\n\"\u2028");
        assertThat(read.usage()).isEqualTo(USAGE);
    }

    @Test
    void aTornLineIsRemovedWhereverItIsTorn() throws IOException {
        write("1", "2");
        byte[] whole = Files.readAllBytes(file);
        for (int end = whole.length - 1; end >= 0; end -= 7) {
            Files.write(file, Arrays.copyOf(whole, end));
            assertThat(read().keySet())
                    .as("%s of %s bytes", end, whole.length)
                    .isEqualTo(end < firstLine(whole) ? Set.of() : Set.of("1"));
            write("3");
            assertThat(read()).containsKey("3");
        }
    }

    private static int firstLine(byte[] bytes) {
        int at = 0;
        while (bytes[at] != '\n') {
            at++;
        }
        return at + 1;
    }

    @Test
    void resultsOfOtherRunsStayAndAreNotTakenUp() throws IOException {
        write("1");
        try (Journal journal = Journal.open(file)) {
            Journal.Key other = new Journal.Key("other", "model", "task", "delta");
            assertThat(journal.finished(other)).isEmpty();
            journal.add(other, result("1"));
        }
        assertThat(read()).containsOnlyKeys("1");
        assertThat(Files.readAllLines(file)).hasSize(2);
    }

    @Test
    void twoRunsCanNotWriteAtOnce() {
        try (Journal journal = Journal.open(file)) {
            assertThat(journal.finished(KEY)).isEmpty();
            assertThatThrownBy(() -> Journal.open(file))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining("another evaluation writes to " + file);
        }
    }

    @Test
    void aDamagedLineIsNamed() throws IOException {
        write("1");
        Files.writeString(file, "nonsense\n", StandardOpenOption.APPEND);
        isRefused("line 2: this is no JSON");
    }

    @Test
    void aLineOfAnotherFormIsNamed() throws IOException {
        Files.writeString(file, "{\"run\":\"x\"}\n");
        isRefused("line 1: the field 'model' is missing");
    }

    private void isRefused(String why) {
        assertThatThrownBy(() -> Journal.open(file))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining(why);
    }
}
