/* Operations that work row by row. LANES items share a run of a norm. */

/*
 * out = in / sqrt(mean(in^2) + epsilon) * weight for runs of `width` values.
 * Global: LANES, runs.
 */
kernel void rms_norm(
        global const float *in,
        global const float *weight,
        float epsilon,
        int width,
        int runs,
        global float *out,
        local float *shared) {
    const int run = get_global_id(1);
    const int lane = get_local_id(0);
    const bool inside = run < runs;
    global const float *x = in + (size_t) (inside ? run : 0) * width;
    const int whole = width & ~3;
    float4 squares = 0.0f;
    float rest = 0.0f;
    for (int i = 4 * lane; i < whole; i += 4 * LANES) {
        const float4 v = vload4(0, x + i);
        squares += v * v;
    }
    for (int i = whole + lane; i < width; i += LANES) {
        rest += x[i] * x[i];
    }
    const float sum = lanes_sum(sum4(squares) + rest, shared);
    const float root = sqrt(sum / width + epsilon);
    if (inside) {
        global float *y = out + (size_t) run * width;
        for (int i = 4 * lane; i < whole; i += 4 * LANES) {
            vstore4(vload4(0, x + i) / root * vload4(0, weight + i), 0, y + i);
        }
        for (int i = whole + lane; i < width; i += LANES) {
            y[i] = x[i] / root * weight[i];
        }
    }
}

/*
 * Rotates the pairs of every head by their row's angles. `angles` has cosine and sine of each pair
 * of a row. Pair p is the channels p and p + pairs, or 2p and 2p + 1.
 * Global: all pairs of a row, rows.
 */
kernel void rope(
        global float *data,
        global const float2 *angles,
        int width,
        int head_dim,
        int pairs,
        int halves,
        int rows) {
    const int row = get_global_id(1);
    const int pair = get_global_id(0) % pairs;
    const int head = get_global_id(0) / pairs;
    if (row >= rows || (head + 1) * head_dim > width) {
        return;
    }
    global float *at = data + (size_t) row * width + head * head_dim;
    const int first = halves ? pair : 2 * pair;
    const int second = halves ? pair + pairs : first + 1;
    const float2 angle = angles[(size_t) row * pairs + pair];
    const float x = at[first];
    const float y = at[second];
    at[first] = x * angle.x - y * angle.y;
    at[second] = x * angle.y + y * angle.x;
}

/* Every `stride`-th word of a buffer, to see whether it can be read. Global: count. */
kernel void peek(global const uint *in, ulong stride, int count, global uint *out) {
    const int i = get_global_id(0);
    if (i < count) {
        out[i] = in[i * stride];
    }
}

/* out = left + right; either may be out. Global: count. */
kernel void add(global const float *left, global const float *right, global float *out, int count) {
    const int i = get_global_id(0);
    if (i < count) {
        out[i] = left[i] + right[i];
    }
}

/* out = silu(gate) * up. Global: count. */
kernel void gate_silu(
        global const float *gate, global const float *up, global float *out, int count) {
    const int i = get_global_id(0);
    if (i < count) {
        const float x = gate[i];
        out[i] = x / (1.0f + exp(-x)) * up[i];
    }
}

/* out = max(gate, 0)^2 * up; NaN stays NaN. Global: count. */
kernel void gate_squared_relu(
        global const float *gate, global const float *up, global float *out, int count) {
    const int i = get_global_id(0);
    if (i < count) {
        const float x = gate[i] < 0.0f ? 0.0f : gate[i];
        out[i] = x * x * up[i];
    }
}

/* out = gelu(gate) * up, by the approximation with tanh. Global: count. */
kernel void gate_gelu(
        global const float *gate, global const float *up, global float *out, int count) {
    const int i = get_global_id(0);
    if (i < count) {
        const float x = gate[i];
        const float t = tanh(0.79788456f * (x + 0.044715f * x * x * x));
        out[i] = 0.5f * x * (1.0f + t) * up[i];
    }
}
