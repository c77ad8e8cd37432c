package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.TensorType;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the tensors' names, shapes, types and places, and checks that they are possible and lie
 * apart.
 */
final class TensorInfoReader {
    /** Real files have some thousands at most. */
    static final int MOST_TENSORS = 1 << 20;

    static final String COUNT = "tensor count";
    private static final int LONGEST_NAME = 1 << 16;
    private static final int MOST_DIMENSIONS = 4;
    // Name length, a name of one byte, number of dimensions, one dimension, type, offset.
    private static final int LEAST_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

    private final Cursor cursor;
    private final int alignment;
    private final int part;
    private final Set<String> names = new HashSet<>();

    TensorInfoReader(Cursor cursor, int alignment, int part) {
        this.cursor = cursor;
        this.alignment = alignment;
        this.part = part;
    }

    /**
     * A tensor as told, before it is known where the data begin.
     *
     * @param relative its offset from there
     * @param toldAt where in the file that offset is told
     */
    private record Told(
            String name,
            TensorType type,
            List<Long> dimensions,
            long bytes,
            long relative,
            long toldAt) {
        String field() {
            return TensorInfoReader.field(name);
        }
    }

    static void checkCount(Cursor cursor, long count, long countOffset) {
        if (count < 0 || count > cursor.remaining() / LEAST_BYTES) {
            throw cursor.fail(
                    COUNT,
                    countOffset,
                    Long.toUnsignedString(count)
                            + " tensors do not fit the "
                            + cursor.remaining()
                            + " bytes that follow; "
                            + Cursor.DOWNLOAD_AGAIN);
        }
        if (count > MOST_TENSORS) {
            throw cursor.fail(
                    COUNT,
                    countOffset,
                    count + " tensors are more than the " + MOST_TENSORS + " that are read");
        }
    }

