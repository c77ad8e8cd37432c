package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.Lanes.S;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * A ternary matrix, repacked for {@link TernaryKernels}: {@code [member][block of 256 columns][64
 * rows][words][64]}, so that each member of the team reads its share from beginning to end. Nine
 * weights take 16 bits: 58 bytes for 256 of them, where I2_S takes 64, TQ2_0 66 and TQ1_0 54. The
 * words take the place of the mapped bytes, whose pages are given back.
 */
final class TernaryWeight {
    /** Columns of a block. */
    static final int BLOCK = 256;

    /** Rows of a unit, the least that is worked on. */
    static final int UNIT = 64;

    /** The digit of the weight 0. */
    private static final short ZERO = 1;

    private final Tensor tensor;
    private final MemorySegment data;
    private final int units;
    private final int blocks;
    private final int readers;

    /** The scale of each row; of those with different scales the largest. */
    private final float[] scales;

    /** {@code [row][block]}; none for I2_S, which has one scale. */
    private final float[] blockScales;

    private final boolean[] mixed;
    private boolean anyMixed;
    private final float[] bias;

    /**
     * Allocates; {@link #pack} fills.
     *
     * @param readers members of the team that multiplies
     */
    TernaryWeight(Tensor tensor, Optional<Tensor> bias, int readers, WeightMemory memory) {
        this.tensor = tensor;
        this.readers = readers;
        units = Lanes.ceilDiv(tensor.rows(), UNIT);
        blocks = Lanes.ceilDiv(tensor.columns(), BLOCK);
        data = memory.allocate(units * unitBytes(), "the tensor " + tensor.name());
        scales = new float[units * UNIT];
        mixed = new boolean[tensor.rows()];
        blockScales = new float[tensor.type() == TensorType.I2_S ? 0 : tensor.rows() * blocks];
        this.bias = Repacking.bias(bias, units * UNIT, memory.arena());
    }

    /** Whether some rows have blocks of different scales. */
    boolean anyMixed() {
        return anyMixed;
    }

    int units() {
        return units;
    }

    int blocks() {
        return blocks;
    }

    /** Words that hold a row's weights of a block. */
    int words(int block) {
        int columns = Math.min(BLOCK, tensor.columns() - block * BLOCK);
        return Lanes.ceilDiv(columns, TernaryKernels.DIGITS);
    }

    private long unitBytes() {
        return 2L * UNIT * ((blocks - 1) * words(0) + words(blocks - 1));
    }

    /** Offset of a unit's words of a block. */
    private long at(int block, int unit) {
        int member = (int) (((unit + 1L) * readers - 1) / units);
        int first = Worker.first(units, member, readers);
        int share = Worker.first(units, member + 1, readers) - first;
        long before = 2L * UNIT * words(0) * share * block;
        return first * unitBytes() + before + 2L * UNIT * words(block) * (unit - first);
    }

    /**
     * Repacks the {@code member}-th of {@code members} equal shares of the rows.
     *
     * @throws ModelFormatException if two bits stand for no ternary value
     */
    void pack(int member, int members) {
        int first = Worker.first(units, member, members) * UNIT;
        int end = Worker.first(units, member + 1, members) * UNIT;
        short[] digits = new short[BLOCK + 2 * UNIT];
        Arrays.fill(digits, ZERO);
        short[] words = new short[2 * UNIT];
        for (int row = first; row < Math.min(end, tensor.rows()); row++) {
            for (int block = 0; block < blocks; block++) {
                float scale = unpack(row, block, digits);
                if (blockScales.length > 0) {
                    blockScales[row * blocks + block] = scale;
                }
                encode(digits, words(block), words);
                store(words, row, block);
            }
            rowScale(row);
        }
    }

    /** Once all shares are packed. */
    void packed() {
        for (boolean row : mixed) {
            anyMixed |= row;
        }
    }

    /** Returns the scale; all digits of a block with the scale 0 stand for 0. */
    private float unpack(int row, int block, short[] digits) {
        TensorType type = tensor.type();
        int columns = Math.min(BLOCK, tensor.columns() - block * BLOCK);
        long bytes = tensor.rowBytes() * row + type.rowBytes(BLOCK) * block;
        for (int c = 0; c < columns; c += type.blockSize()) {
            long at = bytes + type.rowBytes(c);
            TernaryDigits.block(type, tensor.data(), at, digits, c);
        }
        float scale =
                switch (type) {
                    case TQ1_0 -> Lanes.half(tensor.data(), bytes + 52);
                    case TQ2_0 -> Lanes.half(tensor.data(), bytes + 64);
                    default -> tensor.data().get(Lanes.LE_FLOAT, tensor.data().byteSize() - 32);
                };
        if (!areTernary(digits, columns)) {
            throw damaged(row, block, digits);
        }
        Repacking.requireFinite(scale, tensor, row);
        if (scale == 0) {
            Arrays.fill(digits, 0, columns, ZERO);
        }
        return scale;
    }

    private ModelFormatException damaged(int row, int block, short[] digits) {
        int column = 0;
        while (digits[column] <= 2) {
            column++;
        }
        return new ModelFormatException(
                "the tensor "
                        + tensor.name()
                        + " of type "
                        + tensor.type()
                        + " has the bits 3 in row "
                        + row
                        + ", column "
                        + (block * BLOCK + column)
                        + ", which stand for no ternary value; the file is damaged");
    }

    private static boolean areTernary(short[] digits, int count) {
        ShortVector largest = ShortVector.zero(S);
        for (int i = 0; i < count; i += 2 * N) {
            largest = largest.max(ShortVector.fromArray(S, digits, i));
        }
        return !largest.compare(GT, (short) 2).anyTrue();
    }

