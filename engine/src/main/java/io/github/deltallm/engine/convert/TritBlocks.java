package io.github.deltallm.engine.convert;

import io.github.deltallm.api.spi.TensorType;

/**
 * How the ternary types pack a block of values -1, 0 and +1, which they hold as 0, 1 and 2. Scales
 * are not looked at.
 *
 * <ul>
 *   <li>I2_S: 128 values in 32 bytes; byte j holds the values j, j + 32, j + 64 and j + 96 from its
 *       top two bits down.
 *   <li>TQ2_0: 256 values in 64 bytes, two halves; in each, byte j holds the values j, j + 32, j +
 *       64 and j + 96 from its lowest two bits up. The scale, an f16, follows.
 *   <li>TQ1_0: 256 values in 52 bytes: 32 bytes of five values each (j, j + 32, ...), 16 bytes of
 *       five (160 + j, 176 + j, ...), and 4 bytes of four (240 + j, 244 + j, ...). A byte is a
 *       number of five digits in base 3, the first value on top, as a fraction of 256: {@code
 *       ceil(number * 256 / 243)}. The scale, an f16, follows.
 * </ul>
 */
enum TritBlocks {
    I2_S(TensorType.I2_S) {
        @Override
        int get(byte[] bytes, int at, int i) {
            return pair(bytes[at + i % 32], 6 - i / 32 * 2);
        }

        @Override
        void put(byte[] bytes, int at, int i, int trit) {
            bytes[at + i % 32] |= (byte) (trit << (6 - i / 32 * 2));
        }
    },
    TQ2_0(TensorType.TQ2_0) {
        @Override
        int get(byte[] bytes, int at, int i) {
            return pair(bytes[at + i / 128 * 32 + i % 32], i % 128 / 32 * 2);
        }

        @Override
        void put(byte[] bytes, int at, int i, int trit) {
            bytes[at + i / 128 * 32 + i % 32] |= (byte) (trit << (i % 128 / 32 * 2));
        }
    },
    TQ1_0(TensorType.TQ1_0) {
        @Override
        int get(byte[] bytes, int at, int i) {
            int rest = bytes[at + place(i)] * POWERS[digit(i)] & 0xFF;
            return (rest * 3) >> 8;
        }

        // Bytes are numbers until they are finished.
        @Override
        void put(byte[] bytes, int at, int i, int trit) {
            bytes[at + place(i)] += (byte) (trit * POWERS[4 - digit(i)]);
        }

        @Override
        void finish(byte[] bytes, int at) {
            for (int i = at; i < at + 52; i++) {
                bytes[i] = (byte) (((bytes[i] & 0xFF) * 256 + 242) / 243);
            }
        }

        private static int place(int i) {
            return i < 160 ? i % 32 : i < 240 ? 32 + i % 16 : 48 + i % 4;
        }

        private static int digit(int i) {
            return i < 160 ? i / 32 : i < 240 ? (i - 160) / 16 : (i - 240) / 4;
        }
    };

    private static final int[] POWERS = {1, 3, 9, 27, 81};

    private final TensorType type;

    TritBlocks(TensorType type) {
        this.type = type;
    }

    static TritBlocks of(TensorType type) {
        return valueOf(type.name());
    }

    TensorType type() {
        return type;
    }

    /** Value i of the block at {@code at}, as it is stored: 0, 1, 2, or 3 in a damaged file. */
    abstract int get(byte[] bytes, int at, int i);

    /** Stores value i, 0 to 2, into a block that was all zeros. */
    abstract void put(byte[] bytes, int at, int i, int trit);

    /** To be called when all values of a block are stored. */
    void finish(byte[] bytes, int at) {}

    private static int pair(byte bits, int shift) {
        return bits >>> shift & 3;
    }
}
