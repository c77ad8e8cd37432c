// How keys and values lie in memory, and how they get there. Rounding decides which elements count
// as changed, so nothing here may be contracted: the result is the same bit for bit on every device.
//
// A cache has a slab of 32-bit words for keys and one for values in every layer. The directory tells
// where things lie in them: a row of ints for each part (all heads' keys, then all heads' values),
// a header and then two places for each block of 32 positions: of the exact rows, and of the closed
// events. A negative place of exact rows means ~place in memory that is lent for one step.
#pragma OPENCL FP_CONTRACT OFF

#define BLOCK 32

// The header of a directory row.
#define MODE 0         // how the middle is seen, see below
#define STORE 1        // how exact rows are kept, see below
#define EVENTS 2       // how events are kept, see below
#define CLOSED 3       // rows before this one are closed
#define REFERENCE 4    // place of the reference behind the closed rows
#define GIVEN 5        // place of events that came with a restored stream, as fp32
#define GIVEN_ROWS 6   // number of their rows
#define RULE 7         // place of the thresholds, then the steps, of all channels; -1 if not fixed
#define THETA 8        // bits of the threshold of pruned rows
#define CHECKED 9      // whether infinities and NaN are refused
#define SINKS 10       // number of rows that are always exact
#define DROPPED 11     // whether the middle is not seen at all
#define TAIL 12        // place of the reference behind the last row; -1 if there is none
#define HEADER 16

#define MODE_EXACT 0
#define MODE_DELTA 1
#define MODE_PRUNED 2

#define STORE_F32 0
#define STORE_BF16 1
#define STORE_INT8 2
#define STORE_INT4 3

#define EVENTS_F32 0
#define EVENTS_BF16 1
#define EVENTS_INT8 2

static int finite_bits(uint bits) {
    return (bits & 0x7F800000u) != 0x7F800000u;
}

