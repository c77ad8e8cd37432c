package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/** Weights of any type: random bytes with scales of a sensible size. */
final class RandomTensor {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private RandomTensor() {}

    static Tensor of(String name, TensorType type, int rows, int columns, long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[Math.toIntExact(type.tensorBytes(rows, columns))];
        random.nextBytes(bytes);
        // An odd offset: files promise 32 bytes for tensors, but nothing for rows.
        MemorySegment data = Arena.ofAuto().allocate(bytes.length + 2L, 64).asSlice(2);
        MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
        for (long block = 0; block < data.byteSize(); block += type.blockBytes()) {
            for (int at : scales(type)) {
                float scale = 0.01f + 0.02f * random.nextFloat();
                data.set(SHORT, block + at, Float.floatToFloat16(scale));
            }
            float value = (float) random.nextGaussian();
            switch (type) {
                case F32 -> data.set(FLOAT, block, value);
                case F16 -> data.set(SHORT, block, Float.floatToFloat16(value));
                case BF16 ->
                        data.set(SHORT, block, (short) (Float.floatToRawIntBits(value) >>> 16));
                default -> {}
            }
        }
        if (type == TensorType.I2_S) {
            data.set(FLOAT, data.byteSize() - 32, 0.02f);
        }
        return new Tensor(name, type, rows, columns, data);
    }

    /** Offsets of the f16 scales and minima in a block. */
    private static int[] scales(TensorType type) {
        return switch (type) {
            case Q4_0, Q5_0, Q8_0 -> new int[] {0};
            case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
            case Q2_K -> new int[] {80, 82};
            case Q3_K -> new int[] {108};
            case Q6_K -> new int[] {208};
            case TQ1_0 -> new int[] {52};
            case TQ2_0 -> new int[] {64};
            default -> new int[0];
        };
    }

    /** The weights as fp32, as the decoder has them, which golden vectors check. */
    static float[] decoded(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        Decoder decoder = Decoder.of(tensor);
        for (int row = 0; row < tensor.rows(); row++) {
            decoder.row(
                    tensor.data(),
                    row * tensor.rowBytes(),
                    tensor.columns(),
                    values,
                    row * tensor.columns());
        }
        return values;
    }
}
