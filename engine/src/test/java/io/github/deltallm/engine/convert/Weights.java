package io.github.deltallm.engine.convert;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.gguf.TensorData;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Weights as the tests make them and read them: in the order in which a decoder writes them. */
final class Weights {
    private Weights() {}

    /** Random values -1, 0 and +1 times a scale. */
    static float[] ternary(int count, float scale, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (random.nextInt(3) - 1) * scale;
        }
        return values;
    }

    static float[] normal(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian() / 16;
        }
        return values;
    }

    /** The bytes of a tensor of floats. */
    static TensorData floats(TensorType type, float... values) {
        ByteBuffer bytes =
                ByteBuffer.allocate((int) type.rowBytes(values.length))
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            switch (type) {
                case F32 -> bytes.putFloat(value);
                case F16 -> bytes.putShort(Float.floatToFloat16(value));
                case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
                default -> throw new IllegalArgumentException(type.name());
            }
        }
        return TensorData.of(MemorySegment.ofArray(bytes.array()));
    }

    /** The bytes of a TQ2_0 tensor whose blocks have these scales and all weights +1. */
    static TensorData ones(float... scales) {
        ByteBuffer bytes = ByteBuffer.allocate(66 * scales.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float scale : scales) {
            for (int i = 0; i < 64; i++) {
                bytes.put((byte) 0b10101010);
            }
            bytes.putShort(Float.floatToFloat16(scale));
        }
        return TensorData.of(MemorySegment.ofArray(bytes.array()));
    }

    /** All values of a tensor, block after block. */
    static float[] decoded(Tensor tensor) {
        ByteBuffer bytes =
                ByteBuffer.wrap(tensor.data().toArray(ValueLayout.JAVA_BYTE))
                        .order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[(int) tensor.size()];
        int length = tensor.type().blockBytes();
        for (int block = 0; block * tensor.type().blockSize() < values.length; block++) {
            int to = block * tensor.type().blockSize();
            switch (tensor.type()) {
                case I2_S ->
                        i2s(bytes, block * length, bytes.getFloat(values.length / 4), values, to);
                case TQ2_0 -> tq2(bytes, block * length, values, to);
                case TQ1_0 -> tq1(bytes, block * length, values, to);
                default -> throw new IllegalArgumentException(tensor.type().name());
            }
        }
        return values;
    }

    private static void i2s(ByteBuffer bytes, int at, float scale, float[] values, int to) {
        int next = to;
        for (int shift = 6; shift >= 0; shift -= 2) {
            for (int j = 0; j < 32; j++) {
                values[next++] = ((bytes.get(at + j) >> shift & 3) - 1) * scale;
            }
        }
    }

    private static void tq2(ByteBuffer bytes, int at, float[] values, int to) {
        float scale = Float.float16ToFloat(bytes.getShort(at + 64));
        int next = to;
        for (int half = 0; half < 64; half += 32) {
            for (int shift = 0; shift < 8; shift += 2) {
                for (int j = 0; j < 32; j++) {
                    values[next++] = ((bytes.get(at + half + j) >> shift & 3) - 1) * scale;
                }
            }
        }
    }

    private static void tq1(ByteBuffer bytes, int at, float[] values, int to) {
        float scale = Float.float16ToFloat(bytes.getShort(at + 52));
        int next = to;
        int[][] groups = {{0, 32, 5}, {32, 16, 5}, {48, 4, 4}};
        for (int[] group : groups) {
            double place = 3;
            for (int digit = 0; digit < group[2]; digit++) {
                for (int j = 0; j < group[1]; j++) {
                    double fraction = (bytes.get(at + group[0] + j) & 0xFF) / 256.0;
                    values[next++] = ((int) Math.floor(fraction * place) % 3 - 1) * scale;
                }
                place *= 3;
            }
        }
    }
}