// To nearest even; NaN stays NaN.
static uint bf16_bits(float value) {
    uint bits = as_uint(value);
    return (bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC0u : (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
}

static float bf16_value(uint bits) {
    return as_float(bits << 16);
}

// numerator / denominator to nearest even, also where the device's own division is not: the
// quotient has at most 8 bits before the point, the denominator is positive and not denormal.
static float quotient_of(float numerator, float denominator) {
    if (denominator < 0x1p-60f) {
        numerator *= 0x1p64f;
        denominator *= 0x1p64f;
    }
    float quotient = numerator / denominator;
    float rest = fma(-quotient, denominator, numerator);
    quotient = fma(rest, 1.0f / denominator, quotient);
    rest = fma(-quotient, denominator, numerator);
    if (rest == 0.0f || quotient == 0.0f) {
        return quotient;
    }
    int away = (rest > 0.0f) == (quotient > 0.0f) ? 1 : -1;
    float next = as_float(as_int(quotient) + away);
    return fabs(fma(-next, denominator, numerator)) < fabs(rest) ? next : quotient;
}

// The size of a step: rounded up to 16 significant bits, so that its multiples are exact.
static float exact_multiple(float scale) {
    uint bits = as_uint(scale);
    return finite_bits(bits) ? as_float((bits + 0xFFu) & ~0xFFu) : scale;
}

// A place of exact rows that are not there leads to memory that may be read.
static __global uint *page_of(
        __global uint *slab, __global uint *lent, __global const int *row, int position) {
    int place = row[HEADER + 2 * (position / BLOCK)];
    return place >= 0 ? slab + place : lent + ~place;
}

// Keys lie channel by channel, [channel][slot], values slot by slot, [slot][channel].
static int element_index(int keys, int dim, int slot, int c) {
    return keys ? c * BLOCK + slot : slot * dim + c;
}

// Rows of INT8 and INT4 begin with the steps of the 32 rows; INT4 has two channels a byte.
static float element(__global const uint *page, int store, int keys, int dim, int slot, int c) {
    int i = element_index(keys, dim, slot, c);
    if (store == STORE_F32) {
        return as_float(page[i]);
    }
    if (store == STORE_BF16) {
        return bf16_value(((__global const ushort *)page)[i]);
    }
    float scale = as_float(page[slot]);
    __global const char *bytes = (__global const char *)(page + BLOCK);
    if (store == STORE_INT8) {
        return scale * bytes[i];
    }
    int pair = keys ? (c >> 1) * BLOCK + slot : slot * ((dim + 1) >> 1) + (c >> 1);
    int byte = bytes[pair];
    return scale * (float)((c & 1) ? byte >> 4 : (byte << 28) >> 28);
}

static void put_element(
        __global uint *page, int store, int keys, int dim, int slot, int c, float value) {
    int i = element_index(keys, dim, slot, c);
    if (store == STORE_F32) {
        page[i] = as_uint(value);
    } else {
        ((__global ushort *)page)[i] = (ushort)bf16_bits(value);
    }
}

static int whole_steps(float value, float scale, int most) {
    float steps = rint(quotient_of(value, scale));
    return fabs(steps) <= (float)most ? (int)steps : 0;
}

// Appends rows of one sequence, a group each for a row of a part: rounds them to their store, and
// notes the first position that an encoder can't follow, and how many channels pruning keeps.
__kernel void cache_append(
        __global const float *keys,
        __global const float *values,
        int firstRow,
        int rows,
        int position,
        int heads,
        int dim,
        __global uint *keySlab,
        __global uint *valueSlab,
        __global uint *lent,
        __global const int *directory,
        int directoryAt,
        int stride,
        __global int *status,
        int errorsAt,
        int countsAt,
        int countStride,
        int countFrom,
        __local float *shared) {
    int lane = get_local_id(0);
    int lanes = get_local_size(0);
    int row = get_group_id(0);
    int part = get_group_id(1);
    if (row >= rows || part >= 2 * heads) {
        return;
    }
    int isKey = part < heads;
    int head = isKey ? part : part - heads;
    __global const int *entry = directory + directoryAt + part * stride;
    __global const float *in =
            (isKey ? keys : values) + (size_t)(firstRow + row) * heads * dim + head * dim;
    int at = position + row;
    int slot = at % BLOCK;
    int store = entry[STORE];
    __global uint *page = page_of(isKey ? keySlab : valueSlab, lent, entry, at);
    float scale = 0.0f;
    if (store >= STORE_INT8) {
        float largest = 0.0f;
        int broken = 0;
        for (int c = lane; c < dim; c += lanes) {
            float size = fabs(in[c]);
            broken |= (as_uint(size) > 0x7F800000u);
            largest = fmax(largest, size);
        }
        shared[lane] = broken ? NAN : largest;
        barrier(CLK_LOCAL_MEM_FENCE);
        largest = 0.0f;
        for (int i = 0; i < lanes; i++) {
            largest = isnan(largest) || isnan(shared[i]) ? NAN : fmax(largest, shared[i]);
        }
        float most = store == STORE_INT8 ? 127.0f : 7.0f;
        scale = finite_bits(as_uint(largest)) && largest > 0.0f
                ? exact_multiple(quotient_of(largest, most))
                : largest;
        if (lane == 0) {
            page[slot] = as_uint(scale);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    int sound = finite_bits(as_uint(scale));
    int usable = sound && scale > 0.0f;
    __global char *bytes = (__global char *)(page + BLOCK);
    if (store == STORE_INT8) {
        for (int c = lane; c < dim; c += lanes) {
            bytes[element_index(isKey, dim, slot, c)] =
                    (char)(usable ? whole_steps(in[c], scale, 127) : 0);
        }
    } else if (store == STORE_INT4) {
        int half_dim = (dim + 1) >> 1;
        for (int p = lane; p < half_dim; p += lanes) {
            int low = usable ? whole_steps(in[2 * p], scale, 7) : 0;
            int high = usable && 2 * p + 1 < dim ? whole_steps(in[2 * p + 1], scale, 7) : 0;
            bytes[isKey ? p * BLOCK + slot : slot * half_dim + p] =
                    (char)((high << 4) | (low & 15));
        }
    } else {
        for (int c = lane; c < dim; c += lanes) {
            float value = in[c];
            put_element(page, store, isKey, dim, slot, c, value);
            uint bits = store == STORE_BF16 ? bf16_bits(value) << 16 : as_uint(value);
            sound &= finite_bits(bits);
        }
    }
    if (!sound && entry[CHECKED]) {
        atomic_min(status + errorsAt + part, at);
    }
    if (entry[MODE] == MODE_PRUNED && at >= countFrom) {
        float theta = as_float(entry[THETA]);
        int kept = 0;
        barrier(CLK_GLOBAL_MEM_FENCE);
        for (int c = lane; c < dim; c += lanes) {
            kept += fabs(element(page, store, isKey, dim, slot, c)) > theta;
        }
        shared[lane] = (float)kept;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane == 0) {
            kept = 0;
            for (int i = 0; i < lanes; i++) {
                kept += (int)shared[i];
            }
            status[countsAt + part * countStride + at - countFrom] = kept;
        }
    }
}
