package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TernaryScales;
import io.github.deltallm.api.spi.Value;
import io.github.deltallm.backend.tornado.Segment.Per;
import io.github.deltallm.backend.tornado.TaskSpec.Kernel;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A program as it lies on a device: where values and weights are, and the graphs to run. */
final class ProgramLayout {
    /** Floats of scores at most: how many queries are attended to at a time. */
    private static final int MOST_SCORES = 1 << 24;

    /** Positions at least that all queries of a full step may see at once, where that is less. */
    private static final int SEEN = 1024;

    private final Program program;
    private final HeadShape heads;
    private final int maxRows;
    private final WeightStore weights;
    private final List<int[]> ops = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();
    private final Map<RotaryEmbedding, Integer> angles = new LinkedHashMap<>();
    private final Set<Integer> layers = new HashSet<>();
    private final int[] offsets;
    private final int scratch;
    private final int scores;
    private final long values;

    /** The first one is {@link Progress}'s. */
    private long angleFloats = 1;

    private int widestCodes = 1;
    private @Nullable Segment logits;
    private Segment current;

    /**
     * @param largest bytes of the largest buffer that the device has
     */
    ProgramLayout(Program program, int maxRows, long largest) {
        this(program, maxRows, largest, MOST_SCORES);
    }

    /**
     * @param mostScores floats of scores at most
     */
    ProgramLayout(Program program, int maxRows, long largest, int mostScores) {
        this.program = program;
        weights = new WeightStore(largest);
        this.maxRows = maxRows;
        heads = program.heads();
        scores = (int) Math.min(mostScores, (long) maxRows * heads.heads() * SEEN);
        offsets = new int[program.values().size()];
        long end = 0;
        for (Value value : program.values()) {
            offsets[value.id()] = (int) end;
            end += (long) maxRows * value.width();
            BufferSizes.resident(end + maxRows, "activations");
        }
        scratch = (int) end;
        values = end + maxRows;
        ops.add(new int[OpTable.STRIDE_OPS]);
        current = new Segment(ops.size());
        for (Op op : program.ops()) {
            place(op);
        }
        close();
    }

    private void close() {
        if (!current.tasks().isEmpty()) {
            segments.add(current);
        }
        current = new Segment(ops.size());
    }

    private void place(Op op) {
        int[] row = new int[OpTable.STRIDE_OPS];
        row[OpTable.BIAS] = -1;
        switch (op) {
            case Op.Embed embed -> embed(embed, row);
            case Op.RmsNorm norm -> rmsNorm(norm, row);
            case Op.Linear linear -> linear(linear, row);
            case Op.Rope rope -> rope(rope, row);
            case Op.Attention attention -> attention(attention, row);
            case Op.Gate gate -> {
                operands(row, gate.gate(), gate.up(), gate.out());
                int function =
                        switch (gate.function()) {
                            case SILU -> RowKernels.SILU;
                            case SQUARED_RELU -> RowKernels.SQUARED_RELU;
                            case GELU -> RowKernels.GELU;
                        };
                add(Kernel.GATE, row, function, 0, Per.ROW, gate.out().width());
            }
            case Op.Add add -> {
                operands(row, add.left(), add.right(), add.out());
                add(Kernel.SUM, row, 0, 0, Per.ROW, add.out().width());
            }
            case Op.Logits last -> logits(last, row);
        }
    }

    /** The operation's number in the current segment. */
    private int append(int[] row) {
        ops.add(row);
        return ops.size() - 1 - current.base;
    }

    private void add(Kernel kernel, int[] row, int constant, int slab, Per per, long count) {
        current.add(kernel, append(row), constant, slab, per, count);
    }

    private void operands(int[] row, Value in, Value second, Value out) {
        row[OpTable.IN] = offsets[in.id()];
        row[OpTable.SECOND] = offsets[second.id()];
        row[OpTable.OUT] = offsets[out.id()];
        row[OpTable.WIDTH_IN] = in.width();
        row[OpTable.WIDTH_OUT] = out.width();
    }

    private WeightStore.Place matrix(int[] row, Tensor tensor) {
        WeightStore.Place place = weights.matrix(tensor);
        row[OpTable.WEIGHT] = place.first();
        row[OpTable.STRIDE] = place.stride();
        row[OpTable.CONSTANT] = place.scale();
        return place;
    }

