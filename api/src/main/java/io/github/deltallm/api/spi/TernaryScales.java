package io.github.deltallm.api.spi;

import io.github.deltallm.api.ModelFormatException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * For backends that read ternary tensors as the file has them: the scale that all blocks of a row
 * share, apart from blocks whose scale is 0, which hold zeros; NaN where they differ. Checks on the
 * way that the tensor is sound. One pass over the tensor's bytes.
 */
public final class TernaryScales {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong PAIRS = ValueLayout.JAVA_LONG_UNALIGNED;

    private final Tensor tensor;
    private final MemorySegment data;

    /**
     * Of a tensor.
     *
     * @throws IllegalArgumentException if its type is not ternary
     */
    public TernaryScales(Tensor tensor) {
        if (!tensor.type().ternary()) {
            throw new IllegalArgumentException(
                    "the tensor "
                            + tensor.name()
                            + " of type "
                            + tensor.type()
                            + " is not ternary");
        }
        this.tensor = tensor;
        data = tensor.data();
    }

    /**
     * One a row.
     *
     * @throws ModelFormatException if a scale is not finite, or bits stand for no ternary value
     */
    public float[] byRow() {
        float[] scales = new float[tensor.rows()];
        for (int row = 0; row < scales.length; row++) {
            checkTrits(row);
            scales[row] = tensor.type() == TensorType.I2_S ? finite(single(), row) : shared(row);
        }
        return scales;
    }

    /** The scale of the whole tensor, behind its rows. */
    private float single() {
        return data.get(FLOAT, tensor.rows() * tensor.rowBytes());
    }

    private float shared(int row) {
        int blockBytes = tensor.type().blockBytes();
        long end = (row + 1) * tensor.rowBytes();
        float shared = 0;
        boolean differ = false;
        for (long at = row * tensor.rowBytes(); at < end; at += blockBytes) {
            float scale = finite(Float.float16ToFloat(data.get(SHORT, at + blockBytes - 2)), row);
            differ |= scale != 0 && shared != 0 && scale != shared;
            shared = scale == 0 ? shared : scale;
        }
        return differ ? Float.NaN : shared;
    }

    private float finite(float scale, int row) {
        if (!Float.isFinite(scale)) {
            throw damaged("the scale " + scale, row);
        }
        return scale;
    }

    /** Two bits are 0, 1 or 2; base-3 digits can't be anything else. */
    private void checkTrits(int row) {
        if (tensor.type() == TensorType.TQ1_0) {
            return;
        }
        int blockBytes = tensor.type().blockBytes();
        int packed = tensor.type() == TensorType.TQ2_0 ? 64 : 32;
        long end = (row + 1) * tensor.rowBytes();
        long wrong = 0;
        for (long at = row * tensor.rowBytes(); at < end; at += blockBytes) {
            for (int i = 0; i < packed; i += Long.BYTES) {
                long bits = data.get(PAIRS, at + i);
                wrong |= bits & bits >>> 1 & 0x5555_5555_5555_5555L;
            }
        }
        if (wrong != 0) {
            throw damaged("bits 3, which stand for no ternary value,", row);
        }
    }

    private ModelFormatException damaged(String what, int row) {
        return new ModelFormatException(
                "the tensor "
                        + tensor.name()
                        + " of type "
                        + tensor.type()
                        + " has "
                        + what
                        + " in row "
                        + row
                        + "; the file is damaged");
    }
}
