package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.LE_SHORT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import java.lang.foreign.MemorySegment;

/** Rows kept as bf16, rounded to nearest even. */
final class Bf16Rows extends RowFormat {
    Bf16Rows(boolean keys, int dim) {
        super(keys, dim);
    }

    @Override
    long pageBytes() {
        return 2L * Page.POSITIONS * width;
    }

    @Override
    void put(MemorySegment page, int slot, MemorySegment row, long at) {
        long to = 2L * element(slot, 0);
        long step = keys ? 2L * BLOCK : 2;
        for (int c = 0; c < dim; c++) {
            page.set(LE_SHORT, to + c * step, round(row.get(FLOAT, at + 4L * c)));
        }
    }

    /** The upper half of a float, rounded to nearest even; NaN stays NaN. */
    static short round(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 64);
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }

    @Override
    float get(MemorySegment page, int slot, int channel) {
        return Float.intBitsToFloat(page.get(LE_SHORT, 2L * element(slot, channel)) << 16);
    }

    @Override
    void expand(MemorySegment page, MemorySegment out, long at) {
        int count = BLOCK * width;
        for (int i = 0; i < count; i += N) {
            Lanes.bf16(page, 2L * i).intoMemorySegment(out, at + 4L * i, NATIVE);
        }
    }

    @Override
    void scores(MemorySegment page, AttentionScratch scratch, float[] out, int to) {
        for (int quad = 0; quad < scratch.quads; quad++) {
            DecodeKernels.bf16Scores(
                    page,
                    0,
                    dim,
                    scratch.query,
                    quad * 4 * dim,
                    out,
                    quad * 4 * AttentionScratch.RANGE_KEYS + to,
                    AttentionScratch.RANGE_KEYS);
        }
    }

    @Override
    void mix(MemorySegment page, int count, AttentionScratch scratch, int at) {
        for (int quad = 0; quad < scratch.quads; quad++) {
            int weights = quad * 4 * AttentionScratch.RANGE_KEYS + at;
            int sums = quad * 4 * width;
            int c = 0;
            for (; c + 4 * N <= width; c += 4 * N) {
                DecodeKernels.bf16Mix4(
                        page,
                        2L * c,
                        2L * width,
                        count,
                        scratch.keyWeights,
                        weights,
                        AttentionScratch.RANGE_KEYS,
                        scratch.sums,
                        sums + c,
                        width);
            }
            for (; c < width; c += N) {
                DecodeKernels.bf16Mix1(
                        page,
                        2L * c,
                        2L * width,
                        count,
                        scratch.keyWeights,
                        weights,
                        AttentionScratch.RANGE_KEYS,
                        scratch.sums,
                        sums + c,
                        width);
            }
        }
    }
}