    private void embed(Op.Embed op, int[] row) {
        operands(row, op.out(), op.out(), op.out());
        int slab = matrix(row, op.table()).slab();
        add(Kernel.EMBED, row, op.table().type().id(), slab, Per.ROW, blocks(op.table()));
    }

    private static int blocks(Tensor tensor) {
        return (tensor.columns() + Blocks.SIZE - 1) / Blocks.SIZE;
    }

    private void rmsNorm(Op.RmsNorm op, int[] row) {
        operands(row, op.in(), op.in(), op.out());
        int width = op.weight().columns();
        row[OpTable.WIDTH_OUT] = width;
        row[OpTable.WEIGHT] = weights.vector(op.weight());
        row[OpTable.CONSTANT] = weights.constant(op.epsilon());
        add(Kernel.RMS_NORM, row, 0, 0, Per.ROW, op.in().width() / width);
    }

    private void linear(Op.Linear op, int[] row) {
        operands(row, op.in(), op.in(), op.out());
        Tensor weight = op.weight();
        int slab = matrix(row, weight).slab();
        op.bias().ifPresent(bias -> row[OpTable.BIAS] = weights.vector(bias));
        int type = weight.type().id();
        if (op.activations() == Op.Activations.FLOAT) {
            add(Kernel.LINEAR, row, type, slab, Per.TILE, weight.rows());
            return;
        }
        if (!weight.type().ternary()) {
            throw new UnsupportedModelException(
                    "the backend tornado has no linear layer with INT8_ROW activations for "
                            + weight.type()
                            + " weights, which the tensor "
                            + weight.name()
                            + " has; such layers have ternary weights");
        }
        new TernaryScales(weight).byRow(); // refuses weights that are none
        row[OpTable.SCRATCH] = scratch;
        row[OpTable.PER_SCALE] = weight.type().blockSize();
        widestCodes = Math.max(widestCodes, weight.columns());
        int number = append(row);
        current.add(Kernel.QUANTISE, number, 0, 0, Per.ROW, 1);
        current.add(Kernel.TERNARY, number, type, slab, Per.ROW, weight.rows());
    }

    private void rope(Op.Rope op, int[] row) {
        operands(row, op.data(), op.data(), op.data());
        RotaryEmbedding embedding = op.embedding();
        int pairs = embedding.dimensions() / 2;
        Integer known = angles.get(embedding);
        if (known == null) {
            known = (int) angleFloats;
            angles.put(embedding, known);
            angleFloats += 2L * maxRows * pairs;
            BufferSizes.transferred(angleFloats, "rotary angles");
        }
        row[OpTable.WIDTH_OUT] = op.headDim();
        row[OpTable.ANGLES] = known;
        row[OpTable.PAIRS] = pairs;
        row[OpTable.HALVES] = embedding.pairing() == RotaryEmbedding.Pairing.HALVES ? 1 : 0;
        add(Kernel.ROPE, row, 0, 0, Per.ROW, (long) op.data().width() / op.headDim() * pairs);
    }

    private void attention(Op.Attention op, int[] row) {
        if (!layers.add(op.layer())) {
            throw new UnsupportedModelException(
                    "the program attends twice in layer "
                            + op.layer()
                            + ", but a cache takes one row of keys a position");
        }
        operands(row, op.query(), op.key(), op.out());
        row[OpTable.THIRD] = offsets[op.value().id()];
        row[OpTable.LAYER] = op.layer();
        row[OpTable.CONSTANT] = weights.constant(op.scale());
        int kinds = 2 * heads.kvHeads();
        add(Kernel.APPEND, row, 0, 0, Per.ROW, kinds);
        current.appends(op.layer());
        close();
        current.encodes(op.layer());
        int number = append(row.clone());
        int dim = heads.headDim();
        current.add(Kernel.ENCODE, number, 0, 0, Per.SPAN, (long) kinds * dim);
        current.add(Kernel.TALLY, number, 0, 0, Per.ROW, kinds);
        current.add(Kernel.SCORES, number, 0, 0, Per.BLOCK, 1);
        current.add(Kernel.PACKED, number, 0, 0, Per.REFERENCE, 1);
        current.add(Kernel.SOFTMAX, number, 0, 0, Per.QUERY, 1);
        current.add(Kernel.MIX, number, 0, 0, Per.QUERY, dim);
        current.attends();
    }

