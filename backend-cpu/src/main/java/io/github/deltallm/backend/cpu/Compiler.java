package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.Value;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Groups a program's operations into stages: runs of row-wise operations; linear layers that share
 * their input together with what follows column by column; attention; logits.
 */
final class Compiler {
    private final Program program;
    private final int maxRows;
    private final Arena arena;
    private final Rows[] rows;
    private final Packed packed;
    private final RoundedRows rounded;
    private final Team team;
    private final AttentionPlan plan;
    private final Precision precision;
    private final WeightMemory memory;
    private final StreamedWeights streamed;
    private final TernaryCompiler ternary;
    private final Map<String, Linear> linears = new HashMap<>();
    private final Map<Repacking.Key, RepackedWeight> repacked = new HashMap<>();
    private final Map<RotaryEmbedding, RotaryTable> tables = new HashMap<>();
    private final List<Stage> stages = new ArrayList<>();

    Compiler(
            Program program,
            int maxRows,
            AttentionPlan plan,
            Team team,
            Precision precision,
            Arena arena) {
        this.program = program;
        this.maxRows = maxRows;
        this.plan = plan;
        this.team = team;
        this.precision = precision;
        this.arena = arena;
        check(program);
        memory = new WeightMemory(arena);
        streamed = new StreamedWeights(program, precision, team, memory, HugePages.available());
        ternary = new TernaryCompiler(program, maxRows, team, memory);
        rows =
                program.values().stream()
                        .map(value -> Rows.allocate(arena, maxRows, value.width()))
                        .toArray(Rows[]::new);
        packed = new Packed(arena, maxRows, longestRow(program, weight -> true));
        rounded =
                new RoundedRows(
                        maxRows,
                        longestRow(program, weight -> RepackedWeight.rounds(weight, precision)));
    }

    private static void check(Program program) {
        for (Op op : program.ops()) {
            if (op instanceof Op.Linear linear
                    && linear.activations() == Op.Activations.INT8_ROW
                    && !linear.weight().type().ternary()) {
                throw new UnsupportedModelException(
                        "the tensor "
                                + linear.weight().name()
                                + " of type "
                                + linear.weight().type()
                                + " belongs to a linear layer with INT8_ROW activations, which"
                                + " the cpu backend has for ternary weights only; use a file of"
                                + " the model with ternary tensors");
            }
        }
    }

    /** Columns of the longest weight row of a program, of those weights that are chosen. */
    static int longestRow(Program program, Predicate<Tensor> chosen) {
        return program.ops().stream()
                .flatMap(op ->
                        switch (op) {
                            case Op.Embed embed -> Stream.of(embed.table());
                            case Op.Linear linear -> Stream.of(linear.weight());
                            case Op.Logits logits -> Stream.of(logits.weight());
                            default -> Stream.<Tensor>empty();
                        })
                .filter(chosen)
                .mapToInt(Tensor::columns)
                .max()
                .orElse(1);
    }

    /** The buffers of the program's values, by id. */
    Rows[] rows() {
        return rows;
    }

    List<Stage> stages() {
        List<Op> ops = program.ops();
        for (int at = 0; at < ops.size(); ) {
            at =
                    switch (ops.get(at)) {
                        case Op.Linear linear -> linearStage(ops, at, linear);
                        case Op.Attention attention -> {
                            stages.add(attentionStage(attention));
                            yield at + 1;
                        }
                        case Op.Logits logits -> {
                            stages.add(
                                    new LogitsStage(
                                            rows(logits.in()),
                                            product(logits.weight(), Optional.empty()),
                                            packed,
                                            rounded,
                                            maxRows,
                                            arena));
                            yield at + 1;
                        }
                        default -> rowStage(ops, at);
                    };
        }
        return stages;
    }

    private Rows rows(Value value) {
        return rows[value.id()];
    }

    private Stage attentionStage(Op.Attention op) {
        return new AttentionStage(
                program.heads(),
                op,
                rows(op.query()),
                rows(op.key()),
                rows(op.value()),
                rows(op.out()),
                plan);
    }

    /** Returns the index of the first operation behind the stage. */
    private int rowStage(List<Op> ops, int from) {
        List<RowOp> chosen = new ArrayList<>();
        int at = from;
        for (; at < ops.size(); at++) {
            switch (ops.get(at)) {
                case Op.Embed embed ->
                        chosen.add(
                                new RowOp.Embed(
                                        linear(embed.table(), Optional.empty()),
                                        rows(embed.out())));
                case Op.RmsNorm norm ->
                        chosen.add(
                                new RowOp.RmsNorm(
                                        rows(norm.in()),
                                        vector(norm.weight()),
                                        norm.weight().columns(),
                                        norm.epsilon(),
                                        rows(norm.out())));
                case Op.Rope rope -> rope(rope, chosen);
                case Op.Add add -> chosen.add(columnOp(add));
                case Op.Gate gate -> chosen.add(columnOp(gate));
                case Op.Linear linear -> {
                    return endRows(chosen, at);
                }
                case Op.Attention attention -> {
                    return endRows(chosen, at);
                }
                case Op.Logits logits -> {
                    return endRows(chosen, at);
                }
            }
        }
        return endRows(chosen, at);
    }

