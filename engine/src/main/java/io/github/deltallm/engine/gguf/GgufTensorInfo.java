package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.spi.TensorType;

import java.util.List;

/**
 * Where a tensor lies in its file, and its shape as the file gives it.
 *
 * @param name its name
 * @param type how its values are encoded
 * @param dimensions 1 to 4 sizes, the contiguous one (columns) first, as in the file
 * @param part the part of a split model that holds it, counted from 0; 0 in a model of one file
 * @param offset of its first byte from the beginning of that file
 * @param bytes its length
 */
public record GgufTensorInfo(
        String name, TensorType type, List<Long> dimensions, int part, long offset, long bytes) {
    public GgufTensorInfo {
        dimensions = List.copyOf(dimensions);
    }

    /** Values a row: the first dimension. */
    public int columns() {
        return Math.toIntExact(dimensions.getFirst());
    }

    /** The product of all dimensions but the first. */
    public int rows() {
        long rows = 1;
        for (long outer : dimensions.subList(1, dimensions.size())) {
            rows = Math.multiplyExact(rows, outer);
        }
        return Math.toIntExact(rows);
    }
}
