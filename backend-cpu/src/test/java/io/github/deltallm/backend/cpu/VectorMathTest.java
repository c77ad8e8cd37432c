package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.util.Random;

class VectorMathTest {
    @Test
    void powersOfTwoAreExactEnoughAndTheSameInBothForms() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            float x = i < 400 ? -i / 3f : -140 * random.nextFloat();
            float scalar = VectorMath.exp2(x);
            float[] register = new float[Lanes.N];
            register[0] = x;
            VectorMath.exp2(register, 0, Lanes.N, 1, new float[Lanes.N]);
            assertThat(register[0]).as("2^%s", x).isEqualTo(scalar);
            double exact = Math.pow(2, x);
            // Below the least normal number, results may be 0.
            assertThat((double) scalar)
                    .as("2^%s", x)
                    .isCloseTo(exact, within(Math.max(3e-7 * exact, Float.MIN_NORMAL)));
        }
    }

    @Test
    void theGreatestWeighsOneAndTheDroppedNothing() {
        assertThat(VectorMath.exp2(0f)).isEqualTo(1);
        assertThat(VectorMath.exp2(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(VectorMath.exp2(-127f)).isZero();
    }
}
