package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Refuses ternary weights that are none: bits that stand for no value, scales that are infinite.
 */
final class TernaryCheck {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Tensor tensor;
    private final MemorySegment data;

    TernaryCheck(Tensor tensor) {
        this.tensor = tensor;
        data = tensor.data();
    }

    void check() {
        if (tensor.type() == TensorType.I2_S) {
            scale(data.get(FLOAT, tensor.size() / 4), 0);
        }
        int block = tensor.type().blockBytes();
        for (int row = 0; row < tensor.rows(); row++) {
            long end = (row + 1) * tensor.rowBytes();
            for (long at = row * tensor.rowBytes(); at < end; at += block) {
                if (tensor.type() == TensorType.TQ1_0) {
                    scale(Float.float16ToFloat(data.get(SHORT, at + 52)), row);
                } else if (tensor.type() == TensorType.TQ2_0) {
                    scale(Float.float16ToFloat(data.get(SHORT, at + 64)), row);
                    pairs(at, 64, row);
                } else {
                    pairs(at, 32, row);
                }
            }
        }
    }

    private void scale(float scale, int row) {
        if (!Float.isFinite(scale)) {
            throw damaged("the scale " + scale, row);
        }
    }

    private void pairs(long at, int bytes, int row) {
        for (int i = 0; i < bytes; i++) {
            int both = data.get(ValueLayout.JAVA_BYTE, at + i);
            if ((both & both >> 1 & 0x55) != 0) {
                throw damaged("bits 3, which stand for no ternary value,", row);
            }
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