    private void logits(Op.Logits op, int[] row) {
        if (logits != null) {
            throw new UnsupportedModelException(
                    "the backend tornado runs programs that compute logits once, not twice");
        }
        row[OpTable.IN] = offsets[op.in().id()];
        row[OpTable.WIDTH_IN] = op.in().width();
        row[OpTable.WIDTH_OUT] = op.weight().rows();
        int slab = matrix(row, op.weight()).slab();
        close();
        logits = new Segment(ops.size());
        ops.add(row);
        logits.add(Kernel.LOGITS, 0, op.weight().type().id(), slab, Per.ROW, op.weight().rows());
        current = new Segment(ops.size());
    }

    Program program() {
        return program;
    }

    int maxRows() {
        return maxRows;
    }

    /** Index of a value's first float. */
    int offset(Value value) {
        return offsets[value.id()];
    }

    /** Floats of all activations. */
    int valueFloats() {
        return (int) values;
    }

    List<Segment> segments() {
        return segments;
    }

    /** The logits, if the program computes any. */
    @Nullable Segment logits() {
        return logits;
    }

    /** The attention of a layer, which is the same graph for all of them; none if none attends. */
    List<TaskSpec> attention() {
        return segments.stream()
                .map(Segment::attention)
                .filter(tasks -> !tasks.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    /** Floats of the scores that are kept at a time, if one query needs no more. */
    int scores() {
        return scores;
    }

    /** Different graphs, in the order of their first segments. */
    List<List<TaskSpec>> graphs() {
        return segments.stream().map(Segment::tasks).distinct().toList();
    }

    /** Rows of logits that are computed at a time. */
    int logitRows() {
        int vocabulary = Math.max(1, program.vocabulary());
        return Math.max(1, Math.min(maxRows, (1 << 20) / vocabulary));
    }

    /** Whether any layer attends. */
    boolean attends() {
        return !layers.isEmpty();
    }

    /**
     * The buffers that it needs.
     *
     * @param step ints of a step's tables
     * @param places ints that tell where its rows lie
     * @param pool floats of keys and values
     * @param words of keys and values
     */
    BufferSizes sizes(int step, int places, int pool, int words, int scores) {
        return new BufferSizes(
                BufferSizes.transferred(Control.LIST + (long) maxRows, "a step's rows"),
                BufferSizes.transferred((long) ops.size() * OpTable.STRIDE_OPS, "operations"),
                step,
                places,
                weights.floats(),
                BufferSizes.transferred(angleFloats, "rotary angles"),
                BufferSizes.resident(values, "activations"),
                pool,
                words,
                scores,
                BufferSizes.transferred(
                        EncodeKernels.FIRST_COUNT + 2L * maxRows * heads.layers() * heads.kvHeads(),
                        "counts of a step"),
                BufferSizes.transferred(
                        WeightKernels.FIRST_LOGIT + (long) logitRows() * program.vocabulary(),
                        "logits"),
                BufferSizes.resident((long) maxRows * widestCodes, "rounded activations"),
                weights.slabs());
    }

    /** Writes weights, constants and shapes to the host's side of the buffers. */
    void fill(DeviceBuffers buffers) {
        weights.fill(buffers);
        for (int i = 0; i < ops.size(); i++) {
            for (int k = 0; k < OpTable.STRIDE_OPS; k++) {
                buffers.ops.set(i * OpTable.STRIDE_OPS + k, ops.get(i)[k]);
            }
        }
    }

    /** Computes the angles of a row of a step, in double precision. */
    void angles(DeviceBuffers buffers, int row, int position) {
        angles.forEach((embedding, first) -> {
            double[] frequencies = embedding.frequencies();
            int at = first + row * frequencies.length * 2;
            for (int pair = 0; pair < frequencies.length; pair++) {
                double angle = position * frequencies[pair];
                buffers.angles.set(at + 2 * pair, (float) Math.cos(angle));
                buffers.angles.set(at + 2 * pair + 1, (float) Math.sin(angle));
            }
        });
    }
}
