package io.github.deltallm.engine.gguf;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Paths that lead to no GGUF file at all. */
class GgufForeignFileTest {
    @TempDir private Path folder;

    private static void refused(
            Class<? extends DeltaLlmException> type, Path path, String problem) {
        assertThatThrownBy(() -> GgufFile.open(path))
                .isExactlyInstanceOf(type)
                .hasMessageStartingWith(path + ": ")
                .hasMessageContaining(problem)
                .hasMessageNotContaining("\n");
    }

    private void content(String bytes, String problem) throws IOException {
        Path path =
                Files.write(folder.resolve("m.gguf"), bytes.getBytes(StandardCharsets.ISO_8859_1));
        refused(ModelFormatException.class, path, problem);
    }

    @Test
    void aMissingFileIsNamed() {
        refused(InvalidOptionException.class, folder.resolve("none.gguf"), "there is no such file");
    }

    @Test
    void aDirectoryIsNoFile() {
        refused(InvalidOptionException.class, folder, "this is a directory");
    }

    @Test
    void aFileThatMayNotBeReadIsNamed() throws IOException {
        Path path = GgufBytes.small().in(folder, "m.gguf");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(path), "this user reads every file whatever its mode");
        refused(InvalidOptionException.class, path, "not permitted");
    }

    @Test
    void anEmptyFileIsNamed() throws IOException {
        content("", "the file is empty; download it again");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<!DOCTYPE html><html><head>",
                "<!doctype html>",
                "<html lang=\"en\">",
                "\n\n  <!DOCTYPE html>",
                "\u00ef\u00bb\u00bf<!DOCTYPE html>",
                "<?xml version=\"1.0\"?>"
            })
    void aWebPageIsRecognised(String page) throws IOException {
        content(page + " ".repeat(100), "but a web page: it begins with \"");
    }

    @Test
    void aGitLfsPointerIsRecognised() throws IOException {
        content(
                "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 98362432\n",
                "but a Git LFS pointer to one; run \"git lfs pull\"");
    }

    @Test
    void otherKnownFormatsAreRecognised() throws IOException {
        content("\u0018\0\0\0\0\0\0\0{\"__metadata__\":", "but a safetensors file");
        content("PK\u0003\u0004archive/data.pkl", "but a zip archive or a PyTorch checkpoint");
        content("\u001f\u008b\b\0\0\0\0\0\0\3", "but gzip-compressed data");
        content("tjgg\3\0\0\0", "but one of the GGML formats before it");
    }

    @Test
    void theFirstBytesOfAnythingElseAreShown() throws IOException {
        content(
                "{\"error\":\"Repository not found\"}",
                "for it begins with \"{\\\"error\\\":\\\"Reposi\" in place");
        content(
                "\u0089PNG\r\n\u001a\n\0\0\0\rIHDR",
                "for it begins with the bytes 89 50 4e 47 0d 0a 1a 0a in place");
        content("GGU", "for it begins with \"GGU\" in place of \"GGUF\"");
        content("\0", "for it begins with the bytes 00 in place");
    }
}
