package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The operations that work on rows alone. */
public final class RowKernels {
    static final int SILU = 0;
    static final int SQUARED_RELU = 1;
    static final int GELU = 2;

    private RowKernels() {}

    /** {@code in / sqrt(mean(in^2) + epsilon) * weight}; a thread does one run of the weight. */
    public static void rmsNorm(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            FloatArray floats,
            FloatArray values) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int at = OpTable.at(control, op);
        int width = ops.get(at + OpTable.WIDTH_OUT);
        int runs = ops.get(at + OpTable.WIDTH_IN) / width;
        if (i < control.get(Control.ROWS) * runs) {
            int in = ops.get(at + OpTable.IN) + i * width;
            int out = ops.get(at + OpTable.OUT) + i * width;
            int weight = ops.get(at + OpTable.WEIGHT);
            float squares = 0;
            for (int c = 0; c < width; c++) {
                squares += values.get(in + c) * values.get(in + c);
            }
            float mean = squares / width + floats.get(ops.get(at + OpTable.CONSTANT));
            float root = TornadoMath.sqrt(mean);
            for (int c = 0; c < width; c++) {
                values.set(out + c, values.get(in + c) / root * floats.get(weight + c));
            }
        }
    }

    /** Rotates a pair of channels in each thread, by the angles of the row's position. */
    public static void rope(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            FloatArray angles,
            FloatArray values) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int at = OpTable.at(control, op);
        int pairs = ops.get(at + OpTable.PAIRS);
        int width = ops.get(at + OpTable.WIDTH_IN);
        int dim = ops.get(at + OpTable.WIDTH_OUT);
        int heads = width / dim;
        if (i < control.get(Control.ROWS) * heads * pairs) {
            int row = i / (heads * pairs);
            int head = i / pairs % heads;
            int pair = i % pairs;
            int start = ops.get(at + OpTable.IN) + row * width + head * dim;
            int first = start + 2 * pair;
            int second = first + 1;
            if (ops.get(at + OpTable.HALVES) != 0) {
                first = start + pair;
                second = first + pairs;
            }
            int angle = ops.get(at + OpTable.ANGLES) + (row * pairs + pair) * 2;
            float cos = angles.get(angle);
            float sin = angles.get(angle + 1);
            float x = values.get(first);
            float y = values.get(second);
            values.set(first, x * cos - y * sin);
            values.set(second, x * sin + y * cos);
        }
    }

    /** {@code function(gate) * up}. */
    public static void gate(
            KernelContext context,
            int op,
            int function,
            IntArray control,
            IntArray ops,
            FloatArray values) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int at = OpTable.at(control, op);
        if (i < control.get(Control.ROWS) * ops.get(at + OpTable.WIDTH_OUT)) {
            float x = values.get(ops.get(at + OpTable.IN) + i);
            float activated = x;
            if (function == SILU) {
                activated = x / (1 + TornadoMath.exp(-x));
            } else if (function == SQUARED_RELU) {
                if (x <= 0) {
                    activated = 0;
                }
                activated = activated * activated;
            } else {
                // sqrt(2 / pi) (x + 0.044715 x^3), and tanh by an exponential that can't overflow.
                float argument = 0.7978845608f * (x + 0.044715f * x * x * x);
                float e = TornadoMath.exp(-2 * Math.abs(argument));
                float tanh = (1 - e) / (1 + e);
                if (argument < 0) {
                    tanh = -tanh;
                }
                activated = 0.5f * x * (1 + tanh);
            }
            values.set(
                    ops.get(at + OpTable.OUT) + i,
                    activated * values.get(ops.get(at + OpTable.SECOND) + i));
        }
    }

    /** {@code left + right}. */
    public static void sum(
            KernelContext context, int op, IntArray control, IntArray ops, FloatArray values) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int at = OpTable.at(control, op);
        if (i < control.get(Control.ROWS) * ops.get(at + OpTable.WIDTH_OUT)) {
            values.set(
                    ops.get(at + OpTable.OUT) + i,
                    values.get(ops.get(at + OpTable.IN) + i)
                            + values.get(ops.get(at + OpTable.SECOND) + i));
        }
    }
}
