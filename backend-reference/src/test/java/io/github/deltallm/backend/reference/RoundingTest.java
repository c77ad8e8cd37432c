package io.github.deltallm.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.Encoding.Store;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Random;

class RoundingTest {
    @ParameterizedTest
    @EnumSource(Store.class)
    void roundingTwiceChangesNothing(Store store) {
        Random random = new Random(5);
        for (int i = 0; i < 1000; i++) {
            float[] once = new float[16];
            for (int c = 0; c < once.length; c++) {
                once[c] = (float) (random.nextGaussian() * Math.exp(random.nextGaussian()));
            }
            Rounding.round(store, once, 0, once.length);
            float[] twice = once.clone();
            Rounding.round(store, twice, 0, twice.length);

            assertThat(twice).containsExactly(once);
        }
    }

    @Test
    void bf16RoundsToNearestEven() {
        assertThat(Rounding.bf16(1 + 0x1p-8f)).isEqualTo(1);
        assertThat(Rounding.bf16(1 + 3 * 0x1p-8f)).isEqualTo(1 + 0x1p-6f);
        assertThat(Rounding.bf16(1 + 0x1.8p-8f)).isEqualTo(1 + 0x1p-7f);
        assertThat(Rounding.bf16(Float.NaN)).isNaN();
        assertThat(Rounding.bf16(Float.NEGATIVE_INFINITY)).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    @Test
    void int8StaysWithinHalfAStep() {
        float[] row = {1, -0.3f, 0.004f, 0};
        Rounding.round(Store.INT8, row, 0, row.length);

        assertThat(row[0]).isCloseTo(1, within(0.5 / 127));
        assertThat(row[1]).isCloseTo(-0.3f, within(0.51 / 127));
        assertThat(row[2]).isCloseTo(0.004f, within(0.51 / 127));
        assertThat(row[3]).isZero();
    }

    private static org.assertj.core.data.Offset<Float> within(double offset) {
        return org.assertj.core.data.Offset.offset((float) offset);
    }
}
