package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;

import io.github.deltallm.api.spi.Tensor;

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

    /** Sets the scratch's scales to what the words of a unit are multiplied by. */
    abstract void unpack(int unit, RepackedScratch scratch);

    /**
     * Sets a row's results to what depends on the sums of its blocks only.
     *
     * @param sums in units of {@link RoundedRows#SUM_UNIT}, from {@code at} on
     * @param to where the row's results begin
     */
    abstract void begin(float[] sums, int at, RepackedScratch scratch, int to);

    /**
     * Sets the results to the products of a single row, if there is a faster way for it.
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
                scratch.results);
    }

    /** Brings a row's results, from {@code from} on, into the order of the unit's rows. */
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
        unpack(unit, scratch);
        for (int row = 0, count; row < xRows; row += count) {
            count = RoundedRows.together(row, xRows);
            for (int i = 0; i < count; i++) {
                begin(rounded.sums(row), rounded.blocksAt(row + i), scratch, i * UNIT);
            }
            add(unit, rounded, row, count, scratch);
            for (int i = 0; i < count; i++) {
                finish(scratch, i * UNIT);
                store(unit, scratch.results, i * UNIT, out, row + i);
            }
        }
    }

    private void add(int unit, RoundedRows x, int row, int count, RepackedScratch scratch) {
        int[] factors = x.factors(row);
        int at = x.factorsAt(row);
        float[] steps = x.steps(row);
        int stepAt = x.blocksAt(row);
        long words = words(unit, 0);
        if (count == 1) {
            FourBitKernels.add(
                    data,
                    words,
                    blocks,
                    factors,
                    at,
                    steps,
                    stepAt,
                    scratch.scales,
                    scratch.results);
            return;
        }
        for (int register = 0; register < 2; register++) {
            FourBitTile.add(
                    data,
                    words,
                    register,
                    blocks,
                    factors,
                    at,
                    steps,
                    stepAt,
                    scratch.scales,
                    scratch.results);
        }
    }
}
