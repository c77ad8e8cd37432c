package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A matrix of weights of 4 bits in blocks of 32 (Q4_0, Q4_1, Q4_K), repacked. Activations are
 * rounded to about 12 bits, see {@link RoundedRows}; where fp32 is asked for, weights are decoded.
 */
final class FourBitWeight extends RoundedWeight {
    private final FourBitScales type;
    private final boolean rounds;

    /**
     * @param precision whether activations may be rounded
     */
    FourBitWeight(
            Tensor tensor,
            FourBitScales type,
            Precision precision,
            Optional<Tensor> bias,
            WeightMemory memory) {
        super(tensor, UNIT, type.headBytes, type.blockBytes, BLOCK / 2, bias, memory);
        this.type = type;
        rounds = precision == Precision.FAST;
    }

    @Override
    void pack(long from, int unit, int row, int block) {
        TensorType file = tensor.type();
        int run = block * BLOCK % file.blockSize() / BLOCK;
        long at = from + file.rowBytes((block - run) * BLOCK);
        if (run == 0) {
            requireFinite(at);
            if (type != FourBitScales.Q4_0) {
                requireFinite(at + 2);
            }
        }
        type.pack(tensor.data(), at, run, data, head(unit, block), scales(unit, block), row);
        long to = words(unit, block) + 2L * Repacking.lane(row);
        for (int w = 0; w < BLOCK / 4; w++, to += 2L * UNIT) {
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, to, word(at, run, w));
        }
    }

    /** Four weights: every file has them in the same half of bytes that follow each other. */
    private short word(long at, int run, int w) {
        boolean high;
        long bytes;
        if (type == FourBitScales.Q4_K) {
            // Runs 0 and 1 share 32 bytes, 2 and 3 the next ones.
            high = run % 2 == 1;
            bytes = at + 16 + run / 2 * 32L + 4L * w;
        } else {
            // The first 16 columns share 16 bytes with the second ones.
            high = w >= 4;
            bytes = at + (type == FourBitScales.Q4_0 ? 2 : 4) + w % 4 * 4L;
        }
        int four = tensor.data().get(Lanes.LE_INT, bytes);
        return (short) Integer.compress(four, high ? 0xf0f0f0f0 : 0x0f0f0f0f);
    }

    @Override
    public Form form(int xRows) {
        return rounds ? Form.ROUNDED : Form.PACKED;
    }

    @Override
    void unpack(int unit, int block, int count, RepackedScratch scratch) {
        type.unpack(data, head(unit, block), count, scratch);
    }

    @Override
    boolean restsFirst() {
        // The order in which near ties of the references come out as theirs.
        return type == FourBitScales.Q4_1;
    }

    @Override
    void rests(float[] sums, int at, int count, boolean add, RepackedScratch scratch, int to) {
        // Of Q4_0 n stands for n - 8, which is what is multiplied.
        if (type != FourBitScales.Q4_0) {
            float[] rests = restsFirst() ? scratch.results : scratch.rests;
            FourBitKernels.rests(scratch.minima, count, sums, at, add, rests, to);
        }
    }

    @Override
    boolean multiplySingle(int unit, RoundedRows x, RepackedScratch scratch) {
        if (type != FourBitScales.Q4_0) {
            return false;
        }
        multiplySingle(unit, x, UNIT, 1, 0, scratch);
        return true;
    }

    @Override
    void finish(RepackedScratch scratch, int from) {
        if (type != FourBitScales.Q4_0 && !restsFirst()) {
            FourBitKernels.join(scratch.results, scratch.rests, from);
        }
    }

    @Override
    void decode(int unit, int block, int row, RepackedScratch scratch) {
        type.unpackSome(data, head(unit, block), scales(unit, block), row, scratch);
        FourBitKernels.decode(
                data, words(unit, block), row, scratch.scales, scratch.minima, scratch.columns);
    }
}
