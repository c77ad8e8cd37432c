package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.H;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.N;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2I;

import io.github.deltallm.api.spi.TensorType;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

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
        void unpack(MemorySegment data, long head, int blocks, RepackedScratch to) {
            for (int i = 0; i < blocks * UNIT; i += N) {
                Lanes.f16(data, head + 2L * i, to.scales, i);
            }
        }

        @Override
        void unpackSome(MemorySegment data, long head, long at, int row, RepackedScratch to) {
            Lanes.f16(data, at + 2L * row, to.scales, 0);
            FloatVector.fromArray(F, to.scales, 0).mul(-8).intoArray(to.minima, 0);
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
        void unpack(MemorySegment data, long head, int blocks, RepackedScratch to) {
            unpack(data, head, blocks, to.scales, to.minima);
        }

        private void unpack(
                MemorySegment data, long head, int blocks, float[] scales, float[] rests) {
            for (int block = 0; block < blocks; block++) {
                long at = head + 4L * UNIT * block;
                for (int row = 0; row < UNIT; row += N) {
                    // As Lanes.f16, twice.
                    FloatVector scale =
                            ((IntVector)
                                            ShortVector.fromMemorySegment(
                                                            H, data, at + 2L * row, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f);
                    FloatVector minimum =
                            ((IntVector)
                                            ShortVector.fromMemorySegment(
                                                            H, data, at + 2L * (UNIT + row), LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f);
                    int i = UNIT * block + row;
                    scale.intoArray(scales, i);
                    scale.mul(8).add(minimum).mul(RoundedRows.SUM_UNIT).intoArray(rests, i);
                }
            }
        }

        @Override
        void unpackSome(MemorySegment data, long head, long at, int row, RepackedScratch to) {
            Lanes.f16(data, at + 2L * row, to.scales, 0);
            Lanes.f16(data, at + 2L * (UNIT + row), to.minima, 0);
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
            int place = row % N * 4 + row / N;
            to.set(ValueLayout.JAVA_BYTE, at + place, (byte) scale);
            to.set(ValueLayout.JAVA_BYTE, at + UNIT + place, (byte) minimum);
        }

        @Override
        void unpack(MemorySegment data, long head, int blocks, RepackedScratch to) {
            long ofBlock = (long) blockBytes * UNIT;
            long ofHead = (long) headBytes * UNIT;
            for (int block = 0; block < blocks; block += RepackedWeight.RUNS) {
                long from = head + block / RepackedWeight.RUNS * ofHead + block * ofBlock;
                for (int i = 0; i < 2 * UNIT; i += N) {
                    Lanes.f16(data, from + 2L * i, to.heads, i);
                }
                int runs = Math.min(RepackedWeight.RUNS, blocks - block);
                for (int run = 0; run < runs; run++) {
                    long at = from + ofHead + run * ofBlock;
                    unpack(data, at, to.heads, to.scales, to.minima, UNIT * (block + run));
                }
            }
        }

        // The bytes of an int are those of rows that lie N apart.
        private void unpack(
                MemorySegment data, long at, float[] heads, float[] scales, float[] rests, int to) {
            IntVector bytes = IntVector.fromMemorySegment(I, data, at, LE);
            IntVector minima = IntVector.fromMemorySegment(I, data, at + UNIT, LE);
            for (int row = 0; row < UNIT; row += N) {
                FloatVector scale =
                        ((FloatVector) bytes.and(255).convert(I2F, 0))
                                .mul(FloatVector.fromArray(F, heads, row));
                scale.intoArray(scales, to + row);
                ((FloatVector) minima.and(255).convert(I2F, 0))
                        .mul(FloatVector.fromArray(F, heads, UNIT + row))
                        .mul(-RoundedRows.SUM_UNIT)
                        .add(scale.mul(8 * RoundedRows.SUM_UNIT))
                        .intoArray(rests, to + row);
                bytes = bytes.lanewise(LSHR, 8);
                minima = minima.lanewise(LSHR, 8);
            }
        }

        @Override
        void unpackSome(MemorySegment data, long head, long at, int row, RepackedScratch to) {
            int shift = row / N * 8;
            Lanes.f16(data, head + 2L * row, to.heads, 0);
            Lanes.f16(data, head + 2L * (UNIT + row), to.heads, N);
            ((FloatVector)
                            IntVector.fromMemorySegment(I, data, at, LE)
                                    .lanewise(LSHR, shift)
                                    .and(255)
                                    .convert(I2F, 0))
                    .mul(FloatVector.fromArray(F, to.heads, 0))
                    .intoArray(to.scales, 0);
            ((FloatVector)
                            IntVector.fromMemorySegment(I, data, at + UNIT, LE)
                                    .lanewise(LSHR, shift)
                                    .and(255)
                                    .convert(I2F, 0))
                    .mul(FloatVector.fromArray(F, to.heads, N))
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
     * Unpacks the scales of some blocks of a unit, {@code [block][UNIT]} floats, and what the sums
     * of the activations are multiplied by where weights count from -8 to 7: the minima and 8 times
     * the scales.
     *
     * @param head offset of the first one's head; it is the first that has that head
     * @param to its minima get what sums are multiplied by, in units of {@link
     *     RoundedRows#SUM_UNIT}; they are left as they are where all of it is 0
     */
    abstract void unpack(MemorySegment data, long head, int blocks, RepackedScratch to);

    /**
     * Unpacks of a block what weights from 0 to 15 are multiplied by and what is added then, for N
     * rows from {@code row} on.
     *
     * @param at offset of the block's own
     * @param to its scales and minima get {@code [N]} floats
     */
    abstract void unpackSome(MemorySegment data, long head, long at, int row, RepackedScratch to);
}
