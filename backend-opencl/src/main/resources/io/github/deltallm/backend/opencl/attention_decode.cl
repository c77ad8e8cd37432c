// Attention of few rows, behind cache.cl and attention.cl. QUERIES is how many query heads of a
// group are attended to at once.
#pragma OPENCL FP_CONTRACT ON

#ifndef QUERIES
#define QUERIES 1
#endif

// Keys of a range, and blocks of them.
#define RANGE 256
#define BLOCKS (RANGE / BLOCK)

// Where the list's events begin in its block.
static int start_of(__global const uint *block, __global const uint *masks, int list) {
    int at = ((__global const ushort *)block)[list / 8];
    for (int before = list & ~7; before < list; before++) {
        at += popcount(masks[before]);
    }
    return at;
}

// Adds one key's products with all queries to their sums; pruned ones where theta is not negative.
static void add_key(
        const Part *part, __global const uint *page, int slot, float theta, __local const float *q,
        float *sums) {
    int dim = part->dim;
    for (int c = 0; c < dim; c++) {
        float key;
        if (part->store == STORE_F32) {
            key = as_float(page[c * BLOCK + slot]);
        } else if (part->store == STORE_BF16) {
            key = bf16_value(((__global const ushort *)page)[c * BLOCK + slot]);
        } else {
            key = element(page, part->store, 1, dim, slot, c);
        }
        key = fabs(key) > theta ? key : theta < 0.0f ? key : 0.0f;
        for (int g = 0; g < QUERIES; g++) {
            sums[g] += q[g * dim + c] * key;
        }
    }
}

