// How keys and values lie in memory, and the encoder. Rounding decides which elements count as
// changed, so nothing here may be contracted: the result is the same bit for bit on every device.
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

// The bits of -0: an element of given events that transmits nothing.
#define NOTHING 0x80000000u

// Smaller changes are none, since devices flush them to zero.
#define LEAST_CHANGE 0x1p-126f

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

static int is_changed(float input, float reference, float limit, float step, int events) {
    float change = fabs(input - reference);
    return change > limit && change >= LEAST_CHANGE && (events != EVENTS_INT8 || step > 0.0f);
}

// Whole steps of a change, as it is transmitted.
static int steps_of(float change, float step) {
    if (fabs(change) * 0x1p-8f >= step) {
        return change > 0.0f ? 127 : -127;
    }
    return (int)clamp(rint(quotient_of(change, step)), -127.0f, 127.0f);
}

static float event_of(float input, float reference, float step, int events) {
    float change = input - reference;
    if (events == EVENTS_F32) {
        return change;
    }
    return events == EVENTS_BF16 ? bf16_value(bf16_bits(change)) : step * (float)steps_of(change, step);
}

// The reference behind one more row; notes in the mask whether the row changed it.
static float encoded(
        float input, float reference, float limit, float step, int events, int bit, uint *mask,
        __global int *refused, int position) {
    if (!is_changed(input, reference, limit, step, events)) {
        return reference;
    }
    *mask |= 1u << bit;
    float next = reference + event_of(input, reference, step, events);
    if (!finite_bits(as_uint(next))) {
        atomic_min(refused, position);
    }
    return next;
}

// How many channels each of some rows changes, of those that are to be counted.
static void count_changes(
        __local const uint *changed, int dim, int first, int rows, int countFrom,
        __global int *counts) {
    for (int j = get_local_id(0); j < rows; j += get_local_size(0)) {
        if (first + j >= countFrom) {
            int count = 0;
            for (int c = 0; c < dim; c++) {
                count += changed[c] >> j & 1;
            }
            counts[first + j - countFrom] = count;
        }
    }
}

static void put_event(
        __global uint *words, int index, float event, float input, float reference, float step,
        int events) {
    if (events == EVENTS_F32) {
        words[index] = as_uint(event);
    } else if (events == EVENTS_BF16) {
        ((__global ushort *)words)[index] = (ushort)(as_uint(event) >> 16);
    } else {
        ((__global char *)words)[index] = (char)steps_of(input - reference, step);
    }
}

// A given event of INT8 is a whole number of steps.
static void put_given(__global uint *words, int index, float event, float step, int events) {
    if (events == EVENTS_INT8) {
        ((__global char *)words)[index] =
                (char)(step > 0.0f ? clamp(rint(event / step), -127.0f, 127.0f) : 0.0f);
    } else {
        put_event(words, index, event, 0.0f, 0.0f, step, events);
    }
}

