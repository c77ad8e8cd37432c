package io.github.deltallm.api.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.ModelFormatException;

import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

class TernaryScalesTest {
    private static final int BLOCK = TensorType.TQ2_0.blockBytes();

    /** Three rows of two blocks; the values are zeros, which is -1 and sound. */
    private final byte[] bytes = new byte[6 * BLOCK];

    private void scale(int block, float scale) {
        MemorySegment.ofArray(bytes)
                .set(
                        ValueLayout.JAVA_SHORT_UNALIGNED,
                        (long) block * BLOCK + 64,
                        Float.floatToFloat16(scale));
    }

    private float[] scales() {
        return new TernaryScales(
                        new Tensor(
                                "blk.0.w", TensorType.TQ2_0, 3, 512, MemorySegment.ofArray(bytes)))
                .byRow();
    }

    @Test
    void equalScalesAreSharedWhateverBlocksOfZeroScaleSay() {
        scale(0, 0.5f);
        scale(1, 0.5f);
        scale(2, 0);
        scale(3, -2);
        scale(4, 0.5f);
        scale(5, 0.25f);
        assertThat(scales()).containsExactly(0.5f, -2, Float.NaN);
    }

    @Test
    void scaleThatIsNotFiniteIsDamage() {
        scale(3, Float.POSITIVE_INFINITY);
        assertThatThrownBy(this::scales)
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("blk.0.w")
                .hasMessageContaining("the scale Infinity in row 1");
    }

    @Test
    void bitsThatStandForNothingAreDamage() {
        bytes[4 * BLOCK + 63] = (byte) 0xC0;
        assertThatThrownBy(this::scales)
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("bits 3")
                .hasMessageContaining("in row 2");
    }

    @Test
    void singleScaleIsThatOfEveryRow() {
        byte[] whole = new byte[2 * 32 + 32];
        MemorySegment.ofArray(whole).set(ValueLayout.JAVA_FLOAT_UNALIGNED, 64, 0.75f);
        Tensor tensor =
                new Tensor("blk.0.w", TensorType.I2_S, 2, 128, MemorySegment.ofArray(whole));
        assertThat(new TernaryScales(tensor).byRow()).containsExactly(0.75f, 0.75f);
    }
}
