package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Places a program's weights: matrices of F32, and all vectors, among the floats; other matrices as
 * they are in slabs of bytes.
 */
final class WeightStore {
    /** Bytes of a slab before another one begins, where the device allows so many. */
    private static final long SLAB = 1L << 30;

    /** Bytes that a slab is rounded up by, at most. */
    private static final long ROUNDING = 8L << 20;

    /** Of tensors; the first one begins here, behind a byte of {@link Progress}. */
    private static final long ALIGNMENT = 16;

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Where a matrix lies.
     *
     * @param first its first byte in the slab, or its first float
     * @param stride from row to row, in the same unit
     * @param scale index of the scale of an I2_S tensor among the floats, else 0
     */
    record Place(int slab, int first, int stride, int scale) {}

    private record Vector(Tensor tensor, int first) {}

    private final Map<Tensor, Place> matrices = new HashMap<>();
    private final List<Vector> vectors = new ArrayList<>();
    private final List<float[]> constants = new ArrayList<>();
    private final List<Integer> constantPlaces = new ArrayList<>();
    private final List<Long> slabs = new ArrayList<>(List.of(ALIGNMENT));
    private final long slab;
    private long floats = FloatTables.SIZE;

    /**
     * @param largest bytes of the largest buffer that the device has
     */
    WeightStore(long largest) {
        slab = Math.max(ROUNDING, Math.min(SLAB, largest - ROUNDING));
    }

    /** A number that kernels read. */
    int constant(float value) {
        constants.add(new float[] {value});
        constantPlaces.add(claim(1, "constants"));
        return constantPlaces.getLast();
    }

    /** A vector, decoded; returns the index of its first float. */
    int vector(Tensor tensor) {
        int first = claim(tensor.columns(), tensor.name());
        vectors.add(new Vector(tensor, first));
        return first;
    }

    Place matrix(Tensor tensor) {
        Place known = matrices.get(tensor);
        if (known != null) {
            return known;
        }
        Place place =
                tensor.type() == TensorType.F32
                        ? new Place(0, claim(tensor.size(), tensor.name()), tensor.columns(), 0)
                        : bytes(tensor);
        matrices.put(tensor, place);
        return place;
    }

    private Place bytes(Tensor tensor) {
        long size = tensor.data().byteSize();
        if (size > Integer.MAX_VALUE - 64) {
            throw tooLarge(tensor.name(), size);
        }
        long first = (slabs.getLast() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (first + size > slab && slabs.getLast() > ALIGNMENT) {
            slabs.add(ALIGNMENT);
            first = ALIGNMENT;
        }
        slabs.set(slabs.size() - 1, first + size);
        int scale = 0;
        if (tensor.type() == TensorType.I2_S) {
            scale = constant(tensor.data().get(FLOAT, tensor.size() / 4));
        }
        return new Place(slabs.size() - 1, (int) first, Math.toIntExact(tensor.rowBytes()), scale);
    }

    private int claim(long count, String name) {
        long first = floats;
        floats += count;
        if (floats > Integer.MAX_VALUE - 64) {
            throw tooLarge(name, 4 * count);
        }
        return (int) first;
    }

    private static UnsupportedModelException tooLarge(String name, long bytes) {
        return new UnsupportedModelException(
                "the backend tornado has no room for the tensor "
                        + name
                        + " of "
                        + bytes
                        + " bytes: a buffer ends at 2 GiB of bytes, or as many floats");
    }

    int floats() {
        return BufferSizes.resident(floats, "float weights");
    }

    List<Integer> slabs() {
        return slabs.stream().map(bytes -> BufferSizes.resident(bytes, "weights")).toList();
    }

    /** Copies all weights to the host's side of the buffers. */
    void fill(DeviceBuffers buffers) {
        FloatTables.fill(buffers.floats);
        buffers.slabs.forEach(bytes -> bytes.set(0, (byte) 1));
        for (int i = 0; i < constants.size(); i++) {
            buffers.floats.set(constantPlaces.get(i), constants.get(i)[0]);
        }
        for (Vector vector : vectors) {
            float[] values = decoded(vector.tensor());
            for (int i = 0; i < values.length; i++) {
                buffers.floats.set(vector.first() + i, values[i]);
            }
        }
        matrices.forEach((tensor, place) -> {
            MemorySegment to =
                    tensor.type() == TensorType.F32
                            ? buffers.floats.getSegment().asSlice(4L * place.first())
                            : buffers.slabs.get(place.slab()).getSegment().asSlice(place.first());
            MemorySegment.copy(tensor.data(), 0, to, 0, tensor.data().byteSize());
        });
    }

    /** The values of a vector, by the code that decodes on the device. */
    private static float[] decoded(Tensor tensor) {
        float[] values = new float[tensor.columns()];
        if (tensor.type() == TensorType.F32) {
            for (int i = 0; i < values.length; i++) {
                values[i] = tensor.data().get(FLOAT, 4L * i);
            }
            return values;
        }
        FloatArray tables = new FloatArray(FloatTables.SIZE + 1);
        FloatTables.fill(tables);
        ByteArray bytes = new ByteArray((int) tensor.data().byteSize());
        MemorySegment.copy(tensor.data(), 0, bytes.getSegment(), 0, tensor.data().byteSize());
        if (tensor.type() == TensorType.I2_S) {
            tables.set(FloatTables.SIZE, tensor.data().get(FLOAT, tensor.size() / 4));
        }
        float[] block = new float[Blocks.SIZE];
        for (int from = 0; from < values.length; from += Blocks.SIZE) {
            int count = Math.min(Blocks.SIZE, values.length - from);
            decode(tensor.type(), bytes, tables, from / Blocks.SIZE, count, block);
            System.arraycopy(block, 0, values, from, count);
        }
        return values;
    }

    private static void decode(
            TensorType type, ByteArray bytes, FloatArray tables, int b, int count, float[] block) {
        switch (type) {
            case F32, F16, BF16 -> Blocks.plain(type.id(), bytes, tables, 0, b, count, block);
            case Q4_0, Q4_1, Q5_0, Q5_1 -> Blocks.small(type.id(), bytes, tables, 0, b, block);
            case Q8_0 -> Blocks.eight(bytes, tables, 0, b, block);
            case Q2_K, Q3_K -> Blocks.coarse(type.id(), bytes, tables, 0, b, block);
            case Q4_K, Q5_K -> Blocks.fine(type.id(), bytes, tables, 0, b, block);
            case Q6_K -> Blocks.finest(bytes, tables, 0, b, block);
            case TQ1_0, TQ2_0, I2_S ->
                    Blocks.ternary(type.id(), bytes, tables, 0, FloatTables.SIZE, b, block);
        }
    }
}