// Encodes the rows of a sequence that are not closed, a group for each part; counts what those from
// countFrom on transmit. Each block of 32 rows
// gets in the scratch the reference before its first row (the first row itself, for the first of
// all), and its events in the form of a closed block; up to the row that is wanted, and behind it
// one more reference:
//     a 16-bit number for every 8 lists: how many events the block has before them,
//     a mask of 32 bits for every list,
//     the events, list after list.
// A list is 32 channels of one key, or 32 rows of one channel of the values. The first row of the
// sequence transmits nothing: it is the reference.
//     info: for each part the rows whose events are wanted, whole blocks, and whether the reference
//     before the step's first row is known: then rows that are neither wanted nor new are left out
__kernel void delta_encode(
        int position,
        int length,
        int countFrom,
        int heads,
        int dim,
        __global uint *keySlab,
        __global uint *valueSlab,
        __global uint *lent,
        __global const int *directory,
        int directoryAt,
        int stride,
        __global const int *info,
        int infoAt,
        __global uint *scratch,
        int partWords,
        int blockWords,
        __global int *status,
        int errorsAt,
        int countsAt,
        int countStride,
        __local float *reference,
        __local float *before,
        __local uint *changed,
        __local uint *masks,
        __local int *starts) {
    int lane = get_local_id(0);
    int lanes = get_local_size(0);
    int part = get_group_id(0);
    __global const int *entry = directory + directoryAt + part * stride;
    if (part >= 2 * heads || entry[MODE] != MODE_DELTA || entry[RULE] < 0) {
        return;
    }
    int isKey = part < heads;
    int store = entry[STORE];
    int events = entry[EVENTS];
    int closed = entry[CLOSED];
    int given = closed + entry[GIVEN_ROWS];
    __global uint *slab = isKey ? keySlab : valueSlab;
    __global const float *limits = (__global const float *)(slab + entry[RULE]);
    __global const float *steps = limits + dim;
    __global const float *ready = (__global const float *)(slab + max(entry[GIVEN], 0));
    int wanted = info[infoAt + 2 * part];
    int known = info[infoAt + 2 * part + 1] && entry[TAIL] >= 0;
    int end = length;
    if (known) {
        end = wanted > closed ? min(length, wanted + BLOCK) : closed;
    }
    __global float *tail = (__global float *)(slab + max(entry[TAIL], 0));
    __global int *refused = status + errorsAt + part;
    __global int *counts = status + countsAt + part * countStride;
    int words = (dim + 31) / 32;
    int lists = isKey ? BLOCK * words : dim;
    int groups = (lists + 7) / 8;
    for (int c = lane; c < dim; c += lanes) {
        reference[c] = closed > 0 ? as_float(slab[entry[REFERENCE] + c]) : 0.0f;
    }
    for (int first = closed; first < end; first += BLOCK) {
        int rows = min(BLOCK, end - first);
        __global uint *out = scratch + (size_t)part * partWords
                + (size_t)((first - closed) / BLOCK) * blockWords;
        __global const uint *page = page_of(slab, lent, entry, first);
        for (int c = lane; c < dim; c += lanes) {
            float r = reference[c];
            float limit = limits[c];
            float step = steps[c];
            uint mask = 0;
            before[c] = r;
            if (first > 0 && first < wanted + BLOCK) {
                out[c] = as_uint(r);
            }
            for (int j = 0; j < rows; j++) {
                if (first + j < given) {
                    float event = ready[(first - closed + j) * dim + c];
                    if (as_uint(event) != NOTHING) {
                        mask |= 1u << j;
                        r = first + j == 0 ? event : r + event;
                    }
                } else {
                    float input = element(page, store, isKey, dim, j, c);
                    if (first + j == 0) {
                        mask |= 1u;
                        r = input;
                    } else {
                        r = encoded(input, r, limit, step, events, j, &mask, refused, first + j);
                    }
                }
                if (first + j == 0) {
                    before[c] = r;
                    out[c] = as_uint(r);
                }
            }
            reference[c] = r;
            changed[c] = mask;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (!known) {
            count_changes(changed, dim, first, rows, countFrom, counts);
        }
        if (first < wanted) {
            uint keep = first == 0 ? ~1u : ~0u;
            for (int list = lane; list < lists; list += lanes) {
                uint mask = 0;
                if (isKey) {
                    int j = list / words;
                    int c = list % words * 32;
                    int end = min(32, dim - c);
                    for (int i = 0; i < end; i++) {
                        mask |= ((changed[c + i] & keep) >> j & 1u) << i;
                    }
                } else {
                    mask = changed[list] & keep;
                }
                masks[list] = mask;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int group = lane; group < groups; group += lanes) {
                int sum = 0;
                for (int list = 8 * group; list < min(8 * group + 8, lists); list++) {
                    starts[list] = sum;
                    sum += popcount(masks[list]);
                }
                starts[lists + group] = sum;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            if (lane == 0) {
                int sum = 0;
                for (int group = 0; group < groups; group++) {
                    int count = starts[lists + group];
                    starts[lists + group] = sum;
                    sum += count;
                }
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            __global ushort *offsets = (__global ushort *)(out + dim);
            __global uint *kept = out + dim + (groups + 1) / 2;
            __global uint *packed = kept + lists;
            for (int group = lane; group < groups; group += lanes) {
                offsets[group] = (ushort)starts[lists + group];
            }
            for (int list = lane; list < lists; list += lanes) {
                kept[list] = masks[list];
            }
            for (int c = lane; c < dim; c += lanes) {
                float r = before[c];
                float step = steps[c];
                uint mask = changed[c] & keep;
                while (mask != 0) {
                    int j = 31 - clz(mask & (0u - mask));
                    mask &= mask - 1;
                    int list = isKey ? j * words + c / 32 : c;
                    uint below = isKey ? (1u << (c & 31)) - 1 : (1u << j) - 1;
                    int index = starts[lists + list / 8] + starts[list]
                            + popcount(masks[list] & below);
                    if (first + j < given) {
                        float event = ready[(first - closed + j) * dim + c];
                        put_given(packed, index, event, step, events);
                        r = r + event;
                    } else {
                        float input = element(page, store, isKey, dim, j, c);
                        float event = event_of(input, r, step, events);
                        put_event(packed, index, event, input, r, step, events);
                        r = r + event;
                    }
                }
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int first = position; known && first < length; first += BLOCK) {
        int rows = min(BLOCK, length - first);
        for (int c = lane; c < dim; c += lanes) {
            float r = first == position ? tail[c] : reference[c];
            uint mask = 0;
            for (int j = 0; j < rows; j++) {
                int at = first + j;
                float input = element(
                        page_of(slab, lent, entry, at), store, isKey, dim, at % BLOCK, c);
                r = encoded(input, r, limits[c], steps[c], events, j, &mask, refused, at);
            }
            reference[c] = r;
            changed[c] = mask;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        count_changes(changed, dim, first, rows, countFrom, counts);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int c = lane; c < dim && entry[TAIL] >= 0; c += lanes) {
        tail[c] = reference[c];
    }
}

// Copies what the scratch holds of closed rows to where it stays, a group for each move:
// whether of keys, the first word in the scratch, the first in the slab, number of words.
__kernel void delta_close(
        __global const uint *scratch,
        __global uint *keySlab,
        __global uint *valueSlab,
        __global const int *moves,
        int count) {
    int move = get_group_id(0);
    if (move >= count) {
        return;
    }
    __global const int *entry = moves + 4 * move;
    __global const uint *from = scratch + entry[1];
    __global uint *to = (entry[0] ? keySlab : valueSlab) + entry[2];
    for (int i = get_local_id(0); i < entry[3]; i += get_local_size(0)) {
        to[i] = from[i];
    }
}
