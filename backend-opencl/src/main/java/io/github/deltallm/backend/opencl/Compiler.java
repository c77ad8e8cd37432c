package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TernaryScales;
import io.github.deltallm.api.spi.Value;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Turns a program's operations into launches, and makes the buffers that they work on. */
final class Compiler {
    private final OpenClDevice device;
    private final ClQueue queue;
    private final Program program;
    private final int maxRows;
    private final StepState state;
    private final KeyValueStore store;
    private final Resources resources;
    private final Weights weights;
    private final Activation[] activations;
    private final Map<RotaryEmbedding, RotaryTable> tables = new HashMap<>();
    private final List<Launch> launches = new ArrayList<>();
    private @Nullable TernaryInput rounded;

    /**
     * @param resources closes all that is made here
     */
    Compiler(
            OpenClDevice device,
            ClQueue queue,
            Program program,
            int maxRows,
            StepState state,
            KeyValueStore store,
            Resources resources) {
        this.device = device;
        this.queue = queue;
        this.program = program;
        this.maxRows = maxRows;
        this.state = state;
        this.store = store;
        this.resources = resources;
        weights = new Weights(device, queue, resources);
        activations = program.values().stream().map(this::activation).toArray(Activation[]::new);
    }

    /**
     * Refuses what the backend has no kernels for.
     *
     * @throws UnsupportedModelException names the operation and the tensor
     */
    static void check(Program program) {
        Set<Integer> layers = new HashSet<>();
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
                                + " the opencl backend has for ternary weights only; use a file of"
                                + " the model with ternary tensors");
            }
            if (op instanceof Op.Attention attention && !layers.add(attention.layer())) {
                throw new UnsupportedModelException(
                        "the program attends twice in layer "
                                + attention.layer()
                                + ", but a cache takes one row of keys a position");
            }
        }
    }

    private Activation activation(Value value) {
        long bytes = 4L * maxRows * value.width();
        return new Activation(value, buffer(bytes, "the activations " + value.name()));
    }

    private ClBuffer buffer(long bytes, String what) {
        return resources.add(device.context().buffer(BufferUse.ACTIVATIONS, bytes, what));
    }

    /** The buffers of the program's values, by id. */
    Activation[] activations() {
        return activations;
    }

    /** What has to be sent before each step. */
    List<RotaryTable> tables() {
        return List.copyOf(tables.values());
    }

    /** The launches in their order. */
    List<Launch> launches() {
        List<Op> ops = program.ops();
        for (int at = 0; at < ops.size(); ) {
            if (ops.get(at) instanceof Op.Linear linear
                    && linear.activations() == Op.Activations.INT8_ROW) {
                at = ternary(ops, at, linear);
            } else {
                add(launch(ops.get(at)));
                at++;
            }
        }
        queue.finish();
        return launches;
    }

    private void add(Launch launch) {
        launches.add(resources.add(launch, launch::close));
    }

    private Launch launch(Op op) {
        return switch (op) {
            case Op.Embed embed ->
                    new EmbedLaunch(
                            device,
                            queue,
                            resources,
                            weights.of(embed.table()),
                            state.tokens(),
                            buffer(embed.out()),
                            embed.table().columns());
            case Op.RmsNorm norm ->
                    new NormLaunch(
                            device,
                            queue,
                            resources,
                            norm,
                            buffer(norm.in()),
                            weights.vector(norm.weight()),
                            buffer(norm.out()));
            case Op.Linear linear ->
                    new LinearLaunch(
                            new Linear(
                                    device,
                                    queue,
                                    weights.of(linear.weight()),
                                    bias(linear.bias()),
                                    buffer(linear.in()),
                                    buffer(linear.out())));
            case Op.Rope rope ->
                    new RopeLaunch(
                            device,
                            queue,
                            resources,
                            rope,
                            buffer(rope.data()),
                            table(rope.embedding()));
            case Op.Attention attention ->
                    store.attention(
                            attention,
                            of(attention.query()),
                            of(attention.key()),
                            of(attention.value()),
                            of(attention.out()));
            case Op.Gate gate ->
                    new ElementLaunch(
                            device,
                            queue,
                            resources,
                            ElementLaunch.gate(gate.function()),
                            buffer(gate.gate()),
                            buffer(gate.up()),
                            of(gate.out()));
            case Op.Add add ->
                    new ElementLaunch(
                            device,
                            queue,
                            resources,
                            "add",
                            buffer(add.left()),
                            buffer(add.right()),
                            of(add.out()));
            case Op.Logits logits ->
                    new LogitsLaunch(
                            device,
                            queue,
                            store,
                            of(logits.in()),
                            weights.of(logits.weight()),
                            maxRows);
        };
    }

    private Activation of(Value value) {
        return activations[value.id()];
    }

    private ClBuffer buffer(Value value) {
        return of(value).buffer();
    }

    private @Nullable ClBuffer bias(Optional<Tensor> bias) {
        return bias.isPresent() ? weights.vector(bias.get()) : null;
    }

    private RotaryTable table(RotaryEmbedding embedding) {
        RotaryTable known = tables.get(embedding);
        if (known == null) {
            known = new RotaryTable(device.context(), embedding, maxRows);
            resources.add(known, known::close);
            tables.put(embedding, known);
        }
        return known;
    }

    /** Layers that round the same input round it once; returns where the next operation is. */
    private int ternary(List<Op> ops, int from, Op.Linear first) {
        List<TernaryLinear> linears = new ArrayList<>();
        int at = from;
        while (at < ops.size()
                && ops.get(at) instanceof Op.Linear next
                && next.activations() == Op.Activations.INT8_ROW
                && next.in().id() == first.in().id()) {
            TernaryLinear linear = ternary(next);
            linears.add(resources.add(linear, linear::close));
            at++;
        }
        add(
                new TernaryLaunch(
                        device,
                        queue,
                        resources,
                        buffer(first.in()),
                        first.in().width(),
                        weights.of(first.weight()),
                        rounded(),
                        linears));
        return at;
    }

    private TernaryLinear ternary(Op.Linear op) {
        WeightBuffer weight = weights.of(op.weight());
        float[] scales = new TernaryScales(op.weight()).byRow();
        ClBuffer byRow =
                resources.add(
                        device.context()
                                .buffer(
                                        BufferUse.WEIGHTS,
                                        4L * scales.length,
                                        "the scales of " + op.weight().name()));
        try (Arena arena = Arena.ofConfined()) {
            queue.writeNow(
                    byRow,
                    0,
                    arena.allocateFrom(ValueLayout.JAVA_FLOAT, scales),
                    0,
                    4L * scales.length);
        }
        return new TernaryLinear(
                device, queue, weight, byRow, bias(op.bias()), rounded(), buffer(op.out()));
    }

    /** Room for the widest input that is rounded. */
    private TernaryInput rounded() {
        if (rounded == null) {
            long widest =
                    program.ops().stream()
                            .mapToInt(
                                    op -> op instanceof Op.Linear linear ? linear.in().width() : 0)
                            .max()
                            .orElse(0);
            rounded =
                    new TernaryInput(
                            buffer(widest * maxRows, "rounded activations"),
                            buffer(4L * maxRows, "factors of rounded activations"));
        }
        return rounded;
    }
}
