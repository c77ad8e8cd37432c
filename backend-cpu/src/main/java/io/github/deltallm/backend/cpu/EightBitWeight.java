package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;
import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.deltallm.api.spi.Tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A matrix of weights of 8 bits in blocks of 32 (Q8_0), repacked: the low and the high halves are
 * words as those of 4 bits are, in the first and in the second register of a unit. Few rows of
 * activations are rounded to about 12 bits, see {@link RoundedRows}; for more rows fp32 products
 * with decoded weights are faster.
 */
final class EightBitWeight extends RoundedWeight {
    /** Rows of a unit. */
    private static final int ROWS = UNIT / 2;

    /** A weight 16 h + l - 128 is 16 (h - 8) + (l - 8) + 8: the 8, for sums in their unit. */
    private static final float REST = 8 * RoundedRows.SUM_UNIT;

    /** The most rows of activations that are multiplied with words. */
    private static final int FEW = 16;

    EightBitWeight(Tensor tensor, Optional<Tensor> bias, WeightMemory memory) {
        super(tensor, ROWS, 0, 2, BLOCK, bias, memory);
    }

    @Override
    void pack(long from, int unit, int row, int block) {
        long file = from + tensor.type().rowBytes(block * BLOCK);
        requireFinite(file);
        MemorySegment bytes = tensor.data();
        data.set(Lanes.LE_SHORT, scales(unit, block) + 2L * row, bytes.get(Lanes.LE_SHORT, file));
        long to = words(unit, block) + 2L * Repacking.lane(row);
        for (int c = 0; c < BLOCK; c += 4, to += 4L * ROWS) {
            // From 0 to 255, which stand for -128 to 127.
            int four = bytes.get(Lanes.LE_INT, file + 2 + c) ^ 0x80808080;
            short low = (short) Integer.compress(four, 0x0f0f0f0f);
            short high = (short) Integer.compress(four, 0xf0f0f0f0);
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, to, low);
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, to + 2L * ROWS, high);
        }
    }

    @Override
    public Form form(int xRows) {
        return xRows <= FEW ? Form.ROUNDED : Form.PACKED;
    }

    @Override
    void unpack(int unit, int block, int count, RepackedScratch scratch) {
        long from = scales(unit, block);
        for (int i = 0; i < count; i++) {
            int to = UNIT * i;
            for (int row = 0; row < ROWS; row += N) {
                Lanes.f16(data, from + 2L * (ROWS * i + row), scratch.scales, to + row);
                FloatVector.fromArray(F, scratch.scales, to + row)
                        .mul(16)
                        .intoArray(scratch.scales, to + ROWS + row);
            }
        }
    }

    @Override
    void rests(float[] sums, int at, int count, boolean add, RepackedScratch scratch, int to) {
        FloatVector r0 = FloatVector.zero(F);
        FloatVector r1 = r0;
        if (add) {
            r0 = FloatVector.fromArray(F, scratch.rests, to);
            r1 = FloatVector.fromArray(F, scratch.rests, to + N);
        }
        for (int block = 0; block < count; block++) {
            int p = UNIT * block;
            FloatVector sum = FloatVector.broadcast(F, sums[at + block]);
            FloatVector scale = FloatVector.fromArray(F, scratch.scales, p);
            r0 = sum.fma(scale.mul(REST), r0);
            scale = FloatVector.fromArray(F, scratch.scales, p + N);
            r1 = sum.fma(scale.mul(REST), r1);
        }
        r0.intoArray(scratch.rests, to);
        r1.intoArray(scratch.rests, to + N);
    }

    @Override
    boolean multiplySingle(int unit, RoundedRows x, RepackedScratch scratch) {
        multiplySingle(unit, x, ROWS, 16, REST, scratch);
        return true;
    }

    @Override
    void finish(RepackedScratch scratch, int from) {
        for (int at = from; at < from + ROWS; at += N) {
            FloatVector.fromArray(F, scratch.results, at)
                    .add(FloatVector.fromArray(F, scratch.rests, at))
                    .add(FloatVector.fromArray(F, scratch.results, at + ROWS))
                    .intoArray(scratch.results, at);
        }
    }

    @Override
    void decode(int unit, int block, int row, RepackedScratch scratch) {
        Lanes.f16(data, scales(unit, block) + 2L * row, scratch.scales, 0);
        decode(data, words(unit, block), row, scratch.scales, scratch.columns);
    }

    /**
     * Decodes 32 columns of {@link Lanes#N} rows.
     *
     * @param at offset of the block's words
     * @param row the first row of the unit, a multiple of N
     * @param scales {@code [N]}
     * @param columns {@code [32][N]} floats
     */
    private static void decode(
            MemorySegment words, long at, int row, float[] scales, MemorySegment columns) {
        FloatVector scale = FloatVector.fromArray(F, scales, 0);
        int half = row / N * 16;
        for (int c = 0; c < BLOCK; c++) {
            long word = at + (long) (c / 4) * 2 * BYTES;
            int shift = half + c % 4 * 4;
            IntVector low = IntVector.fromMemorySegment(I, words, word, NATIVE);
            IntVector high = IntVector.fromMemorySegment(I, words, word + BYTES, NATIVE);
            IntVector weight =
                    high.lanewise(LSHR, shift)
                            .and(15)
                            .lanewise(LSHL, 4)
                            .add(low.lanewise(LSHR, shift).and(15))
                            .sub(128);
            ((FloatVector) weight.convert(I2F, 0))
                    .mul(scale)
                    .intoMemorySegment(columns, (long) c * BYTES, NATIVE);
        }
    }
}
