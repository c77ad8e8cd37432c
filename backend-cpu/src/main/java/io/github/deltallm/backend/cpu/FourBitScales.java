package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;

import io.github.deltallm.api.spi.TensorType;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * What the weights of 4 bits of a type, from 0 to 15, are multiplied by and what is then added,
 * repacked for a unit of rows.
 */
enum FourBitScales {
    /** An f16 scale a block; no minimum: n stands for n - 8. */
    Q4_0(0, 2) {
        @Override
        void pack(
                MemorySegment from,
                long block,
                int run,
                MemorySegment to,
                long head,
                long at,
                int row) {
            to.set(Lanes.LE_SHORT, at + 2L * row, from.get(Lanes.LE_SHORT, block));
        }

        @Override
        void unpack(MemorySegment data, long head, int blocks, float[] scales, float[] rests) {
            for (int i = 0; i < blocks * UNIT; i += N) {
                Lanes.f16(data, head + 2L * i).intoArray(scales, i);
            }
        }

        @Override
        void unpackSome(MemorySegment data, long head, long at, int row, RepackedScratch to) {
            FloatVector scale = Lanes.f16(data, at + 2L * row);
            scale.intoArray(to.scales, 0);
            scale.mul(-8).intoArray(to.minima, 0);
        }
    },

    /** An f16 scale and an f16 minimum a block. */
    Q4_1(0, 4) {
        @Override
        void pack(
                MemorySegment from,
                long block,
                int run,
                MemorySegment to,
                long head,
                long at,
                int row) {
            to.set(Lanes.LE_SHORT, at + 2L * row, from.get(Lanes.LE_SHORT, block));
            to.set(Lanes.LE_SHORT, at + 2L * (UNIT + row), from.get(Lanes.LE_SHORT, block + 2));
        }

        @Override
        void unpack(MemorySegment data, long head, int blocks, float[] scales, float[] rests) {
            for (int block = 0; block < blocks; block++) {
                long at = head + 4L * UNIT * block;
                for (int row = 0; row < UNIT; row += N) {
                    FloatVector scale = Lanes.f16(data, at + 2L * row);
                    FloatVector minimum = Lanes.f16(data, at + 2L * (UNIT + row));
                    int to = UNIT * block + row;
                    scale.intoArray(scales, to);
                    scale.mul(8).add(minimum).mul(RoundedRows.SUM_UNIT).intoArray(rests, to);
                }
            }
        }

        @Override
        void unpackSome(MemorySegment data, long head, long at, int row, RepackedScratch to) {
            Lanes.f16(data, at + 2L * row).intoArray(to.scales, 0);
            Lanes.f16(data, at + 2L * (UNIT + row)).intoArray(to.minima, 0);
        }
    },

    /**
     * Eight blocks have an f16 scale and an f16 minimum, which lie before them, and each block 6
     * bits that these are multiplied by.
     */
    Q4_K(4, 2) {
        @Override
        void pack(
                MemorySegment from,
                long block,
                int run,
                MemorySegment to,
                long head,
                long at,
                int row) {
            if (run == 0) {
                to.set(Lanes.LE_SHORT, head + 2L * row, from.get(Lanes.LE_SHORT, block));
                to.set(
                        Lanes.LE_SHORT,
                        head + 2L * (UNIT + row),
                        from.get(Lanes.LE_SHORT, block + 2));
            }
            int scale = SuperblockDecoders.scale4(from, block + 4, run);
            int minimum = SuperblockDecoders.minimum4(from, block + 4, run);
            to.set(ValueLayout.JAVA_BYTE, at + row, (byte) scale);
            to.set(ValueLayout.JAVA_BYTE, at + UNIT + row, (byte) minimum);
        }

        @Override
        void unpack(MemorySegment data, long head, int blocks, float[] scales, float[] rests) {
            long ofBlock = (long) blockBytes * UNIT;
            long heads = head;
            for (int block = 0; block < blocks; block += RepackedWeight.RUNS) {
                int runs = Math.min(RepackedWeight.RUNS, blocks - block);
                for (int row = 0; row < UNIT; row += N) {
                    FloatVector scale = Lanes.f16(data, heads + 2L * row);
                    FloatVector minimum =
                            Lanes.f16(data, heads + 2L * (UNIT + row)).mul(-RoundedRows.SUM_UNIT);
                    long at = heads + (long) headBytes * UNIT + row;
                    int to = UNIT * block + row;
                    for (int run = 0; run < runs; run++, at += ofBlock, to += UNIT) {
                        FloatVector s = Lanes.floats(Lanes.unsigned(data, at)).mul(scale);
                        FloatVector m = Lanes.floats(Lanes.unsigned(data, at + UNIT)).mul(minimum);
                        s.intoArray(scales, to);
                        s.fma(FloatVector.broadcast(F, 8 * RoundedRows.SUM_UNIT), m)
                                .intoArray(rests, to);
                    }
                }
                heads += (long) headBytes * UNIT + RepackedWeight.RUNS * ofBlock;
            }
        }

        @Override
        void unpackSome(MemorySegment data, long head, long at, int row, RepackedScratch to) {
            Lanes.floats(Lanes.unsigned(data, at + row))
                    .mul(Lanes.f16(data, head + 2L * row))
                    .intoArray(to.scales, 0);
            Lanes.floats(Lanes.unsigned(data, at + UNIT + row))
                    .mul(Lanes.f16(data, head + 2L * (UNIT + row)))
                    .neg()
                    .intoArray(to.minima, 0);
        }
    };

    /** Bytes before eight blocks, a row. */
    final int headBytes;

    /** Bytes of a block's own, a row. */
    final int blockBytes;

    FourBitScales(int headBytes, int blockBytes) {
        this.headBytes = headBytes;
        this.blockBytes = blockBytes;
    }

    /** The scales of a type; empty where weights have not 4 bits in blocks of 32. */
    static Optional<FourBitScales> of(TensorType type) {
        return switch (type) {
            case Q4_0 -> Optional.of(Q4_0);
            case Q4_1 -> Optional.of(Q4_1);
            case Q4_K -> Optional.of(Q4_K);
            default -> Optional.empty();
        };
    }

    /**
     * Puts what a block has for one row where kernels want it.
     *
     * @param from the tensor as mapped
     * @param block offset of the file's block that this block, the {@code run}-th of eight where
     *     they share a head, belongs to
     * @param head offset of the unit's head
     * @param at offset of the block's own
     * @param row of the unit
     */
    abstract void pack(
            MemorySegment from, long block, int run, MemorySegment to, long head, long at, int row);

    /**
     * Unpacks a unit's scales, {@code [block][UNIT]} floats, and what the sums of the activations
     * are multiplied by where weights count from -8 to 7: the minima and 8 times the scales.
     *
     * @param head offset of the unit's first head
     * @param rests in units of {@link RoundedRows#SUM_UNIT}; left as it is where all of it is 0
     */
    abstract void unpack(MemorySegment data, long head, int blocks, float[] scales, float[] rests);

    /**
     * Unpacks of a block what weights from 0 to 15 are multiplied by and what is added then, for N
     * rows from {@code row} on.
     *
     * @param at offset of the block's own
     * @param to its scales and minima get {@code [N]} floats
     */
    abstract void unpackSome(MemorySegment data, long head, long at, int row, RepackedScratch to);
}
