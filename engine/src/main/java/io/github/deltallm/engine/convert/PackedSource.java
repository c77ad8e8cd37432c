package io.github.deltallm.engine.convert;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A tensor of a ternary type. A block whose scale is 0 holds zeros, whatever its values, and does
 * not count among the scales that have to be equal.
 */
final class PackedSource implements TernarySource {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String file;
    private final Tensor tensor;
    private final TritBlocks blocks;
    private final float factor;
    private final byte[] block;
    private float lastScale;

    /**
     * @param file for messages
     * @param factor what all scales are multiplied by
     */
    PackedSource(String file, Tensor tensor, float factor) {
        this.file = file;
        this.tensor = tensor;
        this.factor = factor;
        blocks = TritBlocks.of(tensor.type());
        block = new byte[tensor.type().blockBytes()];
    }

    @Override
    public int blockSize() {
        return tensor.type().blockSize();
    }

    /** The run is one block, or for I2_S any number of them. */
    @Override
    public float read(long from, int count, byte[] trits) {
        long first = from / blockSize();
        float scale = scaleOf(first);
        for (int at = 0; at < count; at += blockSize()) {
            long offset = (first + at / blockSize()) * block.length;
            MemorySegment.copy(tensor.data(), JAVA_BYTE, offset, block, 0, block.length);
            for (int i = 0; i < blockSize(); i++) {
                int trit = blocks.get(block, 0, i);
                if (trit > 2) {
                    throw new ModelFormatException(
                            place()
                                    + "value "
                                    + (from + at + i)
                                    + " is none of the three that a ternary weight can be; the"
                                    + " file is damaged");
                }
                trits[at + i] = (byte) (scale == 0 ? 0 : trit - 1);
            }
        }
        lastScale = scale;
        return scale;
    }

    @Override
    public float scale() {
        float common = 0;
        long count = tensor.type() == TensorType.I2_S ? 1 : tensor.size() / blockSize();
        for (long i = 0; i < count; i++) {
            float scale = scaleOf(i);
            if (common != 0 && scale != 0 && scale != common) {
                throw new UnsupportedModelException(
                        place()
                                + "its blocks have different scales, "
                                + common
                                + " and "
                                + scale
                                + ", but I2_S has one scale a tensor; convert to TQ1_0 or TQ2_0");
            }
            common = common == 0 ? scale : common;
        }
        return common;
    }

    private float scaleOf(long index) {
        MemorySegment data = tensor.data();
        float told =
                tensor.type() == TensorType.I2_S
                        ? data.get(FLOAT, tensor.size() / 4)
                        : Float.float16ToFloat(data.get(SHORT, (index + 1) * block.length - 2));
        float scale = told * factor;
        if (!Float.isFinite(scale)) {
            throw new ModelFormatException(
                    place() + "its scale is " + scale + "; the file is damaged");
        }
        return scale;
    }

    private String place() {
        return file + ": tensor " + tensor.name() + ": ";
    }

    @Override
    public double error(int count, byte[] trits, float scale) {
        for (int i = 0; i < count; i++) {
            if (trits[i] != 0) {
                return Math.abs((double) lastScale - scale);
            }
        }
        return 0;
    }

    @Override
    public boolean exact() {
        return true;
    }
}
