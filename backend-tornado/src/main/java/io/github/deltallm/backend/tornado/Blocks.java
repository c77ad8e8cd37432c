package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Decodes 32 values of a row of weights, on the device: the parts of the kernels that know the
 * layouts of the GGUF specification.
 *
 * <p>Types are the numbers of the GGUF format, constants of each compiled kernel, so that one
 * branch is left of all these. What floats consist of can't be taken apart on the device: exponents
 * of f16 and bf16 are looked up in {@link FloatTables}.
 */
public final class Blocks {
    static final int F32 = 0;
    static final int F16 = 1;
    static final int Q4_0 = 2;
    static final int Q4_1 = 3;
    static final int Q5_0 = 6;
    static final int Q5_1 = 7;
    static final int Q8_0 = 8;
    static final int Q2_K = 10;
    static final int Q3_K = 11;
    static final int Q4_K = 12;
    static final int Q5_K = 13;
    static final int Q6_K = 14;
    static final int BF16 = 30;
    static final int TQ1_0 = 34;
    static final int TQ2_0 = 35;
    static final int I2_S = 36;

    /** Values that are decoded at a time. */
    static final int SIZE = 32;

    private Blocks() {}

    /*
     * TornadoVM inlines methods of up to 600 nodes and no others: one method for all types would be
     * too large. So the kernels choose between seven, and these between types.
     */

    /**
     * Decodes the values {@code [32 b, 32 b + count)} of a row of F32, F16 or BF16.
     *
     * @param type of the tensor
     * @param row where the row begins: its first byte, or for F32 the index of its first float
     * @param count 32, or what is left of the row
     * @param block takes the values
     */
    static void plain(
            int type,
            ByteArray weights,
            FloatArray floats,
            int row,
            int b,
            int count,
            float[] block) {
        for (int i = 0; i < count; i++) {
            if (type == F32) {
                block[i] = floats.get(row + b * SIZE + i);
            } else if (type == F16) {
                block[i] = f16(weights, floats, row + 2 * (b * SIZE + i));
            } else {
                block[i] = bf16(weights, floats, row + 2 * (b * SIZE + i));
            }
        }
    }

    /**
     * Decodes a block of Q4_0, Q4_1, Q5_0 or Q5_1: a scale, in the {@code _1} types a minimum, in
     * the Q5 types four bytes of fifth bits, 16 bytes of values i and i + 16.
     */
    static void small(
            int type, ByteArray weights, FloatArray floats, int row, int b, float[] block) {
        int more = 0;
        int fifths = 0;
        if (type == Q4_1 || type == Q5_1) {
            more = 2;
        }
        if (type == Q5_0 || type == Q5_1) {
            fifths = 4;
        }
        int at = row + b * (18 + more + fifths);
        float d = f16(weights, floats, at);
        float minimum = 0;
        float zero = 0;
        if (more != 0) {
            minimum = f16(weights, floats, at + 2);
        } else {
            zero = 8 + 2 * fifths;
        }
        at = at + 2 + more;
        for (int i = 0; i < 16; i++) {
            int q = u8(weights, at + fifths + i);
            int low = q & 15;
            int high = q >> 4;
            if (fifths != 0) {
                low = low + ((u8(weights, at + i / 8) >> i % 8 & 1) << 4);
                high = high + ((u8(weights, at + 2 + i / 8) >> i % 8 & 1) << 4);
            }
            block[i] = d * (number(low) - zero) + minimum;
            block[i + 16] = d * (number(high) - zero) + minimum;
        }
    }

    /** Decodes a block of Q8_0. */
    static void eight(ByteArray weights, FloatArray floats, int row, int b, float[] block) {
        float d = f16(weights, floats, row + b * 34);
        for (int i = 0; i < SIZE; i++) {
            block[i] = d * weights.get(row + b * 34 + 2 + i);
        }
    }

    /** Decodes 32 values of Q2_K or Q3_K. */
    static void coarse(
            int type, ByteArray weights, FloatArray floats, int row, int b, float[] block) {
        if (type == Q2_K) {
            q2k(weights, floats, row + b / 8 * 84, b % 8, block);
        } else {
            q3k(weights, floats, row + b / 8 * 110, b % 8, block);
        }
    }

