package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.RepackedKernels.UNIT;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** A matrix of weights of 4 bits in blocks of 32 (Q4_0, Q4_1, Q4_K), repacked. */
final class FourBitWeight extends RepackedWeight {
    private final FourBitScales type;

    FourBitWeight(Tensor tensor, FourBitScales type, Optional<Tensor> bias, Arena arena) {
        super(tensor, type.headBytes, type.blockBytes + BLOCK / 2, bias, arena);
        this.type = type;
    }

    private long words(int unit, int block) {
        return at(unit, block) + (long) type.blockBytes * UNIT;
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
        type.pack(tensor.data(), at, run, data, head(unit, block), at(unit, block), row);
        long to = words(unit, block) + 2L * RepackedKernels.lane(row);
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
    void multiply(int unit, BroadcastRow x, MemorySegment results) {
        switch (type) {
            case Q4_0 -> FourBitMatVec.q4v0(data, head(unit, 0), blocks, x, results);
            case Q4_1 -> FourBitMatVec.q4v1(data, head(unit, 0), blocks, x, results);
            case Q4_K -> {
                RepackedKernels.clear(results);
                for (int block = 0; block < blocks; block += RUNS) {
                    FourBitSuperblockMatVec.q4k(data, head(unit, block), block, x, results);
                }
            }
        }
    }

    @Override
    void decode(int unit, int block, int row, RepackedScratch scratch) {
        type.unpack(data, head(unit, block), at(unit, block), row, scratch);
        RepackedKernels.fourBits(
                data, words(unit, block), row, scratch.scales, scratch.minima, scratch.columns);
    }
}
