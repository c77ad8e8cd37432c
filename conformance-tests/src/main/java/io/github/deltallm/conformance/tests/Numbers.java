package io.github.deltallm.conformance.tests;

import java.util.Arrays;
import java.util.Random;

/** Seeded inputs. */
final class Numbers {
    private static final float[] AWKWARD = {
        0, -0f, 0x1p-140f, -0x1p-149f, 0x1p-126f, 1e-20f, -1e-20f, 1, -1, 3e6f, -3e6f, 0x1p-24f
    };

    private final Random random;

    Numbers(long seed) {
        random = new Random(seed);
    }

    /** Normally distributed. */
    float[] normal(int count) {
        return scaled(count, 1);
    }

    /** Normally distributed with this standard deviation. */
    float[] scaled(int count, double deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return values;
    }

    /** Zeros, denormal, tiny and large numbers of both signs among ordinary ones. */
    float[] awkward(int count) {
        float[] values = normal(count);
        for (int i = 0; i < count; i++) {
            if (random.nextInt(3) == 0) {
                values[i] = AWKWARD[random.nextInt(AWKWARD.length)];
            }
        }
        return values;
    }

    /** Rows that change little from one to the next, as keys do: a random walk in every channel. */
    float[] walk(int rows, int width) {
        float[] values = normal(rows * width);
        for (int i = width; i < values.length; i++) {
            values[i] = 0.9f * values[i - width] + 0.3f * values[i];
        }
        return values;
    }

    int[] tokens(int count, int vocabulary) {
        int[] tokens = new int[count];
        Arrays.setAll(tokens, i -> random.nextInt(vocabulary));
        return tokens;
    }

    byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    /** {@code first, first + step, ...} */
    static float[] rising(int count, float first, float step) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = first + i * step;
        }
        return values;
    }

    /** Rows {@code [from, to)} of a matrix. */
    static float[] rows(float[] matrix, int width, int from, int to) {
        return Arrays.copyOfRange(matrix, from * width, to * width);
    }
}