    /** Decodes 32 values of Q4_K or Q5_K. */
    static void fine(
            int type, ByteArray weights, FloatArray floats, int row, int b, float[] block) {
        int fifths = 0;
        if (type == Q5_K) {
            fifths = 1;
        }
        q45k(weights, floats, row + b / 8 * (144 + 32 * fifths), b % 8, fifths, block);
    }

    /** Decodes 32 values of Q6_K. */
    static void finest(ByteArray weights, FloatArray floats, int row, int b, float[] block) {
        q6k(weights, floats, row + b / 8 * 210, b % 8, block);
    }

    /**
     * Decodes 32 ternary values.
     *
     * @param scale where in {@code floats} the scale of an I2_S tensor is
     */
    static void ternary(
            int type,
            ByteArray weights,
            FloatArray floats,
            int row,
            int scale,
            int b,
            float[] block) {
        float d = tritScale(type, weights, floats, row, scale, b);
        for (int i = 0; i < SIZE; i++) {
            block[i] = d * (number(trit(type, weights, row, b, i)) - 1);
        }
    }

    /** The scale of the ternary block that the 32 values at {@code b} belong to. */
    static float tritScale(
            int type, ByteArray weights, FloatArray floats, int row, int scale, int b) {
        float d = 0;
        if (type == I2_S) {
            d = floats.get(scale);
        } else if (type == TQ1_0) {
            d = f16(weights, floats, row + b / 8 * 54 + 52);
        } else {
            d = f16(weights, floats, row + b / 8 * 66 + 64);
        }
        return d;
    }

    /** The ternary value i of the 32 at {@code b}, from 0 to 2 for -1 to 1. */
    static int trit(int type, ByteArray weights, int row, int b, int i) {
        int trit = 0;
        if (type == I2_S) {
            trit = u8(weights, row + b / 4 * 32 + i) >> (6 - b % 4 * 2) & 3;
        } else if (type == TQ2_0) {
            int at = row + b / 8 * 66 + b % 8 / 4 * 32 + i;
            trit = u8(weights, at) >> b % 4 * 2 & 3;
        } else {
            trit = base3(weights, row + b / 8 * 54, b % 8 * SIZE + i);
        }
        return trit;
    }

    /** TQ1_0: five digits a byte as the fraction byte / 256 in base 3, in bytes 48 to 51 four. */
    private static int base3(ByteArray weights, int at, int i) {
        int fraction = 0;
        int place = 0;
        if (i < 160) {
            fraction = u8(weights, at + i % 32);
            place = i / 32;
        } else if (i < 240) {
            fraction = u8(weights, at + 32 + i % 16);
            place = (i - 160) / 16;
        } else {
            fraction = u8(weights, at + 48 + i % 4);
            place = (i - 240) / 4;
        }
        for (int p = 0; p < place; p++) {
            fraction = fraction * 3 & 255;
        }
        return fraction * 3 >> 8;
    }

    /** 16 bytes of scale and minimum, 64 bytes of values, scale, minimum: sub-blocks of 16. */
    private static void q2k(ByteArray weights, FloatArray floats, int at, int sub, float[] block) {
        float scale = f16(weights, floats, at + 80);
        float minimum = f16(weights, floats, at + 82);
        for (int i = 0; i < SIZE; i++) {
            int both = u8(weights, at + sub * 2 + i / 16);
            int q = u8(weights, at + 16 + sub / 4 * 32 + i) >> sub % 4 * 2 & 3;
            block[i] = scale * number(both & 15) * number(q) - minimum * number(both >> 4);
        }
    }

    /** 32 bytes of third bits, 64 bytes of values, 12 of scales, scale: sub-blocks of 16. */
    private static void q3k(ByteArray weights, FloatArray floats, int at, int sub, float[] block) {
        float d = f16(weights, floats, at + 108);
        for (int i = 0; i < SIZE; i++) {
            int s = sub * 2 + i / 16;
            int low = u8(weights, at + 96 + s % 8) >> s / 8 * 4 & 15;
            int high = u8(weights, at + 104 + s % 4) >> s / 4 * 2 & 3;
            int third = u8(weights, at + i) >> sub & 1;
            int q = u8(weights, at + 32 + sub / 4 * 32 + i) >> sub % 4 * 2 & 3;
            float scale = number(low + (high << 4)) - 32;
            block[i] = d * scale * (number(q + 4 * third) - 4);
        }
    }

