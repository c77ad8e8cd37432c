package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.RepackedKernels.UNIT;

import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A matrix of weights of 6 bits (Q6_K), repacked: of eight blocks the f16 scale, then of each block
 * two scales of 8 bits, eight words of four weights' low bits and four words of eight weights' high
 * bits.
 */
final class SixBitWeight extends RepackedWeight {
    private static final long LOW = 2L * UNIT;
    private static final long HIGH = LOW + 16L * UNIT;

    SixBitWeight(Tensor tensor, Optional<Tensor> bias, Arena arena) {
        super(tensor, 2, 2 + BLOCK * 6 / 8, bias, arena);
    }

    @Override
    void pack(long from, int unit, int row, int block) {
        long file = from + block / RUNS * 210L;
        int run = block % RUNS;
        if (run == 0) {
            requireFinite(file + 208);
            short scale = tensor.data().get(Lanes.LE_SHORT, file + 208);
            data.set(Lanes.LE_SHORT, head(unit, block) + 2L * row, scale);
        }
        long at = at(unit, block);
        for (int i = 0; i < 2; i++) {
            byte scale = tensor.data().get(ValueLayout.JAVA_BYTE, file + 192 + 2 * run + i);
            data.set(ValueLayout.JAVA_BYTE, at + (long) i * UNIT + row, scale);
        }
        // Of 128 columns two blocks are in the low halves of 64 bytes and two in the high ones;
        // their high bits are the four parts of 32 bytes.
        long lows = file + run / 4 * 64 + run % 2 * 32;
        int half = run % 4 < 2 ? 0x0f0f0f0f : 0xf0f0f0f0;
        long highs = file + 128 + run / 4 * 32;
        long part = 0x0303030303030303L << (run % 4 * 2);
        long to = at + 2L * RepackedKernels.lane(row);
        for (int w = 0; w < BLOCK / 4; w++) {
            int four = tensor.data().get(Lanes.LE_INT, lows + 4L * w);
            short word = (short) Integer.compress(four, half);
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, to + LOW + 2L * UNIT * w, word);
        }
        for (int w = 0; w < BLOCK / 8; w++) {
            long eight = tensor.data().get(Lanes.LE_LONG, highs + 8L * w);
            short word = (short) Long.compress(eight, part);
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, to + HIGH + 2L * UNIT * w, word);
        }
    }

    @Override
    void multiply(int unit, BroadcastRow x, MemorySegment results) {
        RepackedKernels.clear(results);
        for (int block = 0; block < blocks; block += RUNS) {
            SixBitMatVec.low(data, head(unit, block), block, x, results);
            SixBitMatVec.high(data, head(unit, block), block, x, results);
        }
    }

    @Override
    void decode(int unit, int block, int row, RepackedScratch scratch) {
        long at = at(unit, block);
        for (int half = 0; half < 2; half++) {
            Lanes.floats(Lanes.signed(data, at + (long) half * UNIT + row))
                    .mul(Lanes.f16(data, head(unit, block) + 2L * row))
                    .intoArray(scratch.scales, row);
            RepackedKernels.sixBits(
                    data,
                    at + LOW + half * 8L * UNIT,
                    at + HIGH + half * 4L * UNIT,
                    row,
                    scratch.scales,
                    scratch.columns,
                    half * 16L * BYTES);
        }
    }
}
