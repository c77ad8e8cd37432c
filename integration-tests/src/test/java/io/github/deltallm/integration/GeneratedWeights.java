package io.github.deltallm.integration;

import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.gguf.GgufWriter;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Random tensors of every type that generated models have, made when they are written. Each has a
 * seed of its own.
 */
final class GeneratedWeights {
    private static final int PIECE_BLOCKS = 256;
    private static final int I2S_TAIL_BYTES = 32;

    private final GgufWriter writer;
    private final SplittableRandom seeds;

    GeneratedWeights(GgufWriter writer, long seed) {
        this.writer = writer;
        seeds = new SplittableRandom(seed);
    }

    /** Weights around 1. */
    void norm(String name, int width) {
        SplittableRandom random = seeds.split();
        writer.tensor(
                name,
                TensorType.F32,
                1,
                width,
                out -> {
                    ByteBuffer bytes =
                            ByteBuffer.allocate(4 * width).order(ByteOrder.LITTLE_ENDIAN);
                    for (int i = 0; i < width; i++) {
                        bytes.putFloat((float) random.nextDouble(0.9, 1.1));
                    }
                    out.write(bytes.array());
                });
    }

    /** Weights with a standard deviation of {@code 1 / sqrt(columns)}. */
    void matrix(String name, TensorType type, int rows, int columns) {
        double deviation = 1 / Math.sqrt(columns);
        SplittableRandom random = seeds.split();
        writer.tensor(
                name,
                type,
                rows,
                columns,
                out -> {
                    if (type == TensorType.F16) {
                        f16(out, (long) rows * columns, deviation, random);
                    } else {
                        blocks(out, type, (long) rows * columns, deviation, random);
                    }
                });
    }

    /** Values from a table of normally distributed ones, five to 64 random bits. */
    private static void f16(OutputStream out, long count, double deviation, SplittableRandom random)
            throws IOException {
        short[] table = new short[1 << 12];
        for (int i = 0; i < table.length; i++) {
            table[i] = Float.floatToFloat16((float) (random.nextGaussian() * deviation));
        }
        byte[] bytes = new byte[10 * 4096];
        ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (long left = 2 * count; left > 0; left -= bytes.length) {
            for (int at = 0; at < bytes.length; at += 10) {
                long bits = random.nextLong();
                for (int i = 0; i < 5; i++) {
                    view.putShort(at + 2 * i, table[(int) (bits >>> (12 * i)) & 0xFFF]);
                }
            }
            out.write(bytes, 0, (int) Math.min(left, bytes.length));
        }
    }

    private static void blocks(
            OutputStream out,
            TensorType type,
            long count,
            double deviation,
            SplittableRandom random)
            throws IOException {
        long all = count / type.blockSize();
        byte[] bytes = new byte[PIECE_BLOCKS * type.blockBytes()];
        ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (long left = all; left > 0; left -= PIECE_BLOCKS) {
            random.nextBytes(bytes);
            for (int block = 0; block < PIECE_BLOCKS; block++) {
                finish(view, block * type.blockBytes(), type, deviation);
            }
            out.write(bytes, 0, (int) Math.min(left, PIECE_BLOCKS) * type.blockBytes());
        }
        if (type == TensorType.I2_S) {
            // Half of the weights are 0.
            float scale = (float) (deviation * Math.sqrt(2));
            ByteBuffer tail = ByteBuffer.allocate(I2S_TAIL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            out.write(tail.putFloat(0, scale).array());
        }
    }

    /** Makes a block of random bytes a valid one. */
    private static void finish(ByteBuffer bytes, int at, TensorType type, double deviation) {
        switch (type) {
            case I2_S -> {
                for (int i = at; i < at + 32; i += 8) {
                    long bits = bytes.getLong(i);
                    long both = bits & bits >>> 1 & 0x5555555555555555L;
                    bytes.putLong(i, bits & ~(both << 1)); // 3 becomes 1, which is zero
                }
            }
            // A standard deviation of 4.6 steps, for they are uniform from -8 to 7.
            case Q4_0 -> bytes.putShort(at, f16(deviation / 4.6));
            case Q8_0 -> bytes.putShort(at, f16(deviation / 73.9));
            // Scale times 0 to 15, less 7.5 times minimum: with both from 0 to 63, 258 steps.
            case Q4_K -> {
                bytes.putShort(at, f16(deviation / 258));
                bytes.putShort(at + 2, f16(7.5 * deviation / 258));
            }
            case Q6_K -> {
                for (int i = at + 192; i < at + 208; i++) {
                    bytes.put(i, (byte) 64);
                }
                bytes.putShort(at + 208, f16(deviation / (64 * 18.5)));
            }
            default -> throw new IllegalArgumentException("no random " + type);
        }
    }

    private static short f16(double value) {
        return Float.floatToFloat16((float) value);
    }
}
