package io.github.deltallm.api.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A model's forward pass, recorded once by its {@link ModelFamilyProvider} and compiled by a {@link
 * Backend}.
 *
 * <p>A program is a straight line of {@link Op}s over {@link Value}s. Shapes are checked while it
 * is recorded, so a backend need not check them again. Inputs are values that the caller writes
 * before a run and outputs are values that stay readable after it: conformance tests run single
 * operations that way; models have neither. Immutable.
 */
public final class Program {
    private final HeadShape heads;
    private final List<Value> values;
    private final List<Op> ops;
    private final List<Value> inputs;
    private final List<Value> outputs;

    private Program(Recorder recorder) {
        heads = recorder.heads;
        values = List.copyOf(recorder.values);
        ops = List.copyOf(recorder.ops);
        inputs = List.copyOf(recorder.inputs);
        outputs = List.copyOf(recorder.outputs);
    }

    /** The attention geometry that caches for this program have. */
    public HeadShape heads() {
        return heads;
    }

    /** All values; a value's id is its index. */
    public List<Value> values() {
        return values;
    }

    public List<Op> ops() {
        return ops;
    }

    public List<Value> inputs() {
        return inputs;
    }

    public List<Value> outputs() {
        return outputs;
    }

    /** The number of logits a row has; 0 if the program computes none. */
    public int vocabulary() {
        return ops.stream()
                .mapToInt(op -> op instanceof Op.Logits logits ? logits.weight().rows() : 0)
                .max()
                .orElse(0);
    }

    /** Starts to record a program. */
    public static Recorder record(HeadShape heads) {
        return new Recorder(heads);
    }

    /** Records operations in their order and checks their shapes; not thread-safe. */
    public static final class Recorder {
        private final HeadShape heads;
        private final List<Value> values = new ArrayList<>();
        private final List<Op> ops = new ArrayList<>();
        private final List<Value> inputs = new ArrayList<>();
        private final List<Value> outputs = new ArrayList<>();

        private Recorder(HeadShape heads) {
            this.heads = heads;
        }

        /** A new activation of this width. */
        public Value value(String name, int width) {
            if (width < 1) {
                throw new IllegalArgumentException("the value " + name + " has width " + width);
            }
            Value value = new Value(values.size(), name, width);
            values.add(value);
            return value;
        }

        /** A new activation that the caller writes before each run. */
        public Value input(String name, int width) {
            Value value = value(name, width);
            inputs.add(value);
            return value;
        }

        /** Keeps a value readable after each run. */
        public Recorder output(Value value) {
            outputs.add(value);
            return this;
        }

        public Recorder embed(Tensor table, Value out) {
            same(
                    "columns of " + table.name(),
                    table.columns(),
                    "width of " + out.name(),
                    out.width());
            return add(new Op.Embed(table, out));
        }

        public Recorder rmsNorm(Value in, Tensor weight, float epsilon, Value out) {
            vector(weight, weight.columns());
            same("width of " + in.name(), in.width(), "width of " + out.name(), out.width());
            multiple(in, weight.columns());
            return add(new Op.RmsNorm(in, weight, epsilon, out));
        }

        public Recorder linear(Value in, Tensor weight, Value out) {
            return linear(in, weight, Optional.empty(), Op.Activations.FLOAT, out);
        }

        public Recorder linear(
                Value in,
                Tensor weight,
                Optional<Tensor> bias,
                Op.Activations activations,
                Value out) {
            same(
                    "columns of " + weight.name(),
                    weight.columns(),
                    "width of " + in.name(),
                    in.width());
            same("rows of " + weight.name(), weight.rows(), "width of " + out.name(), out.width());
            bias.ifPresent(tensor -> vector(tensor, out.width()));
            distinct(in, out);
            return add(new Op.Linear(in, weight, bias, activations, out));
        }

        public Recorder rope(Value data, RotaryEmbedding embedding) {
            multiple(data, heads.headDim());
            if (embedding.dimensions() > heads.headDim()) {
                throw new IllegalArgumentException(
                        "the rotary embedding has "
                                + embedding.dimensions()
                                + " channels, a head only "
                                + heads.headDim());
            }
            return add(new Op.Rope(data, heads.headDim(), embedding));
        }

        public Recorder attention(
                int layer, Value query, Value key, Value value, float scale, Value out) {
            if (layer < 0 || layer >= heads.layers()) {
                throw new IllegalArgumentException(
                        "there is no layer " + layer + " of " + heads.layers());
            }
            same(
                    "width of " + query.name(),
                    query.width(),
                    "width of all query heads",
                    heads.queryWidth());
            same("width of " + key.name(), key.width(), "width of all key heads", heads.kvWidth());
            same(
                    "width of " + value.name(),
                    value.width(),
                    "width of all value heads",
                    heads.kvWidth());
            same(
                    "width of " + out.name(),
                    out.width(),
                    "width of all query heads",
                    heads.queryWidth());
            distinct(query, out);
            return add(new Op.Attention(layer, query, key, value, scale, out));
        }

        public Recorder gate(Value gate, Value up, Op.GateFunction function, Value out) {
            same("width of " + gate.name(), gate.width(), "width of " + up.name(), up.width());
            same("width of " + gate.name(), gate.width(), "width of " + out.name(), out.width());
            return add(new Op.Gate(gate, up, function, out));
        }

        public Recorder add(Value left, Value right, Value out) {
            same(
                    "width of " + left.name(),
                    left.width(),
                    "width of " + right.name(),
                    right.width());
            same("width of " + left.name(), left.width(), "width of " + out.name(), out.width());
            return add(new Op.Add(left, right, out));
        }

        public Recorder logits(Value in, Tensor weight) {
            same(
                    "columns of " + weight.name(),
                    weight.columns(),
                    "width of " + in.name(),
                    in.width());
            return add(new Op.Logits(in, weight));
        }

        /** The program as recorded so far. */
        public Program program() {
            return new Program(this);
        }

        private Recorder add(Op op) {
            ops.add(op);
            return this;
        }

        private static void vector(Tensor tensor, int columns) {
            if (tensor.rows() != 1 || tensor.columns() != columns) {
                throw new IllegalArgumentException(
                        "the tensor "
                                + tensor.name()
                                + " is "
                                + tensor.rows()
                                + " x "
                                + tensor.columns()
                                + ", not one row of "
                                + columns);
            }
        }

        private static void multiple(Value value, int of) {
            if (value.width() % of != 0) {
                throw new IllegalArgumentException(
                        "the width "
                                + value.width()
                                + " of "
                                + value.name()
                                + " is no multiple of "
                                + of);
            }
        }

        private static void same(String what, int left, String other, int right) {
            if (left != right) {
                throw new IllegalArgumentException(
                        "the " + what + " is " + left + ", the " + other + " " + right);
            }
        }

        private static void distinct(Value in, Value out) {
            if (in.id() == out.id()) {
                throw new IllegalArgumentException(
                        in.name() + " can't be both input and output of one operation");
            }
        }
    }
}
