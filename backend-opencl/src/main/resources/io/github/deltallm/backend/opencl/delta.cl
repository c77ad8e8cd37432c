// The encoder, behind cache.cl. Rounding decides which elements count as changed, so nothing here
// may be contracted: masks and events are the same bit for bit on every device.
#pragma OPENCL FP_CONTRACT OFF

// Smaller changes are none, since devices flush them to zero.
#define LEAST_CHANGE 0x1p-126f

// The bits of -0: an element of given events that transmits nothing.
#define NOTHING 0x80000000u

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