    /**
     * Scale, minimum, 12 bytes of scales and minimums, in Q5_K 32 bytes of fifth bits, 128 bytes of
     * values: sub-blocks of 32.
     */
    private static void q45k(
            ByteArray weights, FloatArray floats, int at, int sub, int fifths, float[] block) {
        float scale = f16(weights, floats, at) * sixBitScale(weights, at, sub);
        float minimum = f16(weights, floats, at + 2) * sixBitMinimum(weights, at, sub);
        int low = at + 16 + 32 * fifths + sub / 2 * 32;
        for (int i = 0; i < SIZE; i++) {
            int q = u8(weights, low + i) >> sub % 2 * 4 & 15;
            if (fifths == 1) {
                q = q + ((u8(weights, at + 16 + i) >> sub & 1) << 4);
            }
            block[i] = scale * q - minimum;
        }
    }

    /** 128 bytes of low bits, 64 of high pairs, 16 signed scales, scale: sub-blocks of 16. */
    private static void q6k(ByteArray weights, FloatArray floats, int at, int sub, float[] block) {
        float d = f16(weights, floats, at + 208);
        int half = sub / 4;
        int quarter = sub % 4;
        for (int i = 0; i < SIZE; i++) {
            int low = u8(weights, at + half * 64 + quarter % 2 * 32 + i) >> quarter / 2 * 4 & 15;
            int high = u8(weights, at + 128 + half * 32 + i) >> quarter * 2 & 3;
            int scale = weights.get(at + 192 + sub * 2 + i / 16);
            block[i] = d * scale * (number(low + (high << 4)) - 32);
        }
    }

    /** Sub-blocks 0 to 3 have theirs whole, 4 to 7 in a nibble and two stray upper bits. */
    private static int sixBitScale(ByteArray weights, int at, int sub) {
        int scale = 0;
        if (sub < 4) {
            scale = u8(weights, at + 4 + sub) & 63;
        } else {
            scale = u8(weights, at + 8 + sub) & 15 | u8(weights, at + sub) >> 6 << 4;
        }
        return scale;
    }

    private static int sixBitMinimum(ByteArray weights, int at, int sub) {
        int minimum = 0;
        if (sub < 4) {
            minimum = u8(weights, at + 8 + sub) & 63;
        } else {
            minimum = u8(weights, at + 8 + sub) >> 4 | u8(weights, at + 4 + sub) >> 6 << 4;
        }
        return minimum;
    }

    /**
     * An unsigned number as a float: what is below its zero is subtracted after this, since
     * TornadoVM takes a difference of unsigned numbers for an unsigned one.
     */
    private static float number(int unsigned) {
        return unsigned;
    }

    private static int u8(ByteArray weights, int at) {
        return weights.get(at) & 255;
    }

    /** {@code (1 + fraction / 1024) * 2^exponent}; the table has sign and power. */
    private static float f16(ByteArray weights, FloatArray floats, int at) {
        int bits = u8(weights, at) | u8(weights, at + 1) << 8;
        float fraction = bits & 1023;
        if ((bits >> 10 & 31) == 31 && (bits & 1023) != 0) {
            fraction = floats.get(FloatTables.NAN);
        } else if ((bits >> 10 & 31) != 0) {
            fraction = fraction + 1024;
        }
        return floats.get(FloatTables.F16 + (bits >> 10)) * fraction;
    }

    private static float bf16(ByteArray weights, FloatArray floats, int at) {
        int bits = u8(weights, at) | u8(weights, at + 1) << 8;
        float fraction = (bits & 127) * 0.0078125f;
        if ((bits >> 7 & 255) == 255 && (bits & 127) != 0) {
            fraction = floats.get(FloatTables.NAN);
        } else if ((bits >> 7 & 255) != 0) {
            fraction = fraction + 1;
        }
        return floats.get(FloatTables.BF16 + (bits >> 7)) * fraction;
    }
}
