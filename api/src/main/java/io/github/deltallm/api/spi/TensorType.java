package io.github.deltallm.api.spi;

import java.util.Optional;

/**
 * The element types of GGUF tensors that DeltaLLM knows how to decode.
 *
 * <p>A row of a tensor is a whole number of blocks; a block holds {@link #blockSize()} values in
 * {@link #blockBytes()} bytes. The byte layout of each type is that of the GGUF specification
 * (ggml's {@code block_*} structures).
 */
public enum TensorType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210),
    BF16(30, 1, 2),
    TQ1_0(34, 256, 54),
    TQ2_0(35, 256, 66),
    /**
     * Ternary weights of BitNet b1.58; one f32 scale a tensor follows the packed values, padded to
     * 32 bytes.
     */
    I2_S(36, 128, 32);

    private final int id;
    private final int blockSize;
    private final int blockBytes;

    TensorType(int id, int blockSize, int blockBytes) {
        this.id = id;
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
    }

    /** The number that stands for this type in a GGUF file. */
    public int id() {
        return id;
    }

    /** Values in one block. */
    public int blockSize() {
        return blockSize;
    }

    /** Bytes of one block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether the weights are ternary: -1, 0 or +1 times a scale. */
    public boolean ternary() {
        return this == I2_S || this == TQ1_0 || this == TQ2_0;
    }

    /**
     * Bytes of a row of {@code columns} values.
     *
     * @throws IllegalArgumentException if {@code columns} is negative or not a multiple of the
     *     block size
     * @throws ArithmeticException if the result exceeds a long
     */
    public long rowBytes(long columns) {
        if (columns < 0 || columns % blockSize != 0) {
            throw new IllegalArgumentException(
                    "a row of "
                            + columns
                            + " values is not a whole number of "
                            + name()
                            + " blocks of "
                            + blockSize);
        }
        return Math.multiplyExact(columns / blockSize, (long) blockBytes);
    }

    /**
     * Bytes of a whole tensor of {@code rows} rows, with what the type appends to them.
     *
     * @throws IllegalArgumentException as {@link #rowBytes}
     * @throws ArithmeticException if the result exceeds a long
     */
    public long tensorBytes(long rows, long columns) {
        long packed = Math.multiplyExact(rows, rowBytes(columns));
        return this == I2_S ? Math.addExact(packed, 32) : packed;
    }

    /** The type with this GGUF number, empty if DeltaLLM can't decode it. */
    public static Optional<TensorType> ofId(int id) {
        for (TensorType type : values()) {
            if (type.id == id) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
