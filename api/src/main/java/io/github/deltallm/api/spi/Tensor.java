package io.github.deltallm.api.spi;

import java.lang.foreign.MemorySegment;

/**
 * A named, read-only weight: {@code rows x columns} values of one type, row after row.
 *
 * <p>A vector is one row. A linear layer's weight has one row an output and one column an input.
 * Tensors of more than two dimensions are seen with their outer dimensions multiplied into {@code
 * rows}.
 *
 * @param name its name in the model file
 * @param type how its values are encoded
 * @param rows number of rows, at least 1
 * @param columns values a row, a multiple of the type's block size
 * @param data exactly {@link TensorType#tensorBytes} bytes, little-endian, at the alignment the
 *     file has; it lives as long as the model it belongs to
 */
public record Tensor(String name, TensorType type, int rows, int columns, MemorySegment data) {
    public Tensor {
        if (rows < 1 || columns < 1) {
            throw new IllegalArgumentException(
                    "tensor " + name + " is empty: " + rows + " x " + columns);
        }
        long expected = type.tensorBytes(rows, columns);
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException(
                    "tensor "
                            + name
                            + " needs "
                            + expected
                            + " bytes for "
                            + rows
                            + " x "
                            + columns
                            + " of "
                            + type
                            + ", not "
                            + data.byteSize());
        }
    }

    /** Number of values. */
    public long size() {
        return (long) rows * columns;
    }

    /** Bytes of one row. */
    public long rowBytes() {
        return type.rowBytes(columns);
    }
}
