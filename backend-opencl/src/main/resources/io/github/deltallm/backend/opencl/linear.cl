/*
 * Products of rows of activations with a matrix that is decoded on the way.
 *
 * ROWS rows of activations share the decoded weights of an item, which has OUTPUTS outputs so that
 * these share what it loads of the rows; TILE is the side of a tile of `linear_tiles`. Rows of the matrix begin `offset` bytes into their buffer; they are those from
 * `first_output` on, `outputs` of `all_outputs`.
 */

#ifndef ROWS
#define ROWS 1
#endif
#ifndef OUTPUTS
#define OUTPUTS 1
#endif

/*
 * out = table[token], where that is one of `table_rows` rows of the table from `first_row` on.
 * Global: units of a row, rows.
 */
kernel void embed(
        global const uchar *table,
        ulong offset,
        ulong row_bytes,
        float scale,
        global const int *tokens,
        int columns,
        int rows,
        global float *out,
        int first_row,
        int table_rows) {
    const int unit = get_global_id(0);
    const int row = get_global_id(1);
    if (32 * unit >= columns || row >= rows) {
        return;
    }
    const int token = tokens[row] - first_row;
    if (token < 0 || token >= table_rows) {
        return;
    }
    float16 lo, hi;
    decode(table + offset + row_bytes * token, unit, columns, scale, &lo, &hi);
    global float *to = out + (size_t) row * columns + 32 * unit;
#ifdef PLAIN
    if (32 * unit + 32 > columns) {
        float tail[32];
        vstore16(lo, 0, tail);
        vstore16(hi, 1, tail);
        for (int i = 0; 32 * unit + i < columns; i++) {
            to[i] = tail[i];
        }
        return;
    }
#endif
    vstore16(lo, 0, to);
    vstore16(hi, 1, to);
}

/*
 * out = weight * in (+ bias): LANES items share the units of an output, ROWS rows of activations
 * its decoded weights. Rows behind the last are computed as the last one and not stored.
 * Global: LANES, groups of OUTPUTS outputs, groups of ROWS rows. A sum's order depends on LANES
 * alone.
 */
kernel void linear_rows(
        global const uchar *weight,
        ulong offset,
        ulong row_bytes,
        float scale,
        global const float *bias,
        int has_bias,
        int columns,
        int outputs,
        global const float *in,
        int rows,
        global float *out,
        int first_output,
        int all_outputs,
        local float *shared) {
    const int output = get_global_id(1) * OUTPUTS;
    const int first = get_global_id(2) * ROWS;
    const int lane = get_local_id(0);
    const int units = (columns + 31) / 32;
    global const uchar *w[OUTPUTS];
    float16 sums[OUTPUTS][ROWS];
    global const float *x[ROWS];
    for (int o = 0; o < OUTPUTS; o++) {
        w[o] = weight + offset + row_bytes * min(output + o, outputs - 1);
        for (int r = 0; r < ROWS; r++) {
            sums[o][r] = 0.0f;
        }
    }
    for (int r = 0; r < ROWS; r++) {
        x[r] = in + (size_t) min(first + r, rows - 1) * columns;
    }
    for (int unit = lane; unit < units; unit += LANES) {
        float16 lo[OUTPUTS], hi[OUTPUTS];
#pragma unroll
        for (int o = 0; o < OUTPUTS; o++) {
            decode(w[o], unit, columns, scale, &lo[o], &hi[o]);
        }
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float16 a, b;
            activations(x[r], unit, columns, &a, &b);
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++) {
                sums[o][r] = MULADD(lo[o], a, sums[o][r]);
                sums[o][r] = MULADD(hi[o], b, sums[o][r]);
            }
        }
    }
    for (int o = 0; o < OUTPUTS; o++) {
        for (int r = 0; r < ROWS; r++) {
            const float sum = lanes_sum(sum16(sums[o][r]), shared);
            if (lane == 0 && output + o < outputs && first + r < rows) {
                const int at = first_output + output + o;
                out[(size_t) (first + r) * all_outputs + at] = has_bias ? sum + bias[at] : sum;
            }
        }
    }
}

#ifdef TILE

#define OUTPUT_ITEMS (TILE / 4)
#define ROW_ITEMS (TILE / 8)
#define ITEMS (OUTPUT_ITEMS * ROW_ITEMS)

/*
 * The same for many rows: a group computes TILE outputs of TILE rows, an item 4 outputs of 8 rows,
 * over panels of 32 columns that the group decodes into local memory, column by column: an item half
 * a unit at a time, so that all of them decode.
 * Global: outputs / 4, rows / 8; local: OUTPUT_ITEMS, ROW_ITEMS.
 */
kernel __attribute__((reqd_work_group_size(OUTPUT_ITEMS, ROW_ITEMS, 1))) void linear_tiles(
        global const uchar *weight,
        ulong offset,
        ulong row_bytes,
        float scale,
        global const float *bias,
        int has_bias,
        int columns,
        int outputs,
        global const float *in,
        int rows,
        global float *out,
        int from_output,
        int all_outputs) {
    local float weights[32 * TILE];
    local float values[32 * TILE];
    const int item = get_local_id(1) * OUTPUT_ITEMS + get_local_id(0);
    const int first_output = get_group_id(0) * TILE;
    const int first_row = get_group_id(1) * TILE;
    const int units = (columns + 31) / 32;
    float4 sums[8];
    for (int r = 0; r < 8; r++) {
        sums[r] = 0.0f;
    }
    for (int unit = 0; unit < units; unit++) {
        for (int i = item; i < 2 * TILE; i += ITEMS) {
            const int o = i % TILE;
            const int from = i / TILE * 16;
            float16 lo = 0.0f, hi = 0.0f;
            if (first_output + o < outputs) {
                const ulong at = offset + row_bytes * (first_output + o);
                decode(weight + at, unit, columns, scale, &lo, &hi);
            }
            float decoded[16];
            vstore16(from == 0 ? lo : hi, 0, decoded);
            for (int c = 0; c < 16; c++) {
                weights[(from + c) * TILE + o] = decoded[c];
            }
        }
        for (int i = item; i < 32 * TILE; i += ITEMS) {
            const int row = first_row + i / 32;
            const int column = 32 * unit + i % 32;
            values[i % 32 * TILE + i / 32] =
                    row < rows && column < columns ? in[(size_t) row * columns + column] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int i = 0; i < 32; i++) {
            const float4 w = vload4(get_local_id(0), weights + i * TILE);
            const float8 x = vload8(get_local_id(1), values + i * TILE);
            sums[0] = MULADD((float4) x.s0, w, sums[0]);
            sums[1] = MULADD((float4) x.s1, w, sums[1]);
            sums[2] = MULADD((float4) x.s2, w, sums[2]);
            sums[3] = MULADD((float4) x.s3, w, sums[3]);
            sums[4] = MULADD((float4) x.s4, w, sums[4]);
            sums[5] = MULADD((float4) x.s5, w, sums[5]);
            sums[6] = MULADD((float4) x.s6, w, sums[6]);
            sums[7] = MULADD((float4) x.s7, w, sums[7]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int r = 0; r < 8; r++) {
        const int row = first_row + 8 * get_local_id(1) + r;
        float four[4];
        vstore4(sums[r], 0, four);
        for (int c = 0; c < 4; c++) {
            const int output = first_output + 4 * get_local_id(0) + c;
            if (row < rows && output < outputs) {
                const int at = from_output + output;
                out[(size_t) row * all_outputs + at] = has_bias ? four[c] + bias[at] : four[c];
            }
        }
    }
}

#endif
