package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows kept as whole numbers of steps, 8 or 4 bits each, with one step size a row.
 *
 * <p>A page begins with its step sizes as fp32. With 4 bits, positions 16 to 31 of a block lie in
 * the high halves of the bytes of positions 0 to 15.
 */
final class StepRows extends RowFormat {
    private static final long SCALES = 4L * Page.POSITIONS;

    private final boolean half;

    /** Whether decoding reads rows as they are, without {@link #expand}. */
    private final boolean direct;

    StepRows(boolean keys, int dim, boolean half) {
        super(keys, dim);
        this.half = half;
        direct = !half && Lanes.HAVE_BYTES;
    }

    @Override
    long pageBytes() {
        return SCALES + (long) Page.POSITIONS * width / (half ? 2 : 1);
    }

    @Override
    void put(MemorySegment page, int slot, MemorySegment row, long at) {
        float largest = 0;
        for (int c = 0; c < dim; c++) {
            largest = Math.max(largest, Math.abs(row.get(FLOAT, at + 4L * c)));
        }
        float step = exactMultiple(largest / (half ? 7 : 127));
        page.set(FLOAT, 4L * slot, step);
        for (int c = 0; c < dim; c++) {
            float value = row.get(FLOAT, at + 4L * c);
            int steps = step == 0 ? 0 : (int) Math.rint(value / step);
            long to = place(slot, c);
            if (!half) {
                page.set(ValueLayout.JAVA_BYTE, to, (byte) steps);
            } else {
                int shift = shift(slot);
                int kept = page.get(ValueLayout.JAVA_BYTE, to) & 0xF0 >>> shift;
                page.set(ValueLayout.JAVA_BYTE, to, (byte) (kept | (steps & 15) << shift));
            }
        }
    }

    /**
     * A step rounded up to 16 significant bits: its multiples are then exact in fp32, and rounding
     * a rounded row changes nothing.
     */
    private static float exactMultiple(float step) {
        return Float.isFinite(step)
                ? Float.intBitsToFloat(Float.floatToRawIntBits(step) + 0xFF & ~0xFF)
                : step;
    }

    private int shift(int slot) {
        return slot < BLOCK / 2 ? 0 : 4;
    }

    /** Offset of an element's byte. */
    private long place(int slot, int channel) {
        if (!half) {
            return SCALES + element(slot, channel);
        }
        int position = slot % (BLOCK / 2);
        int inBlock = keys ? channel * (BLOCK / 2) + position : position * width + channel;
        return SCALES + inBlock;
    }

    @Override
    float get(MemorySegment page, int slot, int channel) {
        int value = page.get(ValueLayout.JAVA_BYTE, place(slot, channel));
        if (half) {
            value = (value << (28 - shift(slot))) >> 28;
        }
        return value * page.get(FLOAT, 4L * slot);
    }

    @Override
    void expand(MemorySegment page, MemorySegment out, long at) {
        for (int row = 0; row < (keys ? dim : BLOCK); row++) {
            int count = keys ? BLOCK : width;
            for (int i = 0; i < count; i += N) {
                IntVector steps = keys ? steps(page, i, row) : steps(page, row, i);
                FloatVector scale =
                        keys
                                ? FloatVector.fromMemorySegment(F, page, 4L * i, NATIVE)
                                : FloatVector.broadcast(F, page.get(FLOAT, 4L * row));
                long to = at + 4L * row * count + (long) i / N * BYTES;
                Lanes.floats(steps).mul(scale).intoMemorySegment(out, to, NATIVE);
            }
        }
    }

    @Override
    void scores(MemorySegment page, AttentionScratch scratch, float[] out, int to) {
        if (!direct) {
            super.scores(page, scratch, out, to);
            return;
        }
        for (int quad = 0; quad < scratch.quads; quad++) {
            DecodeKernels.int8Scores(
                    page,
                    SCALES,
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
        if (!direct) {
            super.mix(page, count, scratch, at);
            return;
        }
        for (int quad = 0; quad < scratch.quads; quad++) {
            scaleWeights(page, scratch, quad * 4 * AttentionScratch.RANGE_KEYS + at);
            int sums = quad * 4 * width;
            int c = 0;
            for (; c + 4 * N <= width; c += 4 * N) {
                DecodeKernels.int8Mix4(
                        page,
                        SCALES + c,
                        width,
                        count,
                        scratch.stepWeights,
                        0,
                        BLOCK,
                        scratch.sums,
                        sums + c,
                        width);
            }
            for (; c < width; c += N) {
                DecodeKernels.int8Mix1(
                        page,
                        SCALES + c,
                        width,
                        count,
                        scratch.stepWeights,
                        0,
                        BLOCK,
                        scratch.sums,
                        sums + c,
                        width);
            }
        }
    }

    /** Four heads' weights of a block's rows, times the rows' steps. */
    private static void scaleWeights(MemorySegment page, AttentionScratch scratch, int at) {
        for (int i = 0; i < BLOCK; i += N) {
            FloatVector step = FloatVector.fromMemorySegment(F, page, 4L * i, NATIVE);
            for (int h = 0; h < 4; h++) {
                int from = at + h * AttentionScratch.RANGE_KEYS + i;
                FloatVector.fromArray(F, scratch.keyWeights, from)
                        .mul(step)
                        .intoArray(scratch.stepWeights, h * BLOCK + i);
            }
        }
    }

    /** N elements of a block that follow each other in its order. */
    private IntVector steps(MemorySegment page, int slot, int channel) {
        long from = place(slot, channel);
        if (!half) {
            return Lanes.signed(page, from);
        }
        return Lanes.unsigned(page, from).lanewise(LSHL, 28 - shift(slot)).lanewise(ASHR, 28);
    }
}
