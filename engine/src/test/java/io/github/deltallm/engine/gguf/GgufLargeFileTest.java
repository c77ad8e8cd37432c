package io.github.deltallm.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file of 5 GiB, which takes some KiB of disk where holes cost nothing. */
class GgufLargeFileTest {
    private static final long FIRST = 5L << 30;

    @TempDir private Path folder;

    @Test
    void tensorsBeyondTwoGiBAreReached() throws IOException {
        GgufBytes header =
                GgufBytes.header(3, 2, 0)
                        .tensor("large", TensorType.F16.id(), 0, 1 << 16, (5L << 30) >> 17)
                        .tensor("last", TensorType.F32.id(), FIRST, 1)
                        .pad(32);
        Path path = header.in(folder, "large.gguf");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {7}), header.size() + FIRST - 1);
            channel.write(
                    ByteBuffer.wrap(new GgufBytes().f32(2.5f).toBytes()), header.size() + FIRST);
        }
        try (GgufFile file = GgufFile.open(path)) {
            Tensor large = file.requireTensor("large", (int) ((5L << 30) >> 17), 1 << 16);
            assertThat(large.data().byteSize()).isEqualTo(FIRST);
            assertThat(large.data().get(JAVA_BYTE, FIRST - 1)).isEqualTo((byte) 7);
            assertThat(file.requireTensor("last", 1, 1).data().get(LittleEndian.FLOAT, 0))
                    .isEqualTo(2.5f);
        }
    }
}
