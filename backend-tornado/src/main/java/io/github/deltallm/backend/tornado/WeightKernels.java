package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The operations with weights that are matrices. Weights stay as the file has them and are decoded
 * 32 values at a time; a thread decodes a block once for up to {@link #TILE} rows.
 *
 * <p>All kernels find their shapes in {@link OpTable}, so that one compiled kernel serves every
 * shape.
 */
public final class WeightKernels {
    /** Rows that a thread computes. */
    static final int TILE = 8;

    /** Where logits begin; {@link Progress} lies before them. */
    static final int FIRST_LOGIT = 16;

    private WeightKernels() {}

    /** {@code out = table[token]}; a thread decodes 32 values. */
    public static void embed(
            KernelContext context,
            int op,
            int type,
            IntArray control,
            IntArray ops,
            IntArray step,
            FloatArray floats,
            ByteArray weights,
            FloatArray values) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int at = OpTable.at(control, op);
        int columns = ops.get(at + OpTable.WIDTH_OUT);
        int blocks = (columns + Blocks.SIZE - 1) / Blocks.SIZE;
        if (i < control.get(Control.ROWS) * blocks) {
            int row = i / blocks;
            int b = i - row * blocks;
            int count = Math.min(Blocks.SIZE, columns - b * Blocks.SIZE);
            int from =
                    ops.get(at + OpTable.WEIGHT)
                            + StepTable.token(step, row) * ops.get(at + OpTable.STRIDE);
            float[] block = new float[32];
            if (type == Blocks.F32 || type == Blocks.F16 || type == Blocks.BF16) {
                Blocks.plain(type, weights, floats, from, b, count, block);
            } else if (type <= Blocks.Q5_1) {
                Blocks.small(type, weights, floats, from, b, block);
            } else if (type == Blocks.Q8_0) {
                Blocks.eight(weights, floats, from, b, block);
            } else if (type <= Blocks.Q3_K) {
                Blocks.coarse(type, weights, floats, from, b, block);
            } else if (type <= Blocks.Q5_K) {
                Blocks.fine(type, weights, floats, from, b, block);
            } else if (type == Blocks.Q6_K) {
                Blocks.finest(weights, floats, from, b, block);
            } else {
                Blocks.ternary(
                        type, weights, floats, from, ops.get(at + OpTable.CONSTANT), b, block);
            }
            int to = ops.get(at + OpTable.OUT) + row * columns + b * Blocks.SIZE;
            for (int k = 0; k < count; k++) {
                values.set(to + k, block[k]);
            }
        }
    }

    /** {@code out = weight * in + bias}; a thread computes an output of some rows. */
    public static void linear(
            KernelContext context,
            int op,
            int type,
            IntArray control,
            IntArray ops,
            FloatArray floats,
            ByteArray weights,
            FloatArray values) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int at = OpTable.at(control, op);
        int outputs = ops.get(at + OpTable.WIDTH_OUT);
        int rows = control.get(Control.ROWS);
        int tiles = (rows + TILE - 1) / TILE;
        if (i < tiles * outputs) {
            int tile = i / outputs;
            int o = i - tile * outputs;
            int first = tile * TILE;
            int count = Math.min(TILE, rows - first);
            int columns = ops.get(at + OpTable.WIDTH_IN);
            int in = ops.get(at + OpTable.IN) + first * columns;
            int weight = ops.get(at + OpTable.WEIGHT) + o * ops.get(at + OpTable.STRIDE);
            int blocks = (columns + Blocks.SIZE - 1) / Blocks.SIZE;
            float[] block = new float[32];
            float[] sums = new float[8];
            for (int r = 0; r < count; r++) {
                sums[r] = 0;
            }
            for (int b = 0; b < blocks; b++) {
                int size = Math.min(Blocks.SIZE, columns - b * Blocks.SIZE);
                if (type == Blocks.F32 || type == Blocks.F16 || type == Blocks.BF16) {
                    Blocks.plain(type, weights, floats, weight, b, size, block);
                } else if (type <= Blocks.Q5_1) {
                    Blocks.small(type, weights, floats, weight, b, block);
                } else if (type == Blocks.Q8_0) {
                    Blocks.eight(weights, floats, weight, b, block);
                } else if (type <= Blocks.Q3_K) {
                    Blocks.coarse(type, weights, floats, weight, b, block);
                } else if (type <= Blocks.Q5_K) {
                    Blocks.fine(type, weights, floats, weight, b, block);
                } else if (type == Blocks.Q6_K) {
                    Blocks.finest(weights, floats, weight, b, block);
                } else {
                    Blocks.ternary(
                            type,
                            weights,
                            floats,
                            weight,
                            ops.get(at + OpTable.CONSTANT),
                            b,
                            block);
                }
                for (int r = 0; r < count; r++) {
                    int x = in + r * columns + b * Blocks.SIZE;
                    float sum = 0;
                    for (int k = 0; k < size; k++) {
                        sum += block[k] * values.get(x + k);
                    }
                    sums[r] = sums[r] + sum;
                }
            }
            float bias = 0;
            if (ops.get(at + OpTable.BIAS) >= 0) {
                bias = floats.get(ops.get(at + OpTable.BIAS) + o);
            }
            for (int r = 0; r < count; r++) {
                values.set(ops.get(at + OpTable.OUT) + (first + r) * outputs + o, sums[r] + bias);
            }
        }
    }

    /** {@code weight * in} for the rows that {@code control} lists. */
    public static void logits(
            KernelContext context,
            int op,
            int type,
            IntArray control,
            IntArray ops,
            FloatArray floats,
            ByteArray weights,
            FloatArray values,
            FloatArray out) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        Progress.tell(ops, out, 0, i);
        int at = OpTable.at(control, op);
        int outputs = ops.get(at + OpTable.WIDTH_OUT);
        if (i < control.get(Control.ROWS) * outputs) {
            int row = i / outputs;
            int o = i - row * outputs;
            int columns = ops.get(at + OpTable.WIDTH_IN);
            int in = ops.get(at + OpTable.IN) + control.get(Control.LIST + row) * columns;
            int weight = ops.get(at + OpTable.WEIGHT) + o * ops.get(at + OpTable.STRIDE);
            int blocks = (columns + Blocks.SIZE - 1) / Blocks.SIZE;
            float[] block = new float[32];
            float total = 0;
            for (int b = 0; b < blocks; b++) {
                int size = Math.min(Blocks.SIZE, columns - b * Blocks.SIZE);
                if (type == Blocks.F32 || type == Blocks.F16 || type == Blocks.BF16) {
                    Blocks.plain(type, weights, floats, weight, b, size, block);
                } else if (type <= Blocks.Q5_1) {
                    Blocks.small(type, weights, floats, weight, b, block);
                } else if (type == Blocks.Q8_0) {
                    Blocks.eight(weights, floats, weight, b, block);
                } else if (type <= Blocks.Q3_K) {
                    Blocks.coarse(type, weights, floats, weight, b, block);
                } else if (type <= Blocks.Q5_K) {
                    Blocks.fine(type, weights, floats, weight, b, block);
                } else if (type == Blocks.Q6_K) {
                    Blocks.finest(weights, floats, weight, b, block);
                } else {
                    Blocks.ternary(
                            type,
                            weights,
                            floats,
                            weight,
                            ops.get(at + OpTable.CONSTANT),
                            b,
                            block);
                }
                float sum = 0;
                for (int k = 0; k < size; k++) {
                    sum += block[k] * values.get(in + b * Blocks.SIZE + k);
                }
                total = total + sum;
            }
            out.set(FIRST_LOGIT + i, total);
        }
    }

    /**
     * Rounds a row to integers as BitNet b1.58 does: {@code s = 127 / max|x|}, {@code q =
     * clamp(round_half_even(x * s), -128, 127)}. A thread rounds a row; NaN for {@code s} says that
     * the row holds NaN or an infinity, 0 that it holds zeros only.
     */
    public static void quantiseRows(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            FloatArray values,
            IntArray codes) {
        int row = context.globalIdx;
        Progress.count(ops, control, row);
        if (row < control.get(Control.ROWS)) {
            int at = OpTable.at(control, op);
            int columns = ops.get(at + OpTable.WIDTH_IN);
            int in = ops.get(at + OpTable.IN) + row * columns;
            float largest = 0;
            float bad = 0;
            for (int i = 0; i < columns; i++) {
                float x = values.get(in + i);
                bad = bad + (x - x);
                largest = Math.max(largest, Math.abs(x));
            }
            float s = 0;
            if (largest > 0) {
                s = Floats.quotient(127, largest);
            }
            for (int i = 0; i < columns; i++) {
                float scaled = Floats.clamped(values.get(in + i) * s, -128, 127);
                codes.set(row * columns + i, (int) Floats.rounded(scaled));
            }
            // Too small a row for its scale to be finite counts as zeros; the sum is NaN or 0.
            values.set(ops.get(at + OpTable.SCRATCH) + row, Floats.finiteOrZero(s) + bad);
        }
    }

    /** Ternary weights times rows of integers; a thread computes an output. */
    public static void ternary(
            KernelContext context,
            int op,
            int type,
            IntArray control,
            IntArray ops,
            FloatArray floats,
            ByteArray weights,
            FloatArray values,
            IntArray codes) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int at = OpTable.at(control, op);
        int outputs = ops.get(at + OpTable.WIDTH_OUT);
        if (i < control.get(Control.ROWS) * outputs) {
            int row = i / outputs;
            int o = i - row * outputs;
            int columns = ops.get(at + OpTable.WIDTH_IN);
            int weight = ops.get(at + OpTable.WEIGHT) + o * ops.get(at + OpTable.STRIDE);
            int perScale = ops.get(at + OpTable.PER_SCALE);
            int scales = columns / perScale;
            float common = 0;
            int different = 0;
            int sum = 0;
            float total = 0;
            for (int block = 0; block < scales; block++) {
                int first = block * (perScale / Blocks.SIZE);
                float scale =
                        Blocks.tritScale(
                                type,
                                weights,
                                floats,
                                weight,
                                ops.get(at + OpTable.CONSTANT),
                                first);
                if (scale != 0) {
                    int part = 0;
                    for (int b = first; b < first + perScale / Blocks.SIZE; b++) {
                        for (int k = 0; k < Blocks.SIZE; k++) {
                            int code = codes.get(row * columns + b * Blocks.SIZE + k);
                            part += Blocks.trit(type, weights, weight, b, k) * code - code;
                        }
                    }
                    if (common != 0 && scale != common) {
                        different = 1;
                    }
                    common = scale;
                    sum += part;
                    total = total + scale * part;
                }
            }
            float s = values.get(ops.get(at + OpTable.SCRATCH) + row);
            float product = 0;
            if (s != 0) {
                if (different == 0) {
                    product = sum * Floats.quotient(common, s);
                } else {
                    product = Floats.quotient(total, s);
                }
            }
            if (ops.get(at + OpTable.BIAS) >= 0) {
                product = product + floats.get(ops.get(at + OpTable.BIAS) + o);
            }
            values.set(ops.get(at + OpTable.OUT) + row * outputs + o, product);
        }
    }
}
