package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

/** Blocks of trits, stored as 0, 1 and 2 for -1, 0 and +1. */
final class TernaryBlocks {
    private static final int[] POWERS_OF_3 = {1, 3, 9, 27, 81};

    private TernaryBlocks() {}

    /** The value i of a block without its scale. */
    static int trit(TensorType type, Bytes block, int i) {
        return switch (type) {
            case TQ1_0 -> base3(block, i) - 1;
            case TQ2_0 -> block.pair(i / 128 * 32 + i % 32, i % 128 / 32 * 2) - 1;
            case I2_S -> block.pair(i % 32, 6 - i / 32 * 2) - 1;
            default -> throw new IllegalArgumentException(type + " is not ternary");
        };
    }

    /** The scale of a block; I2_S has a single one behind all packed values. */
    static float scale(Tensor tensor, Bytes block) {
        return switch (tensor.type()) {
            case TQ1_0 -> block.f16(52);
            case TQ2_0 -> block.f16(64);
            case I2_S -> new Bytes(tensor.data(), tensor.size() / 4).f32(0);
            default -> throw new IllegalArgumentException(tensor.type() + " is not ternary");
        };
    }

    /**
     * TQ1_0: five trits a byte, most significant first, as the fraction byte / 256 in base 3; bytes
     * 0 to 31 hold the values i, i + 32, ..., bytes 32 to 47 the values 160 + i, 176 + i, ..., and
     * bytes 48 to 51 four trits each from value 240 on.
     */
    private static int base3(Bytes block, int i) {
        if (i < 160) {
            return digit(block.u8(i % 32), i / 32);
        }
        if (i < 240) {
            return digit(block.u8(32 + i % 16), (i - 160) / 16);
        }
        return digit(block.u8(48 + i % 4), (i - 240) / 4);
    }

    private static int digit(int fraction, int place) {
        int rest = fraction * POWERS_OF_3[place] & 0xFF;
        return (rest * 3) >> 8;
    }
}
