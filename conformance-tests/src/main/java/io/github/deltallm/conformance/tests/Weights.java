package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A made-up tensor.
 *
 * @param tensor lies at 32 bytes from a multiple of 64, as it may in a file
 * @param magnitude at least the sum of the magnitudes of the parts of which a weight may be made: a
 *     backend may sum a block's scaled integers and its offset apart
 */
record Weights(Tensor tensor, double magnitude) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int[] POWERS_OF_3 = {1, 3, 9, 27, 81};

    /** How the blocks of a quantised type are made. */
    private record Blocks(int scaleAt, int minimumAt, double scaleParts, double minimumParts) {}

    /** Random weights of around 1. */
    static Weights random(TensorType type, int rows, int columns, Numbers numbers) {
        return switch (type) {
            case F32, F16, BF16 -> floats(type, rows, columns, numbers.awkward(rows * columns));
            default -> quantised(type, rows, columns, 1, numbers);
        };
    }

    /** Values as f32. */
    static Tensor f32(String name, int rows, int columns, float[] values) {
        MemorySegment data = allocate(TensorType.F32.tensorBytes(rows, columns));
        for (int i = 0; i < values.length; i++) {
            data.setAtIndex(FLOAT, i, values[i]);
        }
        return new Tensor(name, TensorType.F32, rows, columns, data.asReadOnly());
    }

    /**
     * Random blocks whose values reach about {@code largest}; scales differ from block to block,
     * but for I2_S, which has one.
     */
    static Weights quantised(
            TensorType type, int rows, int columns, double largest, Numbers numbers) {
        MemorySegment data = allocate(type.tensorBytes(rows, columns));
        MemorySegment.copy(
                numbers.bytes((int) data.byteSize()),
                0,
                data,
                ValueLayout.JAVA_BYTE,
                0,
                (int) data.byteSize());
        double magnitude;
        if (type == TensorType.I2_S) {
            pairs(data, 0, data.byteSize() - 32);
            data.set(FLOAT, data.byteSize() - 32, (float) largest);
            magnitude = 3 * largest;
        } else {
            Blocks blocks = blocks(type);
            float scale = (float) (largest / blocks.scaleParts);
            float minimum = (float) (largest / Math.max(1, blocks.minimumParts));
            for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
                double factor = 0.5 + 0.5 * numbers.below(256) / 256;
                data.set(
                        SHORT, at + blocks.scaleAt, Float.floatToFloat16((float) (scale * factor)));
                if (blocks.minimumAt >= 0) {
                    float offset = (float) (-minimum * factor / 2);
                    data.set(SHORT, at + blocks.minimumAt, Float.floatToFloat16(offset));
                }
                validTrits(type, data, at);
            }
            magnitude = 2.01 * largest;
        }
        Tensor tensor = new Tensor("random." + type, type, rows, columns, data.asReadOnly());
        return new Weights(tensor, magnitude);
    }

    /** Ternary weights whose blocks all have the same scale, as BitNet's have. */
    static Tensor ternary(TensorType type, int rows, int columns, float scale, Numbers numbers) {
        Tensor random = quantised(type, rows, columns, 1, numbers).tensor;
        MemorySegment data = allocate(random.data().byteSize()).copyFrom(random.data());
        if (type == TensorType.I2_S) {
            data.set(FLOAT, data.byteSize() - 32, scale);
        } else {
            for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
                data.set(SHORT, at + blocks(type).scaleAt, Float.floatToFloat16(scale));
            }
        }
        return new Tensor("ternary." + type, type, rows, columns, data.asReadOnly());
    }

    /**
     * Values -1, 0 and +1 in a ternary type.
     *
     * @param scale of the tensor or of all its blocks; an f16, so that every type holds it
     */
    static Tensor packed(TensorType type, int rows, int columns, int[] trits, float scale) {
        MemorySegment data = allocate(type.tensorBytes(rows, columns));
        for (int i = 0; i < trits.length; i++) {
            long block = (long) (i / type.blockSize()) * type.blockBytes();
            int in = i % type.blockSize();
            switch (type) {
                case I2_S -> add(data, block + in % 32, (trits[i] + 1) << (6 - in / 32 * 2));
                case TQ2_0 ->
                        add(
                                data,
                                block + in / 128 * 32L + in % 32,
                                (trits[i] + 1) << (in % 128 / 32 * 2));
                default -> {
                    int place = in < 160 ? in % 32 : in < 240 ? 32 + in % 16 : 48 + in % 4;
                    int digit = in < 160 ? in / 32 : in < 240 ? (in - 160) / 16 : (in - 240) / 4;
                    add(data, block + place, (trits[i] + 1) * POWERS_OF_3[4 - digit]);
                }
            }
        }
        if (type == TensorType.I2_S) {
            data.set(FLOAT, data.byteSize() - 32, scale);
        } else {
            for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
                for (long i = at; i < at + 52 && type == TensorType.TQ1_0; i++) {
                    int number = data.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
                    data.set(ValueLayout.JAVA_BYTE, i, (byte) ((number * 256 + 242) / 243));
                }
                data.set(SHORT, at + blocks(type).scaleAt, Float.floatToFloat16(scale));
            }
        }
        return new Tensor("packed." + type, type, rows, columns, data.asReadOnly());
    }

    private static void add(MemorySegment data, long at, int part) {
        byte sum = (byte) (data.get(ValueLayout.JAVA_BYTE, at) + part);
        data.set(ValueLayout.JAVA_BYTE, at, sum);
    }

    private static Weights floats(TensorType type, int rows, int columns, float[] values) {
        MemorySegment data = allocate(type.tensorBytes(rows, columns));
        double magnitude = 0;
        for (int i = 0; i < values.length; i++) {
            switch (type) {
                case F32 -> data.setAtIndex(FLOAT, i, values[i]);
                case F16 -> {
                    float value = Math.clamp(values[i], -6e4f, 6e4f);
                    data.setAtIndex(SHORT, i, Float.floatToFloat16(value));
                }
                default -> {
                    int bits = Float.floatToRawIntBits(Rounding.bf16(values[i]));
                    data.setAtIndex(SHORT, i, (short) (bits >>> 16));
                }
            }
            magnitude = Math.max(magnitude, Math.abs(values[i]));
        }
        return new Weights(
                new Tensor("random." + type, type, rows, columns, data.asReadOnly()), magnitude);
    }

    private static Blocks blocks(TensorType type) {
        return switch (type) {
            case Q4_0 -> new Blocks(0, -1, 15 + 8, 0);
            case Q4_1 -> new Blocks(0, 2, 15, 1);
            case Q5_0 -> new Blocks(0, -1, 31 + 16, 0);
            case Q5_1 -> new Blocks(0, 2, 31, 1);
            case Q8_0 -> new Blocks(0, -1, 128, 0);
            case Q2_K -> new Blocks(80, 82, 15 * 3, 15);
            case Q3_K -> new Blocks(108, -1, 32 * (3 + 4), 0);
            case Q4_K -> new Blocks(0, 2, 63 * 15, 63);
            case Q5_K -> new Blocks(0, 2, 63 * 31, 63);
            case Q6_K -> new Blocks(208, -1, 128 * (63 + 32), 0);
            case TQ1_0 -> new Blocks(52, -1, 2 + 1, 0);
            case TQ2_0 -> new Blocks(64, -1, 2 + 1, 0);
            case F32, F16, BF16, I2_S ->
                    throw new IllegalArgumentException(type + " has no scales in its blocks");
        };
    }

    /** Ternary types have bit patterns that no encoder writes and that decoders may differ on. */
    private static void validTrits(TensorType type, MemorySegment data, long at) {
        if (type == TensorType.TQ2_0) {
            pairs(data, at, at + 64);
        } else if (type == TensorType.TQ1_0) {
            for (long i = at; i < at + 52; i++) {
                int trits = (data.get(ValueLayout.JAVA_BYTE, i) & 0xFF) % 243;
                int number = i < at + 48 ? trits : trits - trits % 3;
                data.set(ValueLayout.JAVA_BYTE, i, (byte) ((number * 256 + 242) / 243));
            }
        }
    }

    /** Turns every pair of bits into 0, 1 or 2. */
    private static void pairs(MemorySegment data, long from, long to) {
        for (long i = from; i < to; i++) {
            int bits = data.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
            int both = bits & bits >>> 1 & 0x55;
            data.set(ValueLayout.JAVA_BYTE, i, (byte) (bits & ~(both << 1)));
        }
    }

    private static MemorySegment allocate(long bytes) {
        return Arena.ofAuto().allocate(bytes + 32, 64).asSlice(32, bytes);
    }
}