    List<GgufTensorInfo> read(int count) {
        List<Told> told = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            told.add(one(i, count));
        }
        long dataOffset = Header.aligned(cursor.position(), alignment);
        told.forEach(tensor -> checkInside(tensor, dataOffset));
        checkApart(told);
        return told.stream()
                .map(tensor ->
                        new GgufTensorInfo(
                                tensor.name,
                                tensor.type,
                                tensor.dimensions,
                                part,
                                dataOffset + tensor.relative,
                                tensor.bytes))
                .toList();
    }

    private Told one(int index, int count) {
        long at = cursor.position();
        String name = cursor.name(LONGEST_NAME, "tensor " + (index + 1) + " of " + count);
        String field = field(name);
        if (!names.add(name)) {
            throw cursor.fail(field, at, "a tensor of this name came before");
        }
        long shapeAt = cursor.position();
        List<Long> dimensions = dimensions(field);
        TensorType type = type(field);
        long bytes = bytes(field, shapeAt, type, dimensions);
        long toldAt = cursor.position();
        long relative = cursor.int64(field);
        if (relative < 0 || relative % alignment != 0) {
            throw cursor.fail(
                    field,
                    toldAt,
                    "its offset "
                            + Long.toUnsignedString(relative)
                            + " is not a multiple of the alignment "
                            + alignment
                            + "; the file is damaged");
        }
        return new Told(name, type, dimensions, bytes, relative, toldAt);
    }

    private List<Long> dimensions(String field) {
        long at = cursor.position();
        int count = cursor.int32(field);
        if (count < 1 || count > MOST_DIMENSIONS) {
            throw cursor.fail(
                    field,
                    at,
                    Integer.toUnsignedString(count)
                            + " dimensions are not from 1 to "
                            + MOST_DIMENSIONS
                            + "; the file is damaged");
        }
        List<Long> dimensions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long dimensionAt = cursor.position();
            long dimension = cursor.int64(field);
            if (dimension < 1) {
                throw cursor.fail(
                        field,
                        dimensionAt,
                        "dimension "
                                + (i + 1)
                                + " is "
                                + Long.toUnsignedString(dimension)
                                + ", which is no size; the file is damaged");
            }
            dimensions.add(dimension);
        }
        return dimensions;
    }

    private TensorType type(String field) {
        long at = cursor.position();
        int id = cursor.int32(field);
        return TensorType.ofId(id)
                .orElseThrow(() ->
                        new UnsupportedModelException(
                                cursor.place(field, at)
                                        + "its type "
                                        + TensorTypeNames.of(id)
                                        + " is not supported; quantise the model again to one of "
                                        + Stream.of(TensorType.values())
                                                .map(Enum::name)
                                                .collect(Collectors.joining(", "))));
    }

    /**
     * Bytes of the data, from a shape whose rows and columns fit an int and whose rows are whole
     * blocks.
     */
    private long bytes(String field, long at, TensorType type, List<Long> dimensions) {
        long columns = dimensions.getFirst();
        long rows = 1;
        for (long outer : dimensions.subList(1, dimensions.size())) {
            // Both factors are below 2^31 here, so the product fits a long.
            rows = outer > Integer.MAX_VALUE ? Long.MAX_VALUE : rows * outer;
            if (rows > Integer.MAX_VALUE) {
                throw cursor.fail(field, at, tooLarge(dimensions, "rows"));
            }
        }
        if (columns > Integer.MAX_VALUE) {
            throw cursor.fail(field, at, tooLarge(dimensions, "columns"));
        }
        if (columns % type.blockSize() != 0) {
            String problem =
                    "a row of "
                            + columns
                            + " values is not a whole number of "
                            + type
                            + " blocks of "
                            + type.blockSize();
            if (type == TensorType.I2_S) {
                // Other programs pack such a tensor without regard to its rows.
                throw new UnsupportedModelException(
                        cursor.place(field, at)
                                + problem
                                + ", which is not supported; use a file of the model in another"
                                + " type");
            }
            throw cursor.fail(field, at, problem + "; the file is damaged");
        }
        try {
            return type.tensorBytes(rows, columns);
        } catch (ArithmeticException e) {
            throw cursor.fail(field, at, tooLarge(dimensions, "bytes"));
        }
    }

    private static String tooLarge(List<Long> dimensions, String what) {
        return "its shape "
                + shape(dimensions)
                + " has more "
                + what
                + " than can be addressed;"
                + " the file is damaged or not meant for this program";
    }

    private static String shape(List<Long> dimensions) {
        return dimensions.stream().map(String::valueOf).collect(Collectors.joining(" x "));
    }

    private void checkInside(Told tensor, long dataOffset) {
        long room = cursor.size() - dataOffset;
        if (tensor.relative > room || tensor.bytes > room - tensor.relative) {
            throw cursor.fail(
                    tensor.field(),
                    tensor.toldAt,
                    "its "
                            + tensor.bytes
                            + " bytes at offset "
                            + tensor.relative
                            + " of the tensor data, which begin"
                            + " at byte "
                            + dataOffset
                            + ", end beyond the file's "
                            + cursor.size()
                            + " bytes; "
                            + Cursor.DOWNLOAD_AGAIN);
        }
    }

    private void checkApart(List<Told> told) {
        List<Told> sorted = told.stream().sorted(Comparator.comparingLong(Told::relative)).toList();
        for (int i = 1; i < sorted.size(); i++) {
            Told before = sorted.get(i - 1);
            Told tensor = sorted.get(i);
            if (before.relative + before.bytes > tensor.relative) {
                throw cursor.fail(
                        tensor.field(),
                        tensor.toldAt,
                        "its offset "
                                + tensor.relative
                                + " lies inside "
                                + before.field()
                                + ", which takes "
                                + before.bytes
                                + " bytes from offset "
                                + before.relative
                                + "; the file is damaged");
            }
        }
    }

    private static String field(String name) {
        return "tensor " + Cursor.shown(name);
    }
}
