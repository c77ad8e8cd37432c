package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.RepackedKernels.UNIT;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A matrix whose rows are repacked as lanes: units of {@link RepackedKernels#UNIT} rows, one after
 * the other, each with blocks of 32 columns; eight of them may share a head, which precedes them.
 * The new bytes are as many as the mapped ones and take their place: the mapped pages are given
 * back. A single row of activations is multiplied with the words as they are, by {@link
 * FourBitMatVec} and its like; for several rows weights are decoded.
 */
abstract sealed class RepackedWeight implements Product, PanelProduct.Source
        permits FourBitWeight, SixBitWeight {
    /** Columns of a block. */
    static final int BLOCK = 32;

    /** Blocks that share a head. */
    static final int RUNS = 8;

    final Tensor tensor;
    final MemorySegment data;
    final int blocks;

    /** For whole units. */
    final float[] bias;

    private final int units;
    private final long headBytes;
    private final long blockBytes;
    private final long unitBytes;

    /**
     * Allocates; {@link #pack} fills.
     *
     * @param headBytes of eight blocks, a row
     * @param blockBytes a row
     */
    RepackedWeight(
            Tensor tensor, int headBytes, int blockBytes, Optional<Tensor> bias, Arena arena) {
        this.tensor = tensor;
        units = Lanes.ceilDiv(tensor.rows(), UNIT);
        blocks = tensor.columns() / BLOCK;
        this.headBytes = (long) headBytes * UNIT;
        this.blockBytes = (long) blockBytes * UNIT;
        unitBytes = Lanes.ceilDiv(blocks, RUNS) * this.headBytes + blocks * this.blockBytes;
        data = Native.allocate(arena, units * unitBytes, "the tensor " + tensor.name());
        this.bias = new float[Lanes.padded(units * UNIT)];
        bias.ifPresent(
                vector -> new Linear(vector, Optional.empty(), arena).decode(0, this.bias, 0));
    }

    /** Whether a weight's type has such a form. */
    static boolean takes(Tensor weight) {
        return weight.type() == TensorType.Q6_K || FourBitScales.of(weight.type()).isPresent();
    }

    static RepackedWeight of(Tensor weight, Optional<Tensor> bias, Arena arena) {
        return weight.type() == TensorType.Q6_K
                ? new SixBitWeight(weight, bias, arena)
                : new FourBitWeight(
                        weight, FourBitScales.of(weight.type()).orElseThrow(), bias, arena);
    }

    @Override
    public final int rows() {
        return tensor.rows();
    }

    @Override
    public final int columns() {
        return tensor.columns();
    }

    @Override
    public final int unit() {
        return Math.max(16, UNIT);
    }

    /** Offset of the head that a block shares with others. */
    final long head(int unit, int block) {
        return unit * unitBytes + block / RUNS * (headBytes + RUNS * blockBytes);
    }

    /** Offset of a block. */
    final long at(int unit, int block) {
        return head(unit, block) + headBytes + block % RUNS * blockBytes;
    }

    /**
     * Repacks this member's share of the rows.
     *
     * @throws ModelFormatException if a scale is not finite
     */
    final void pack(int member, int members) {
        int first = (int) ((long) units * member / members);
        int end = (int) ((long) units * (member + 1) / members);
        for (int row = first * UNIT; row < Math.min(end * UNIT, tensor.rows()); row++) {
            for (int block = 0; block < blocks; block++) {
                pack(row * tensor.rowBytes(), row / UNIT, row % UNIT, block);
            }
        }
    }

    /**
     * Repacks a block of a row.
     *
     * @param from offset of the row in the tensor
     * @param row of the unit
     */
    abstract void pack(long from, int unit, int row, int block);

    /** Checks an f16 scale of the tensor's. */
    final void requireFinite(long at) {
        Repacking.requireFinite(Lanes.half(tensor.data(), at), tensor, at / tensor.rowBytes());
    }

    @Override
    public final Form form(int xRows) {
        return xRows == 1 ? Form.BROADCAST : Form.PACKED;
    }

    @Override
    public final void multiply(Worker worker, Inputs x, int xRows, int from, int to, Rows out) {
        if (xRows > 1) {
            PanelProduct.multiply(worker, this, bias, x.packed(), xRows, from, to, out);
            return;
        }
        for (int unit = from / UNIT; unit * UNIT < to; unit++) {
            multiply(unit, worker.broadcast, worker.repacked.results);
            store(unit, worker.repacked.results, out);
        }
    }

    /** Multiplies a unit's rows with a row of activations. */
    abstract void multiply(int unit, BroadcastRow x, MemorySegment results);

    private void store(int unit, MemorySegment results, Rows out) {
        int row = unit * UNIT;
        int outputs = Math.min(UNIT, tensor.rows() - row);
        for (int o = 0; o < outputs; o++) {
            float result = results.get(Lanes.FLOAT, 4L * o) + bias[row + o];
            out.data().set(Lanes.FLOAT, out.at(0) + 4L * (row + o), result);
        }
    }

    @Override
    public final void decode(Worker worker, int row, int count, float[] panel, int stride) {
        for (int r = 0; r < count; r += N) {
            for (int block = 0; block < blocks; block++) {
                decode((row + r) / UNIT, block, (row + r) % UNIT, worker.repacked);
                for (int c = 0; c < BLOCK; c += N) {
                    Transpose.tile(
                            worker.repacked.columns,
                            (long) c * BYTES,
                            BYTES,
                            panel,
                            r * stride + block * BLOCK + c,
                            stride,
                            worker.square);
                }
            }
        }
    }

    /** Decodes a block of N rows from {@code row} of the unit on, to the scratch's columns. */
    abstract void decode(int unit, int block, int row, RepackedScratch scratch);
}
