package io.github.deltallm.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Blocks as an independent implementation decodes them. */
class DecoderTest {
    record Golden(TensorType type, byte[] block, float[] values) {
        static Golden parse(String line) {
            String[] parts = line.split(" ", -1);
            ByteBuffer values =
                    ByteBuffer.wrap(HexFormat.of().parseHex(parts[2]))
                            .order(ByteOrder.LITTLE_ENDIAN);
            float[] floats = new float[values.remaining() / Float.BYTES];
            values.asFloatBuffer().get(floats);
            return new Golden(
                    TensorType.valueOf(parts[0]), HexFormat.of().parseHex(parts[1]), floats);
        }

        @Override
        public String toString() {
            return type.name();
        }
    }

    static Stream<Golden> blocks() throws IOException {
        try (InputStream in = DecoderTest.class.getResourceAsStream("blocks.txt")) {
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            List<Golden> blocks =
                    text.lines().filter(line -> !line.startsWith("#")).map(Golden::parse).toList();
            assertThat(blocks).hasSize(12);
            return blocks.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void blockDecodesAsElsewhere(Golden golden) {
        Tensor tensor = tensor(golden.type(), 1, golden.values().length, golden.block());

        assertThat(row(tensor, 0)).containsExactly(golden.values());
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void everyRowAndBlockIsFound(Golden golden) {
        byte[] bytes = new byte[golden.block().length * 4];
        System.arraycopy(golden.block(), 0, bytes, 3 * golden.block().length, bytes.length / 4);
        Tensor tensor = tensor(golden.type(), 2, 2 * golden.values().length, bytes);

        assertThat(row(tensor, 1)).endsWith(golden.values());
    }

    @Test
    void ternaryTensorOfI2sStartsAtTheTopBits() {
        byte[] bytes = new byte[32 + 32];
        bytes[0] = (byte) 0b00_01_10_00;
        bytes[31] = (byte) 0b10_10_01_10;
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(32, 0.5f);
        float[] values = row(tensor(TensorType.I2_S, 1, 128, bytes), 0);

        assertThat(List.of(values[0], values[32], values[64], values[96]))
                .containsExactly(-0.5f, 0f, 0.5f, -0.5f);
        assertThat(List.of(values[31], values[63], values[95], values[127]))
                .containsExactly(0.5f, 0.5f, 0f, 0.5f);
    }

    @Test
    void halfPrecisionTypesWiden() {
        assertThat(row(tensor(TensorType.F16, 1, 2, new byte[] {0, 0x3C, 1, 0}), 0))
                .containsExactly(1, 0x1p-24f);
        assertThat(row(tensor(TensorType.BF16, 1, 2, new byte[] {(byte) 0x80, 0x3F, 1, 0}), 0))
                .containsExactly(1, Float.intBitsToFloat(0x10000));
    }

    private static Tensor tensor(TensorType type, int rows, int columns, byte[] bytes) {
        return new Tensor("golden", type, rows, columns, MemorySegment.ofArray(bytes));
    }

    private static float[] row(Tensor tensor, int row) {
        float[] values = new float[tensor.columns()];
        Decoder.row(tensor, row, values);
        return values;
    }
}