    /** Turns the digits of a row's block into words. */
    private static void encode(short[] digits, int count, short[] words) {
        for (int w = 0; w < count; w += 2 * N) {
            number(digits, w, count)
                    .or(number(digits, w + 3 * count, count).lanewise(LSHL, 5))
                    .or(number(digits, w + 6 * count, count).lanewise(LSHL, 10))
                    .intoArray(words, w);
        }
    }

    /**
     * The numbers, as {@link TernaryKernels} has them, of a register of triples, whose places lie
     * {@code step} apart.
     */
    private static ShortVector number(short[] digits, int at, int step) {
        ShortVector value =
                ShortVector.fromArray(S, digits, at)
                        .add(ShortVector.fromArray(S, digits, at + step).mul((short) 3))
                        .add(ShortVector.fromArray(S, digits, at + 2 * step).mul((short) 9))
                        .sub((short) 13);
        return value.abs().or(value.lanewise(ASHR, 15).and((short) 16));
    }

    private void store(short[] words, int row, int block) {
        long to = at(block, row / UNIT) + 2L * Repacking.lane(row % UNIT);
        for (int w = 0; w < words(block); w++) {
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, to + 2L * UNIT * w, words[w]);
        }
    }

    private void rowScale(int row) {
        if (blockScales.length == 0) {
            scales[row] = tensor.data().get(Lanes.LE_FLOAT, tensor.data().byteSize() - 32);
            return;
        }
        float largest = 0;
        for (int i = row * blocks; i < (row + 1) * blocks; i++) {
            largest = Math.abs(blockScales[i]) > Math.abs(largest) ? blockScales[i] : largest;
        }
        scales[row] = largest;
        for (int i = row * blocks; i < (row + 1) * blocks; i++) {
            mixed[row] |= blockScales[i] != largest && blockScales[i] != 0;
        }
    }

    /**
     * Adds a block's products of this member's share of the rows.
     *
     * @param scratch has the block's tables from {@code tables} on
     * @param to index of the first sum
     * @return index behind the last one
     */
    int add(Worker worker, int block, TernaryScratch scratch, long tables, int to) {
        int words = words(block);
        int first = worker.first(units);
        int end = worker.end(units);
        int sum = to;
        long at = at(block, first);
        for (int unit = first; unit < end; unit++, sum += UNIT, at += 2L * UNIT * words) {
            if (anyMixed) {
                addMixed(block, unit, at, scratch, tables, sum);
            } else {
                TernaryKernels.add(data, at, words, scratch.tables, tables, scratch.sums, 4L * sum);
            }
        }
        return sum;
    }

    private void addMixed(
            int block, int unit, long at, TernaryScratch scratch, long tables, int to) {
        TernaryKernels.clear(scratch.blockSums, UNIT);
        TernaryKernels.add(data, at, words(block), scratch.tables, tables, scratch.blockSums, 0);
        for (int i = 0; i < UNIT; i++) {
            int row = unit * UNIT + i;
            int sum = scratch.blockSums.get(Lanes.NATIVE_INT, 4L * i);
            long all = 4L * (to + i);
            scratch.sums.set(Lanes.NATIVE_INT, all, scratch.sums.get(Lanes.NATIVE_INT, all) + sum);
            if (row < tensor.rows()) {
                scratch.totals[to + i] += (double) blockScales[row * blocks + block] * sum;
            }
        }
    }

    /**
     * Turns a row's sums in this member's share into outputs.
     *
     * @param from index of the first sum
     * @param s what the activations were multiplied by
     * @return index behind the last sum
     */
    int finish(Worker worker, TernaryScratch scratch, int from, float s, Rows out, int x) {
        int end = worker.end(units) * UNIT;
        int sum = from;
        for (int row = worker.first(units) * UNIT; row < end; row += UNIT, sum += UNIT) {
            int count = Math.min(UNIT, tensor.rows() - row);
            long to = out.at(x) + 4L * row;
            if (Float.isInfinite(s)) {
                fill(0, row, count, out, to);
            } else if (Float.isNaN(s) || s == 0) {
                fill(Float.NaN, row, count, out, to);
            } else {
                scale(scratch.sums, 4L * sum, s, row, count, out, to);
                for (int i = 0; anyMixed && i < count; i++) {
                    if (mixed[row + i]) {
                        float product = (float) (scratch.totals[sum + i] / s);
                        out.data().set(Lanes.FLOAT, to + 4L * i, product + bias[row + i]);
                    }
                }
            }
        }
        return sum;
    }

    private void fill(float product, int row, int count, Rows out, long to) {
        for (int i = 0; i < count; i++) {
            out.data().set(Lanes.FLOAT, to + 4L * i, product + bias[row + i]);
        }
    }

    private void scale(
            MemorySegment sums, long from, float s, int row, int count, Rows out, long to) {
        int i = 0;
        for (; i + N <= count; i += N) {
            IntVector sum = IntVector.fromMemorySegment(I, sums, from + 4L * i, NATIVE);
            FloatVector factor = FloatVector.fromArray(F, scales, row + i).div(s);
            ((FloatVector) sum.convert(I2F, 0))
                    .mul(factor)
                    .add(FloatVector.fromArray(F, bias, row + i))
                    .intoMemorySegment(out.data(), to + 4L * i, NATIVE);
        }
        for (; i < count; i++) {
            float product = sums.get(Lanes.NATIVE_INT, from + 4L * i) * (scales[row + i] / s);
            out.data().set(Lanes.FLOAT, to + 4L * i, product + bias[row + i]);
        }
    }
}