// One range of keys for one row's queries of one key-value head.
//     dimension 0: the rows, each with QUERIES heads of the group after the other
//     info, partial: as for attention_tile
__kernel void attention_range(
        __global const float *queries,
        int firstRow,
        int rows,
        int position,
        int heads,
        int group,
        int dim,
        float scale,
        int ranges,
        __global uint *keySlab,
        __global uint *valueSlab,
        __global uint *lent,
        __global const int *directory,
        int directoryAt,
        int stride,
        __global const int *info,
        int infoAt,
        __global const uint *scratch,
        int partWords,
        int blockWords,
        __global float *partial,
        __local float *q,
        __local float *weights,
        __local float *suffixes,
        __local float *sums) {
    int lane = get_local_id(0);
    int lanes = get_local_size(0);
    int head = get_group_id(1);
    int range = get_group_id(2);
    int parts = (group + QUERIES - 1) / QUERIES;
    int row = get_group_id(0) / parts;
    int firstQuery = get_group_id(0) % parts * QUERIES;
    int first = range * RANGE;
    int seen = min(RANGE, position + row + 1 - first);
    if (row >= rows || head >= heads || range >= ranges || seen <= 0) {
        return;
    }
    int present = min(QUERIES, group - firstQuery);
    int queryHead = head * group + firstQuery;
    int blocks = (seen + BLOCK - 1) / BLOCK;
    int keyRecent = info[infoAt + head * rows + row];
    int valueRecent = info[infoAt + (heads + head) * rows + row];
    __global const int *keyEntry = directory + directoryAt + head * stride;
    __global const int *valueEntry = keyEntry + heads * stride;
    Part keys = part_of(1, keyEntry, keySlab, lent, scratch + (size_t)head * partWords, blockWords, dim);
    Part values = part_of(
            0, valueEntry, valueSlab, lent, scratch + (size_t)(heads + head) * partWords, blockWords, dim);
    int dropped = keyEntry[DROPPED];
    int sinks = keys.sinks;
    // The middle runs, from the range's first key on.
    int keyFrom = clamp(min(sinks, keyRecent) - first, 0, seen);
    int keyTo = clamp(keyRecent - first, 0, seen);
    int valueFrom = clamp(min(sinks, valueRecent) - first, 0, seen);
    int valueTo = clamp(valueRecent - first, 0, seen);
    int encodedKeys = keys.mode == MODE_DELTA && !dropped && keyFrom < keyTo ? keyTo : 0;
    int encodedValues = values.mode == MODE_DELTA && !dropped && valueFrom < valueTo ? valueTo : 0;
    int skipped = dropped && keyFrom == 0 && keyTo == seen;

    for (int i = lane; i < QUERIES * dim; i += lanes) {
        int g = min(i / dim, present - 1);
        q[i] = queries[(size_t)(firstRow + row) * heads * group * dim
                + (size_t)(queryHead + g) * dim + i % dim];
    }
    barrier(CLK_LOCAL_MEM_FENCE);

    // A key a work item: scores of exact keys, changes of scores of encoded ones.
    for (int j = lane; j < seen && !skipped; j += lanes) {
        int slot = j % BLOCK;
        int middle = j >= keyFrom && j < keyTo;
        float score[QUERIES];
        for (int g = 0; g < QUERIES; g++) {
            score[g] = 0.0f;
        }
        if (j < encodedKeys) {
            __global const uint *block = block_of(&keys, first + j - slot);
            __global const uint *masks = masks_of(&keys, block);
            __global const uint *packed = masks + keys.lists;
            int index = start_of(block, masks, slot * keys.words);
            for (int w = 0; w < keys.words; w++) {
                uint mask = masks[slot * keys.words + w];
                while (mask != 0) {
                    int c = 32 * w + 31 - clz(mask & (0u - mask));
                    mask &= mask - 1;
                    float change = event_at(&keys, packed, index++, c);
                    for (int g = 0; g < QUERIES; g++) {
                        score[g] += q[g * dim + c] * change;
                    }
                }
            }
            for (int g = 0; g < QUERIES; g++) {
                suffixes[g * RANGE + j] = score[g];
                score[g] = 0.0f;
            }
        }
        if (!middle || (keys.mode != MODE_DELTA && !dropped)) {
            __global const uint *page = page_of(keySlab, lent, keyEntry, first + j);
            float theta = middle && keys.mode == MODE_PRUNED ? keys.theta : -1.0f;
            add_key(&keys, page, slot, theta, q, score);
            for (int g = 0; g < QUERIES; g++) {
                weights[g * RANGE + j] = score[g];
            }
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);

    // A block of one query's keys a work item, from here to the weights. Scores of encoded keys are
    // sums of all changes since the anchor: within blocks first, then of blocks.
    if (encodedKeys > 0) {
        __global const float *anchor = (__global const float *)block_of(&keys, first) - dim;
        for (int pair = lane; pair < QUERIES * BLOCKS; pair += lanes) {
            int g = pair / BLOCKS;
            int from = pair % BLOCKS * BLOCK;
            float sum = 0.0f;
            for (int j = from; j < min(from + BLOCK, encodedKeys); j++) {
                sum += suffixes[g * RANGE + j];
                suffixes[g * RANGE + j] = sum;
            }
            sums[pair] = sum;
            if (from == 0) {
                float base = 0.0f;
                for (int c = 0; c < dim; c++) {
                    base += q[g * dim + c] * anchor[c];
                }
                sums[QUERIES * BLOCKS + g] = base;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int pair = lane; pair < QUERIES * BLOCKS; pair += lanes) {
            int g = pair / BLOCKS;
            int from = pair % BLOCKS * BLOCK;
            float before = sums[QUERIES * BLOCKS + g];
            for (int b = g * BLOCKS; b < pair; b++) {
                before += sums[b];
            }
            for (int j = max(from, keyFrom); j < min(from + BLOCK, encodedKeys); j++) {
                weights[g * RANGE + j] = before + suffixes[g * RANGE + j];
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int pair = lane; pair < QUERIES * BLOCKS; pair += lanes) {
        int g = pair / BLOCKS;
        int from = pair % BLOCKS * BLOCK;
        float highest = -INFINITY;
        for (int j = from; j < min(from + BLOCK, seen); j++) {
            if (!dropped || j < keyFrom || j >= keyTo) {
                highest = fmax(highest, scale * weights[g * RANGE + j]);
            }
        }
        sums[pair] = highest;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int pair = lane; pair < QUERIES * BLOCKS; pair += lanes) {
        int g = pair / BLOCKS;
        int from = pair % BLOCKS * BLOCK;
        float largest = -INFINITY;
        for (int b = 0; b < BLOCKS; b++) {
            largest = fmax(largest, sums[g * BLOCKS + b]);
        }
        float total = 0.0f;
        float suffix = 0.0f;
        for (int j = min(from + BLOCK, seen) - 1; j >= from; j--) {
            float weight = 0.0f;
            if (!dropped || j < keyFrom || j >= keyTo) {
                float scaled = scale * weights[g * RANGE + j];
                weight = scaled == -INFINITY ? 0.0f : exp(scaled - largest);
            }
            weights[g * RANGE + j] = weight;
            total += weight;
            suffix += j >= valueFrom && j < valueTo ? weight : 0.0f;
            suffixes[g * RANGE + j] = suffix;
        }
        sums[QUERIES * BLOCKS + pair] = total;
    }
    barrier(CLK_LOCAL_MEM_FENCE);

    // A channel a work item.
    __global float *out = partial + (((size_t)row * heads * group + queryHead) * ranges + range) * (dim + 2);
    size_t step = (size_t)ranges * (dim + 2);
    for (int c = lane; c < dim; c += lanes) {
        float mixed[QUERIES];
        for (int g = 0; g < QUERIES; g++) {
            mixed[g] = 0.0f;
        }
        float r = encodedValues > 0 ? ((__global const float *)block_of(&values, first) - dim)[c] : 0.0f;
        for (int b = 0; b < blocks && !skipped; b++) {
            int from = b * BLOCK;
            int end = min(from + BLOCK, seen);
            if (from < encodedValues) {
                __global const uint *block = block_of(&values, first + from);
                __global const uint *masks = masks_of(&values, block);
                __global const uint *packed = masks + dim;
                int index = start_of(block, masks, c);
                uint mask = masks[c];
                for (int g = 0; g < QUERIES; g++) {
                    mixed[g] += r * suffixes[g * RANGE + from];
                }
                while (mask != 0) {
                    int j = from + 31 - clz(mask & (0u - mask));
                    mask &= mask - 1;
                    float change = event_at(&values, packed, index++, c);
                    r += change;
                    for (int g = 0; g < QUERIES && j < end; g++) {
                        mixed[g] += change * suffixes[g * RANGE + j];
                    }
                }
            }
            int whole = values.mode != MODE_DELTA && !dropped;
            int middle = whole ? end : max(from, min(valueFrom, end));
            int recent = whole ? end : max(from, min(valueTo, end));
            if (valueFrom == valueTo) {
                middle = end;
                recent = end;
            }
            __global const uint *page = page_of(valueSlab, lent, valueEntry, first + from);
            for (int j = from < middle ? from : recent; j < end; j = j + 1 == middle ? recent : j + 1) {
                float value = element(page, values.store, 0, dim, j - from, c);
                if (values.mode == MODE_PRUNED && whole && j >= valueFrom && j < valueTo
                        && !(fabs(value) > values.theta)) {
                    value = 0.0f;
                }
                for (int g = 0; g < QUERIES; g++) {
                    mixed[g] += weights[g * RANGE + j] * value;
                }
            }
        }
        for (int g = 0; g < present; g++) {
            out[g * step + c] = mixed[g];
        }
    }
    for (int g = lane; g < present; g += lanes) {
        float largest = -INFINITY;
        float total = 0.0f;
        for (int b = 0; b < blocks; b++) {
            largest = fmax(largest, sums[g * BLOCKS + b]);
            total += sums[QUERIES * BLOCKS + g * BLOCKS + b];
        }
        out[g * step + dim] = largest;
        out[g * step + dim + 1] = total;
    }
}
