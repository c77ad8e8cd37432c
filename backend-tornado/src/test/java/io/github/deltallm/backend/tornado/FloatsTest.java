package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

import java.util.Random;

/** Arithmetic that must be exact, whatever a device makes of a division. */
class FloatsTest {
    private static float random(Random random, int from, int to) {
        float fraction = 1 + random.nextInt(1 << 23) * 0x1p-23f;
        float sign = random.nextBoolean() ? 1 : -1;
        return sign * Math.scalb(fraction, random.nextInt(from, to));
    }

    private static float off(float x, int units) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(x) + units);
    }

    @Test
    void quotientIsNearestThoughTheReciprocalIsOff() {
        Random random = new Random(1);
        for (int i = 0; i < 1_000_000; i++) {
            float n = random(random, -62, 64);
            float d = random(random, -32, 32);
            float inverse = off(1 / d, random.nextInt(-4, 5));
            assertThat(Floats.nearest(n, d, inverse)).isEqualTo(n / d);
        }
    }

    @Test
    void quotientNearHalfAStepIsNearest() {
        Random random = new Random(2);
        for (int i = 0; i < 500_000; i++) {
            float d = random(random, -20, 20);
            float n = off((random.nextInt(127) + 0.5f) * d, random.nextInt(-1, 2));
            float inverse = off(1 / d, random.nextInt(-4, 5));
            assertThat(Floats.nearest(n, d, inverse)).isEqualTo(n / d);
        }
    }

    @Test
    void quotientHasTheWholeRangeOfNumbers() {
        Random random = new Random(3);
        for (int i = 0; i < 1_000_000; i++) {
            float n = random(random, -126, 128);
            float d = random(random, -126, 128);
            float expected = n / d;
            if (Math.abs(expected) >= Float.MIN_NORMAL) {
                assertThat(Floats.quotient(n, d)).isEqualTo(expected);
            }
        }
    }

    @Test
    void quotientOfWhatIsNoNumberIsThatOfTheDevice() {
        float infinity = Float.POSITIVE_INFINITY;
        assertThat(Floats.quotient(infinity, 2)).isEqualTo(infinity);
        assertThat(Floats.quotient(-1, infinity)).isEqualTo(-0f);
        assertThat(Floats.quotient(127, 0)).isEqualTo(infinity);
        assertThat(Floats.quotient(0, 3)).isEqualTo(0f);
        assertThat(Floats.quotient(Float.NaN, 3)).isNaN();
        assertThat(Floats.quotient(3, Float.NaN)).isNaN();
    }

    @Test
    void halvesOfAnF32AreThoseOfItsBits() {
        FloatArray powers = new FloatArray(FloatTables.SIZE);
        FloatTables.fill(powers);
        for (int upper = 0; upper < 1 << 16; upper++) {
            float x = Float.intBitsToFloat(upper << 16);
            int expected = Float.isNaN(x) ? 0x7FC0 : upper;
            assertThat(Floats.bf16Bits(x, powers)).isEqualTo(expected);
        }
    }
}
