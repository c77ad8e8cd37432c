/*
 * Ternary weights times activations rounded to 8 bits, as BitNet b1.58 defines them: the integers
 * are the model's, so nothing here may be contracted or rounded in another way.
 */
#pragma OPENCL FP_CONTRACT OFF

#ifndef ROWS
#define ROWS 1
#endif

/*
 * s = 127 / max|x|, q = clamp(round_half_even(x * s), -128, 127) for each row; s is infinite for a
 * row of zeros, and 0 or NaN for one with an infinity or NaN.
 * Global: LANES, rows; local: LANES, 1. `width` is a multiple of 32.
 */
kernel void quantise(
        global const float *in,
        int width,
        int rows,
        global char *quantised,
        global float *factors,
        local float *shared) {
    const int row = get_global_id(1);
    const int lane = get_local_id(0);
    const bool inside = row < rows;
    global const float *x = in + (size_t) (inside ? row : 0) * width;
    float16 most = 0.0f;
    int strange = 0;
    for (int i = 16 * lane; i < width; i += 16 * LANES) {
        const float16 v = fabs(vload16(0, x + i));
        most = fmax(most, v);
        strange |= any(isnan(v));
    }
    const float8 most8 = fmax(most.lo, most.hi);
    const float4 most4 = fmax(most8.lo, most8.hi);
    const float2 most2 = fmax(most4.lo, most4.hi);
    float largest = strange ? NAN : fmax(most2.x, most2.y);
#if LANES > 1
    local float *mine = shared + get_local_id(1) * LANES;
    mine[lane] = largest;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < LANES; i++) {
        const float other = mine[i];
        largest = isnan(largest) || isnan(other) ? NAN : fmax(largest, other);
    }
#endif
    const float s = divide(127.0f, largest);
    if (!inside) {
        return;
    }
    for (int i = 16 * lane; i < width; i += 16 * LANES) {
        const float16 steps = clamp(rint(vload16(0, x + i) * s), -128.0f, 127.0f);
        vstore16(convert_char16_sat(steps), 0, quantised + (size_t) row * width + i);
    }
    if (lane == 0) {
        factors[row] = s;
    }
}

/*
 * out = weight * quantised, scaled (+ bias). `scales` has the scale that all blocks of an output
 * share, NaN where they differ: then the integer sums are those of the blocks, in fp32.
 * Global: LANES, outputs, groups of ROWS rows, as `linear_rows`; outputs are those from
 * `first_output` on.
 *
 * A run is up to 8 units, a block where blocks have scales: sums of 16 bits hold it.
 */
kernel void ternary_rows(
        global const uchar *weight,
        ulong offset,
        ulong row_bytes,
        global const float *scales,
        global const float *bias,
        int has_bias,
        int columns,
        int outputs,
        global const char *in,
        global const float *factors,
        int rows,
        global float *out,
        int first_output,
        int all_outputs,
        local float *shared) {
    const int output = get_global_id(1);
    const int first = get_global_id(2) * ROWS;
    const int lane = get_local_id(0);
    const int units = columns / 32;
    const int safe = min(output, outputs - 1);
    const float common = scales[first_output + safe];
    const bool by_block = isnan(common);
    global const uchar *w = weight + offset + row_bytes * safe;
    int16 sums[ROWS];
    float scaled[ROWS];
    global const char *x[ROWS];
    for (int r = 0; r < ROWS; r++) {
        sums[r] = 0;
        scaled[r] = 0.0f;
        x[r] = in + (size_t) min(first + r, rows - 1) * columns;
    }
    for (int run = 8 * lane; run < units; run += 8 * LANES) {
        const float scale = block_scale(w, run, common);
        if (scale == 0.0f) {
            continue;
        }
        short16 part[ROWS];
        for (int r = 0; r < ROWS; r++) {
            part[r] = 0;
        }
        for (int unit = run; unit < min(run + 8, units); unit++) {
            int16 low, high;
            trits(w, unit, &low, &high);
            const short16 lo = convert_short16(low);
            const short16 hi = convert_short16(high);
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                part[r] += lo * convert_short16(vload16(2 * (size_t) unit, x[r]));
                part[r] += hi * convert_short16(vload16(2 * (size_t) unit + 1, x[r]));
            }
        }
        for (int r = 0; r < ROWS; r++) {
            const int16 wide = convert_int16(part[r]);
            if (by_block) {
                scaled[r] += scale * isum16(wide);
            } else {
                sums[r] += wide;
            }
        }
    }
    for (int r = 0; r < ROWS; r++) {
        const int sum = lanes_isum(isum16(sums[r]), (local int *) shared);
        const float total = lanes_sum(scaled[r], shared);
        if (lane == 0 && output < outputs && first + r < rows) {
            const float s = factors[first + r];
            float value = by_block ? total / s : sum * divide(common, s);
            value = isinf(s) ? 0.0f : isnan(s) || s == 0.0f ? NAN : value;
            const int at = first_output + output;
            out[(size_t) (first + r) * all_outputs + at] = has_bias ? value + bias[at] : value;
        }
    }
}
