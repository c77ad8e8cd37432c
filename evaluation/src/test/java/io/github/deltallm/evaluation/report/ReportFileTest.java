package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

class ReportFileTest {
    @TempDir Path folder;

    private Path target;

    @BeforeEach
    void aReportIsThere() throws IOException {
        target = Files.writeString(folder.resolve("report.html"), "old");
    }

    private void assertOldAndAlone() throws IOException {
        assertThat(target).hasContent("old");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(target);
        }
    }

    @Test
    void replacesWhatIsThere() throws IOException {
        ReportFile.write(target, "new θ");
        assertThat(target).hasContent("new θ");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(target);
        }
    }

    @Test
    void replacesWhatALinkPointsAt() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link.html"), target);
        ReportFile.write(link, "new");
        assertThat(link).isSymbolicLink();
        assertThat(target).hasContent("new");
    }

    @Test
    void aFullDiskLeavesTheOldReport() throws IOException {
        assertThatThrownBy(() ->
                        ReportFile.write(
                                target,
                                _ -> {
                                    throw new IOException("No space left on device");
                                }))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessage(target + ": the report can't be written: No space left on device");
        assertOldAndAlone();
    }

    @Test
    void whatTheFileSystemSaysIsTheReason() {
        assertThatThrownBy(() ->
                        ReportFile.write(
                                target,
                                _ -> {
                                    throw new FileSystemException(
                                            "x", null, "Read-only file system");
                                }))
                .hasMessageEndingWith("can't be written: Read-only file system");
        assertThatThrownBy(() ->
                        ReportFile.write(
                                target,
                                _ -> {
                                    throw new AccessDeniedException("x");
                                }))
                .hasMessageEndingWith("its directory does not permit it");
    }

    @Test
    void anUnwritableFolderIsNamed() throws IOException {
        Path closed = Files.createDirectory(folder.resolve("closed"));
        assertThat(closed.toFile().setWritable(false)).isTrue();
        try {
            assumeFalse(Files.isWritable(closed), "needs a user whom permissions bind");
            assertThatThrownBy(() -> ReportFile.write(closed.resolve("r.html"), "new"))
                    .isInstanceOf(DeltaLlmException.class)
                    .hasMessageContaining("closed")
                    .hasMessageEndingWith("its directory does not permit it");
        } finally {
            assertThat(closed.toFile().setWritable(true)).isTrue();
        }
    }

    @Test
    void aFolderThatIsNotThereIsNamed() {
        Path missing = folder.resolve("missing/report.html");
        assertThatThrownBy(() -> ReportFile.write(missing, "new"))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessage(
                        missing
                                + ": the report can't be written: its directory does not exist;"
                                + " make it first");
    }

    @Test
    void aDirectoryIsNotReplaced() {
        assertThatThrownBy(() -> ReportFile.write(folder, "new"))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("directory");
    }
}
