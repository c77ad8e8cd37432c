package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/**
 * A ternary tensor and what was put into it.
 *
 * @param trits {@code [row][column]}: -1, 0 and 1
 * @param scales {@code [row][block]}
 */
record TernaryTensor(Tensor tensor, int[][] trits, float[][] scales) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Random weights with the same scale everywhere. */
    static TernaryTensor random(TensorType type, int rows, int columns, long seed) {
        float[][] scales = new float[rows][columns / type.blockSize()];
        for (float[] row : scales) {
            Arrays.fill(row, 0.0721436f);
        }
        return random(type, rows, columns, scales, seed);
    }

    /** Random weights; an I2_S tensor has the first scale. */
    static TernaryTensor random(
            TensorType type, int rows, int columns, float[][] scales, long seed) {
        Random random = new Random(seed);
        MemorySegment data = Arena.ofAuto().allocate(type.tensorBytes(rows, columns) + 2, 64);
        Tensor tensor = new Tensor("ternary", type, rows, columns, data.asSlice(2));
        int[][] trits = new int[rows][columns];
        int size = type.blockSize();
        for (int row = 0; row < rows; row++) {
            for (int c = 0; c < columns; c++) {
                trits[row][c] = random.nextInt(3) - 1;
            }
            for (int block = 0; block < columns / size; block++) {
                long at = row * tensor.rowBytes() + (long) block * type.blockBytes();
                MemorySegment bytes = tensor.data().asSlice(at);
                float scale = scales[row][block];
                int[] values = new int[size];
                for (int i = 0; i < size; i++) {
                    values[i] = trits[row][block * size + i] + 1;
                }
                encode(type, values, scale, bytes);
            }
        }
        if (type == TensorType.I2_S) {
            tensor.data().set(FLOAT, tensor.data().byteSize() - 32, scales[0][0]);
        }
        return new TernaryTensor(tensor, trits, scales);
    }

    private static void encode(TensorType type, int[] values, float scale, MemorySegment to) {
        switch (type) {
            case I2_S -> {
                for (int i = 0; i < 128; i++) {
                    or(to, i % 32, values[i] << (6 - i / 32 * 2));
                }
            }
            case TQ2_0 -> {
                for (int i = 0; i < 256; i++) {
                    or(to, i / 128 * 32 + i % 32, values[i] << (i % 128 / 32 * 2));
                }
                to.set(SHORT, 64, Float.floatToFloat16(scale));
            }
            default -> {
                for (int i = 0; i < 32; i++) {
                    to.set(ValueLayout.JAVA_BYTE, i, fraction(values, i, 32, 5));
                }
                for (int i = 0; i < 16; i++) {
                    to.set(ValueLayout.JAVA_BYTE, 32 + i, fraction(values, 160 + i, 16, 5));
                }
                for (int i = 0; i < 4; i++) {
                    to.set(ValueLayout.JAVA_BYTE, 48 + i, fraction(values, 240 + i, 4, 4));
                }
                to.set(SHORT, 52, Float.floatToFloat16(scale));
            }
        }
    }

    private static void or(MemorySegment to, long at, int bits) {
        int byteThere = to.get(ValueLayout.JAVA_BYTE, at);
        to.set(ValueLayout.JAVA_BYTE, at, (byte) (byteThere | bits));
    }

    /** Five places in base 3, the first the highest, as the next larger fraction of 256. */
    private static byte fraction(int[] values, int at, int step, int count) {
        int number = 0;
        for (int place = 0; place < 5; place++) {
            number = number * 3 + (place < count ? values[at + place * step] : 0);
        }
        return (byte) ((number * 256 + 242) / 243);
    }

    /** The scale as it is stored. */
    float scale(int row, int block) {
        float scale = scales[row][block];
        return tensor.type() == TensorType.I2_S
                ? scales[0][0]
                : Float.float16ToFloat(Float.floatToFloat16(scale));
    }
}
