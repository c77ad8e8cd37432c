package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A matrix whose rows are repacked as lanes: units of rows, each with blocks of 32 columns. The
 * scales of all units, of which eight blocks may share a head, precede the words of all units, so
 * that both are read without a gap: after one, processors take microseconds to fetch far enough
 * ahead again. The new bytes are as many as the mapped ones and take their place: the mapped pages
 * are given back. Activations are multiplied with the words as they are, or with decoded weights,
 * whichever is faster and precise enough.
 */
abstract sealed class RepackedWeight implements Product, PanelProduct.Source
        permits RoundedWeight, SixBitWeight {
    /** Columns of a block. */
    static final int BLOCK = 32;

    /** Blocks that share a head. */
    static final int RUNS = 8;

    final Tensor tensor;
    final MemorySegment data;
    final int blocks;

    /** For whole units. */
    final float[] bias;

    private final int unitRows;
    private final int units;
    private final long headBytes;
    private final long scaleBytes;
    private final long wordBytes;
    private final long unitScales;
    private final long firstWord;

    /**
     * Allocates; {@link #pack} fills.
     *
     * @param unitRows of a unit, a multiple of N, at most {@link FourBitKernels#UNIT}
     * @param headBytes of eight blocks, a row
     * @param scaleBytes of a block, a row
     * @param wordBytes of a block, a row
     */
    RepackedWeight(
            Tensor tensor,
            int unitRows,
            int headBytes,
            int scaleBytes,
            int wordBytes,
            Optional<Tensor> bias,
            WeightMemory memory) {
        this.tensor = tensor;
        this.unitRows = unitRows;
        units = Lanes.ceilDiv(tensor.rows(), unitRows);
        blocks = tensor.columns() / BLOCK;
        this.headBytes = (long) headBytes * unitRows;
        this.scaleBytes = (long) scaleBytes * unitRows;
        this.wordBytes = (long) wordBytes * unitRows;
        unitScales = Lanes.ceilDiv(blocks, RUNS) * this.headBytes + blocks * this.scaleBytes;
        firstWord = head(units, 0) + 63 & -64;
        data = memory.allocate(words(units, 0), "the tensor " + tensor.name());
        this.bias = Repacking.bias(bias, Lanes.padded(units * unitRows), memory.arena());
    }

    /** Whether a weight has such a form: the one of Q8_0 is for rounded activations only. */
    static boolean takes(Tensor weight, Precision precision) {
        return weight.type() == TensorType.Q6_K
                || FourBitScales.of(weight.type()).isPresent()
                || rounds(weight, precision);
    }

    /** Whether activations are rounded for a weight. */
    static boolean rounds(Tensor weight, Precision precision) {
        return precision == Precision.FAST
                && (weight.type() == TensorType.Q8_0
                        || FourBitScales.of(weight.type()).isPresent());
    }

    static RepackedWeight of(
            Tensor weight, Precision precision, Optional<Tensor> bias, WeightMemory memory) {
        return switch (weight.type()) {
            case Q6_K -> new SixBitWeight(weight, bias, memory);
            case Q8_0 -> new EightBitWeight(weight, bias, memory);
            default -> {
                FourBitScales type = FourBitScales.of(weight.type()).orElseThrow();
                yield new FourBitWeight(weight, type, precision, bias, memory);
            }
        };
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
        return Math.max(16, unitRows);
    }

    /** Offset of the head that a block shares with others. */
    final long head(int unit, int block) {
        return unit * unitScales + block / RUNS * (headBytes + RUNS * scaleBytes);
    }

    /** Offset of a block's own scales, which those of 6 bits share two by two. */
    final long scales(int unit, int block) {
        return head(unit, block) + headBytes + block % RUNS * scaleBytes;
    }

    /** Offset of a block's words; those of the next block follow. */
    final long words(int unit, int block) {
        return firstWord + ((long) unit * blocks + block) * wordBytes;
    }

    /**
     * Repacks the {@code member}-th of {@code members} equal shares of the rows.
     *
     * @throws ModelFormatException if a scale is not finite
     */
    final void pack(int member, int members) {
        int first = Worker.first(units, member, members);
        int end = Worker.first(units, member + 1, members);
        for (int row = first * unitRows; row < Math.min(end * unitRows, tensor.rows()); row++) {
            for (int block = 0; block < blocks; block++) {
                pack(row * tensor.rowBytes(), row / unitRows, row % unitRows, block);
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
    public final void multiply(Worker worker, Inputs x, int xRows, int from, int to, Rows out) {
        if (form(xRows) == Form.PACKED) {
            PanelProduct.multiply(worker, this, bias, x.packed(), xRows, from, to, out);
            return;
        }
        for (int unit = from / unitRows; unit * unitRows < to; unit++) {
            multiply(worker, x, xRows, unit, out);
        }
    }

    /** Computes the products of a unit's rows and the rows of activations. */
    abstract void multiply(Worker worker, Inputs x, int xRows, int unit, Rows out);

    /**
     * Adds the bias to a unit's results and stores them.
     *
     * @param results one a row of the unit, from {@code from} on
     * @param xRow the row of the outputs
     */
    final void store(int unit, float[] results, int from, Rows out, int xRow) {
        int row = unit * unitRows;
        long to = out.at(xRow) + 4L * row;
        int outputs = Math.min(unitRows, tensor.rows() - row);
        int o = 0;
        for (; o <= outputs - N; o += N) {
            FloatVector.fromArray(F, results, from + o)
                    .add(FloatVector.fromArray(F, bias, row + o))
                    .intoMemorySegment(out.data(), to + 4L * o, NATIVE);
        }
        for (; o < outputs; o++) {
            float result = results[from + o] + bias[row + o];
            out.data().set(Lanes.FLOAT, to + 4L * o, result);
        }
    }

    @Override
    public final void decode(Worker worker, int row, int count, float[] panel, int stride) {
        for (int r = 0; r < count; r += N) {
            for (int block = 0; block < blocks; block++) {
                decode((row + r) / unitRows, block, (row + r) % unitRows, worker.repacked);
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
