package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.SixBitKernels.GROUP;

import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * A matrix of weights of 6 bits (Q6_K), repacked: of eight blocks the f16 scale and two scales of 8
 * bits for each block; behind those of all rows two groups of words for each block, see {@link
 * SixBitKernels}.
 */
final class SixBitWeight extends RepackedWeight {
    private static final int BLOCK_BYTES = BLOCK * 6 / 8;
    private static final int GROUPS = BLOCK / GROUP;

    SixBitWeight(Tensor tensor, Optional<Tensor> bias, WeightMemory memory) {
        super(tensor, N, 2, GROUPS, BLOCK_BYTES, bias, memory);
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
        // Of 128 columns two blocks are in the low halves of 64 bytes and two in the high ones;
        // their high bits are the four parts of 32 bytes.
        long lows = file + run / 4 * 64 + run % 2 * 32;
        long highs = file + 128 + run / 4 * 32;
        long scales = scales(unit, block - run % 2) + run % 2 * GROUPS + 4L * row;
        for (int group = 0; group < GROUPS; group++) {
            byte scale = tensor.data().get(ValueLayout.JAVA_BYTE, file + 192 + 2 * run + group);
            data.set(ValueLayout.JAVA_BYTE, scales + group, scale);
            long to = words(unit, block) + (long) group * SixBitKernels.WORDS * BYTES + 4L * row;
            int column = group * GROUP;
            words(
                    eight(lows + column, highs + column, run),
                    eight(lows + column + 8, highs + column + 8, run),
                    to);
        }
    }

    /** Eight columns' weights, 6 bits each, the first in the lowest bits. */
    private long eight(long lows, long highs, int run) {
        long low = tensor.data().get(Lanes.LE_LONG, lows) >>> (run % 4 < 2 ? 0 : 4);
        long high = tensor.data().get(Lanes.LE_LONG, highs) >>> (run % 4 * 2);
        long bytes = (low & 0x0f0f0f0f0f0f0f0fL) | (high & 0x0303030303030303L) << 4;
        return Long.compress(bytes, 0x3f3f3f3f3f3f3f3fL);
    }

    /** Stores a row's group. */
    private void words(long first, long second, long to) {
        long five = (1 << 30) - 1;
        long last = second >>> 42;
        data.set(Lanes.NATIVE_INT, to, (int) ((first & five) | last << 30));
        long middle = (first >>> 30 | second << 18) & five;
        data.set(Lanes.NATIVE_INT, to + BYTES, (int) (middle | last >>> 2 << 30));
        long third = second >>> 12 & five;
        data.set(Lanes.NATIVE_INT, to + 2L * BYTES, (int) (third | last >>> 4 << 30));
    }

    @Override
    public Form form(int xRows) {
        return xRows == 1 ? Form.BROADCAST : Form.PACKED;
    }

    @Override
    void multiply(Worker worker, Inputs x, int xRows, int unit, Rows out) {
        RepackedScratch scratch = worker.repacked;
        Arrays.fill(scratch.results, 0, N, 0);
        for (int block = 0; block < blocks; block += RUNS) {
            unpack(unit, block, scratch);
            SixBitKernels.add(
                    data,
                    words(unit, block),
                    block * GROUPS,
                    RUNS * GROUPS,
                    worker.broadcast,
                    scratch.scales,
                    scratch.results);
        }
        store(unit, scratch.results, 0, out, 0);
    }

    /**
     * The scales of eight blocks, {@code [block][GROUPS][N]}. A register has the bytes of four
     * groups, so that of two blocks.
     */
    private void unpack(int unit, int block, RepackedScratch scratch) {
        Lanes.f16(data, head(unit, block), scratch.heads, 0);
        long at = scales(unit, block);
        for (int run = 0; run < RUNS; run += 2, at += BYTES) {
            SixBitKernels.scales(data, at, scratch.heads, scratch.scales, run * GROUPS * N);
        }
    }

    @Override
    void decode(int unit, int block, int row, RepackedScratch scratch) {
        Lanes.f16(data, head(unit, block), scratch.heads, 0);
        int first = block % 2 * GROUPS;
        SixBitKernels.scales(
                data, scales(unit, block - block % 2), scratch.heads, scratch.scales, 0);
        for (int group = 0; group < GROUPS; group++) {
            SixBitKernels.decode(
                    data,
                    words(unit, block) + (long) group * SixBitKernels.WORDS * BYTES,
                    scratch.scales,
                    (first + group) * N,
                    scratch.columns,
                    (long) group * GROUP * BYTES);
        }
    }
}
