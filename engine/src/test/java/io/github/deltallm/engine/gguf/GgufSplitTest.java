package io.github.deltallm.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Models in several files. */
class GgufSplitTest {
    private static final int COUNT = 3;

    @TempDir private Path folder;

    private final Path[] files = new Path[COUNT];

    @BeforeEach
    void makeParts() {
        for (int i = 0; i < COUNT; i++) {
            files[i] = part(i, i, COUNT, COUNT + 1, "t" + i);
        }
    }

    /** A part of one tensor that holds the part's number; the first part has another. */
    private Path part(int place, int number, int count, int tensors, String tensor) {
        boolean first = place == 0;
        GgufBytes bytes =
                GgufBytes.header(3, first ? 2 : 1, first ? 4 : 3)
                        .key("split.no", 2)
                        .u16(number)
                        .key("split.count", 2)
                        .u16(count)
                        .key("split.tensors.count", 5)
                        .u32(tensors);
        if (first) {
            bytes.key("general.architecture", 8).string("llama");
        }
        bytes.tensor(tensor, TensorType.F32.id(), 0, 1);
        if (first) {
            bytes.tensor("norm", TensorType.F32.id(), 32, 1);
        }
        bytes.pad(32).f32(number).pad(32).f32(-1);
        return bytes.in(folder, name(place));
    }

    private static String name(int place) {
        return "m-0000" + (place + 1) + "-of-0000" + COUNT + ".gguf";
    }

    private static void refused(
            Class<? extends DeltaLlmException> type, Path path, String message) {
        assertThatThrownBy(() -> GgufFile.open(path))
                .isExactlyInstanceOf(type)
                .hasMessageContaining(message);
    }

    @Test
    void theFirstFileOpensAll() throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        long size = 0;
        for (Path file : files) {
            digest.update(Files.readAllBytes(file));
            size += Files.size(file);
        }
        try (GgufFile model = GgufFile.open(files[0])) {
            assertThat(model.parts()).isEqualTo(COUNT);
            assertThat(model.size()).isEqualTo(size);
            assertThat(model.sha256()).isEqualTo(HexFormat.of().formatHex(digest.digest()));
            assertThat(model.metadata().text("general.architecture")).contains("llama");
            assertThat(model.tensors())
                    .extracting(Tensor::name)
                    .containsExactly("t0", "norm", "t1", "t2");
            assertThat(model.tensorInfos())
                    .extracting(GgufTensorInfo::part)
                    .containsExactly(0, 0, 1, 2);
            assertThat(model.requireTensor("t2", 1, 1).data().get(LittleEndian.FLOAT, 0))
                    .isEqualTo(2f);
        }
    }

    @Test
    void aLaterFileIsRefusedAndTheFirstIsNamed() {
        refused(
                InvalidOptionException.class,
                files[1],
                "this is part 2 of 3; give the first one, " + files[0]);
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Files.delete(files[2]);
        refused(
                ModelFormatException.class,
                files[0],
                "part 3 of 3 is missing; put m-00003-of-00003.gguf beside it");
    }

    @Test
    void aFileThatSaysAnotherNumberIsNamed() {
        part(1, 2, COUNT, COUNT + 1, "t1");
        refused(
                ModelFormatException.class,
                files[0],
                files[1] + ": metadata key split.no at byte 44: 2 contradicts");
    }

    @Test
    void aFileThatSaysAnotherCountIsNamed() {
        part(2, 2, 4, COUNT + 1, "t2");
        refused(
                ModelFormatException.class,
                files[0],
                files[2] + ": metadata key split.count at byte ");
    }

    @Test
    void aFileThatSaysAnotherNumberOfTensorsIsNamed() {
        part(1, 1, COUNT, 9, "t1");
        refused(
                ModelFormatException.class,
                files[0],
                files[1] + ": metadata key split.tensors.count at byte ");
    }

    @Test
    void tooFewTensorsAreRefused() {
        for (int i = 0; i < COUNT; i++) {
            part(i, i, COUNT, 7, "t" + i);
        }
        refused(
                ModelFormatException.class,
                files[0],
                "the files of the split model have 4 tensors, not 7");
    }

    @Test
    void aTensorInTwoFilesIsRefused() {
        part(2, 2, COUNT, COUNT + 1, "t1");
        refused(ModelFormatException.class, files[0], files[2] + ": tensor t1 at byte ");
    }

    @Test
    void aDamagedPartIsNamed() throws IOException {
        Files.writeString(files[1], "GGUF");
        refused(ModelFormatException.class, files[0], files[1] + ": version at byte 4: ");
    }

    @Test
    void aRenamedFirstFileIsRefused() throws IOException {
        Path renamed = Files.move(files[0], folder.resolve("model.gguf"));
        refused(ModelFormatException.class, renamed, "metadata key split.count at byte 69: ");
        refused(ModelFormatException.class, renamed, "not named like NAME-00001-of-00003.gguf");
    }

    @Test
    void aFirstFileUnderALaterNameIsRefused() throws IOException {
        Files.delete(files[1]);
        Files.move(files[0], files[1]);
        refused(
                ModelFormatException.class,
                files[1],
                "metadata key split.no at byte 44: it says part 1 of 3");
    }

    @Test
    void aWholeModelNamedLikeAPartIsRefused() {
        Path path = GgufBytes.small().in(folder, "w-00001-of-00002.gguf");
        refused(
                ModelFormatException.class,
                path,
                "named as part 1 of 2, but its metadata key split.count");
    }

    @Test
    void onePartOfOneIsAWholeModel() {
        Path path = GgufBytes.small().in(folder, "w-00001-of-00001.gguf");
        try (GgufFile model = GgufFile.open(path)) {
            assertThat(model.parts()).isEqualTo(1);
        }
    }
}