    private int endRows(List<RowOp> chosen, int at) {
        stages.add(new RowStage(chosen.toArray(RowOp[]::new)));
        return at;
    }

    private void rope(Op.Rope op, List<RowOp> chosen) {
        RotaryTable table = tables.get(op.embedding());
        if (table == null) {
            table = new RotaryTable(op.embedding(), maxRows, arena);
            tables.put(op.embedding(), table);
            chosen.add(new RowOp.RotaryAngles(table));
        }
        chosen.add(new RowOp.Rope(rows(op.data()), op.headDim(), table));
    }

    private RowOp.ColumnOp columnOp(Op op) {
        return switch (op) {
            case Op.Add add -> new RowOp.Add(rows(add.left()), rows(add.right()), rows(add.out()));
            case Op.Gate gate ->
                    new RowOp.Gate(
                            rows(gate.gate()), rows(gate.up()), gate.function(), rows(gate.out()));
            default -> throw new IllegalArgumentException(op + " does not work column by column");
        };
    }

    private int linearStage(List<Op> ops, int from, Op.Linear first) {
        List<Op.Linear> group = new ArrayList<>();
        Set<Integer> written = new HashSet<>();
        int at = from;
        while (at < ops.size()
                && ops.get(at) instanceof Op.Linear next
                && next.in().id() == first.in().id()
                && next.activations() == first.activations()
                && written.add(next.out().id())) {
            group.add(next);
            at++;
        }
        List<RowOp.ColumnOp> then = new ArrayList<>();
        // Other threads still read the group's input while this one goes on.
        while (at < ops.size() && followsByColumn(ops.get(at), first.in())) {
            then.add(columnOp(ops.get(at)));
            at++;
        }
        Rows in = rows(first.in());
        Rows[] outs = group.stream().map(op -> rows(op.out())).toArray(Rows[]::new);
        RowOp.ColumnOp[] followers = then.toArray(RowOp.ColumnOp[]::new);
        stages.add(
                switch (first.activations()) {
                    case INT8_ROW -> ternary.stage(in, group, outs, followers);
                    case FLOAT ->
                            new LinearStage(
                                    new Inputs(in, packed, rounded),
                                    products(group),
                                    outs,
                                    followers);
                });
        return at;
    }

    private static boolean followsByColumn(Op op, Value groupInput) {
        return switch (op) {
            case Op.Add add -> add.out().id() != groupInput.id();
            case Op.Gate gate -> gate.out().id() != groupInput.id();
            default -> false;
        };
    }

    private Product[] products(List<Op.Linear> group) {
        return group.stream().map(op -> product(op.weight(), op.bias())).toArray(Product[]::new);
    }

    private Product product(Tensor weight, Optional<Tensor> bias) {
        return RepackedWeight.takes(weight, precision)
                ? repacked(weight, bias)
                : linear(weight, bias);
    }

    /** A weight is repacked once, by the team, however often the program uses it. */
    private RepackedWeight repacked(Tensor weight, Optional<Tensor> bias) {
        Repacking.Key key = new Repacking.Key(weight, bias);
        RepackedWeight known = repacked.get(key);
        if (known != null) {
            return known;
        }
        RepackedWeight made = RepackedWeight.of(weight, precision, bias, memory);
        Repacking.inParts(weight, team, made::pack);
        repacked.put(key, made);
        return made;
    }

    /** A weight is prepared once, however often the program uses it. */
    private Linear linear(Tensor weight, Optional<Tensor> bias) {
        String name = weight.name() + bias.map(tensor -> "\n" + tensor.name()).orElse("");
        Linear known = linears.get(name);
        if (known != null && known.isOf(weight)) {
            return known;
        }
        Linear linear = new Linear(weight, streamed.data(weight), bias, arena);
        linears.put(name, linear);
        return linear;
    }

    /** A vector as fp32, padded to 16. */
    private MemorySegment vector(Tensor tensor) {
        float[] values = new float[Lanes.padded(tensor.columns())];
        new Linear(tensor, Optional.empty(), arena).decode(0, values, 0);
        MemorySegment vector = Native.floats(arena, values.length, "the tensor " + tensor.name());
        MemorySegment.copy(values, 0, vector, Lanes.FLOAT, 0, values.length);
        return vector;
    }
}
