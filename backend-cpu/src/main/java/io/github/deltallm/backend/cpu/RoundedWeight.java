package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;

import io.github.deltallm.api.spi.Tensor;

import java.util.Arrays;
import java.util.Optional;

/**
 * A repacked matrix whose words of four weights of 4 bits are multiplied with {@link RoundedRows},
 * see {@link FourBitKernels}.
 */
abstract sealed class RoundedWeight extends RepackedWeight permits FourBitWeight, EightBitWeight {
    RoundedWeight(
            Tensor tensor,
            int unitRows,
            int headBytes,
            int scaleBytes,
            int wordBytes,
            Optional<Tensor> bias,
            WeightMemory memory) {
        super(tensor, unitRows, headBytes, scaleBytes, wordBytes, bias, memory);
    }

    /**
     * Sets the scratch's scales to what the words of some blocks of a unit are multiplied by.
     *
     * @param block a multiple of {@link RepackedWeight#RUNS}
     */
    abstract void unpack(int unit, int block, int count, RepackedScratch scratch);

    /** Whether sums begin with the rests of all blocks, which need the scales of all blocks. */
    boolean restsFirst() {
        return false;
    }

    /**
     * Sets a row's rests to what depends on the sums of unpacked blocks only; its results, where
     * they come first.
     *
     * @param sums in units of {@link RoundedRows#SUM_UNIT}, from {@code at} on
     * @param add to what is there
     * @param to where the row's rests begin
     */
    abstract void rests(
            float[] sums, int at, int count, boolean add, RepackedScratch scratch, int to);

    /**
     * Sets the results and rests to those of a single row, if there is a faster way for it; they
     * are the same.
     *
     * @return whether that was done
     */
    boolean multiplySingle(int unit, RoundedRows x, RepackedScratch scratch) {
        return false;
    }

    /** That way, where scales are f16: see {@link FourBitKernels#multiply}. */
    final void multiplySingle(
            int unit,
            RoundedRows x,
            int scaleRows,
            float second,
            float rest,
            RepackedScratch scratch) {
        FourBitKernels.multiply(
                data,
                words(unit, 0),
                blocks,
                x.factors(0),
                x.steps(0),
                scales(unit, 0),
                scaleRows,
                second,
                x.sums(0),
                rest,
                scratch.rests,
                scratch.results);
    }

    /** Adds the rests to a row's results, from {@code from} on, one for each row of the unit. */
    abstract void finish(RepackedScratch scratch, int from);

    @Override
    final void multiply(Worker worker, Inputs x, int xRows, int unit, Rows out) {
        RoundedRows rounded = x.rounded(worker, xRows);
        RepackedScratch scratch = worker.repacked;
        if (xRows == 1 && multiplySingle(unit, rounded, scratch)) {
            finish(scratch, 0);
            store(unit, scratch.results, 0, out, 0);
            return;
        }
        // For a single row scales are unpacked little by little, while the words come from memory.
        int step = xRows == 1 && !restsFirst() ? RUNS : blocks;
        for (int row = 0, count; row < xRows; row += count) {
            count = RoundedRows.together(row, xRows);
            if (!restsFirst()) {
                Arrays.fill(scratch.results, 0, count * UNIT, 0);
            }
            for (int block = 0; block < blocks; block += step) {
                int some = Math.min(step, blocks - block);
                if (row == 0) {
                    unpack(unit, block, some, scratch);
                }
                for (int i = 0; i < count; i++) {
                    int sum = rounded.blocksAt(row + i) + block;
                    rests(rounded.sums(row), sum, some, block > 0, scratch, i * UNIT);
                }
                add(unit, block, some, rounded, row, count, scratch);
            }
            for (int i = 0; i < count; i++) {
                finish(scratch, i * UNIT);
                store(unit, scratch.results, i * UNIT, out, row + i);
            }
        }
    }

    /** Adds the products of some blocks; of several rows together, those of all blocks. */
    private void add(
            int unit,
            int block,
            int some,
            RoundedRows x,
            int row,
            int count,
            RepackedScratch scratch) {
        int[] factors = x.factors(row);
        int at = x.factorsAt(row);
        float[] steps = x.steps(row);
        int stepAt = x.blocksAt(row);
        long words = words(unit, block);
        if (count == 1) {
            FourBitKernels.add(
                    data,
                    words,
                    some,
                    factors,
                    at + block * (FourBitKernels.WORDS * RoundedRows.FACTORS),
                    steps,
                    stepAt + block,
                    scratch.scales,
                    scratch.results);
            return;
        }
        for (int register = 0; register < 2; register++) {
            FourBitTile.add(
                    data,
                    words,
                    register,
                    some,
                    factors,
                    at,
                    steps,
                    stepAt,
                    scratch.scales,
                    scratch.results);
        }
    }
}
