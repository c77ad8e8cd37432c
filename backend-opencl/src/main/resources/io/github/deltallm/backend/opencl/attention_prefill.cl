// Attention of many rows, behind cache.cl and attention.cl, and what merges ranges.
#pragma OPENCL FP_CONTRACT ON

// Elements of eight rows of a key's channel, or of eight channels of a value, without the row's
// step: i is the index of the first one, as element_index has it. Not for INT4.
static float8 eight(__global const uint *page, int store, int i) {
    if (store == STORE_F32) {
        return vload8(0, (__global const float *)page + i);
    }
    if (store == STORE_BF16) {
        return as_float8(convert_uint8(vload8(0, (__global const ushort *)page + i)) << 16);
    }
    return convert_float8(vload8(0, (__global const char *)(page + BLOCK) + i));
}

// Eight rows of a key's channel.
static float8 eight_keys(const Part *part, __global const uint *page, int c, int slot) {
    if (part->store == STORE_INT4) {
        __global const char *bytes = (__global const char *)(page + BLOCK) + (c >> 1) * BLOCK + slot;
        int8 both = convert_int8(vload8(0, bytes));
        return convert_float8((c & 1) ? both >> 4 : (both << 28) >> 28);
    }
    return eight(page, part->store, c * BLOCK + slot);
}

static float8 eight_steps(const Part *part, __global const uint *page, int slot) {
    return part->store >= STORE_INT8 ? vload8(0, (__global const float *)page + slot)
                                     : (float8)(1.0f);
}

// Eight channels of a value.
static float8 eight_values(const Part *part, __global const uint *page, int slot, int c) {
    if (part->store == STORE_INT4) {
        float each[8];
        for (int i = 0; i < 8; i++) {
            each[i] = element(page, STORE_INT4, 0, part->dim, slot, c + i);
        }
        return vload8(0, each);
    }
    float8 all = eight(page, part->store, slot * part->dim + c);
    return part->store == STORE_INT8 ? as_float(page[slot]) * all : all;
}

// Which of the rows [first, first + rows) a query sees in the middle, as bits.
static uint middle_bits(int sinks, int recent, int first, int rows) {
    int from = clamp(min(sinks, recent) - first, 0, rows);
    int to = clamp(recent - first, 0, rows);
    uint below_to = to >= 32 ? ~0u : (1u << to) - 1;
    uint below_from = from >= 32 ? ~0u : (1u << from) - 1;
    return below_to & ~below_from;
}

// One range of keys for a tile of queries of one key-value head, a query for each work item. The
// queries of a tile are those of its rows, row after row, each with all heads of the group.
//     info: what each row sees as recent, [2 * heads][rows]
//     partial: [query row][query head][range][dim sums of values, largest score, sum of weights]
__kernel void attention_tile(
        __global const float *queries,
        int firstRow,
        int rows,
        int position,
        int heads,
        int group,
        int dim,
        float scale,
        int rangeKeys,
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
        __local float *sums,
        __local float *weights,
        __local float *suffixes,
        __local float *reference) {
    int lane = get_local_id(0);
    int lanes = get_local_size(0);
    int tile = get_group_id(0);
    int head = get_group_id(1);
    int range = get_group_id(2);
    int firstQuery = tile * lanes;
    int count = rows * group;
    if (firstQuery >= count || head >= heads || range >= ranges) {
        return;
    }
    int tileFrom = firstQuery / group;
    int tileTo = min(firstQuery + lanes - 1, count - 1) / group;
    int firstKey = range * rangeKeys;
    int end = min(firstKey + rangeKeys, position + tileTo + 1);
    if (firstKey >= end) {
        return;
    }
    int query = min(firstQuery + lane, count - 1);
    int row = query / group;
    int queryHead = head * group + query % group;
    int last = position + row;
    int leastLast = position + tileFrom;
    __global const int *keyRecents = info + infoAt + head * rows;
    __global const int *valueRecents = keyRecents + heads * rows;
    int keyRecent = keyRecents[row];
    int valueRecent = valueRecents[row];
    int keyRecentFrom = INT_MAX;
    int keyRecentTo = 0;
    int valueRecentFrom = INT_MAX;
    int valueRecentTo = 0;
    for (int r = tileFrom; r <= tileTo; r++) {
        keyRecentFrom = min(keyRecentFrom, keyRecents[r]);
        keyRecentTo = max(keyRecentTo, keyRecents[r]);
        valueRecentFrom = min(valueRecentFrom, valueRecents[r]);
        valueRecentTo = max(valueRecentTo, valueRecents[r]);
    }
    __global const int *keyEntry = directory + directoryAt + head * stride;
    __global const int *valueEntry = keyEntry + heads * stride;
    Part keys = part_of(1, keyEntry, keySlab, lent, scratch + (size_t)head * partWords, blockWords, dim);
    Part values = part_of(
            0, valueEntry, valueSlab, lent, scratch + (size_t)(heads + head) * partWords, blockWords, dim);
    int dropped = keyEntry[DROPPED];
    int sinks = keys.sinks;
    int keysEncoded = keys.mode == MODE_DELTA && !dropped && sinks < keyRecentTo;
    int valuesEncoded = values.mode == MODE_DELTA && !dropped && sinks < valueRecentTo;
    __global const float *in =
            queries + (size_t)(firstRow + row) * heads * group * dim + (size_t)queryHead * dim;
    for (int c = 0; c < dim; c++) {
        q[c * lanes + lane] = in[c];
        sums[c * lanes + lane] = 0.0f;
    }
    float score = 0.0f;
    if (keysEncoded && firstKey < keyRecentTo) {
        __global const float *anchor = (__global const float *)block_of(&keys, firstKey) - dim;
        for (int c = 0; c < dim; c++) {
            score += q[c * lanes + lane] * anchor[c];
        }
    }
    if (valuesEncoded && firstKey < valueRecentTo) {
        __global const float *anchor = (__global const float *)block_of(&values, firstKey) - dim;
        for (int c = lane; c < dim; c += lanes) {
            reference[c] = anchor[c];
        }
    }
    float largest = -INFINITY;
    float total = 0.0f;
    for (int first = firstKey; first < end; first += BLOCK) {
        int seen = min(BLOCK, end - first);
        uint keyMiddle = middle_bits(sinks, keyRecent, first, seen);
        uint valueMiddle = middle_bits(sinks, valueRecent, first, seen);
        int mine = clamp(last + 1 - first, 0, seen);
        uint visible = mine >= 32 ? ~0u : (1u << mine) - 1;
        int exactKeys = keys.mode != MODE_DELTA || first < sinks || first + seen > keyRecentFrom;
        int exactValues =
                values.mode != MODE_DELTA || first < sinks || first + seen > valueRecentFrom;
        if (dropped) {
            visible &= ~keyMiddle;
            exactKeys = first < sinks || first + seen > keyRecentFrom;
            exactValues = exactKeys;
            if (!exactKeys) {
                continue;
            }
        }
        if (keysEncoded && first < keyRecentTo) {
            __global const uint *masks = masks_of(&keys, block_of(&keys, first));
            __global const uint *packed = masks + keys.lists;
            int index = 0;
            for (int j = 0; j < seen; j++) {
                for (int w = 0; w < keys.words; w++) {
                    uint mask = masks[j * keys.words + w];
                    while (mask != 0) {
                        int c = 32 * w + 31 - clz(mask & (0u - mask));
                        mask &= mask - 1;
                        score += q[c * lanes + lane] * event_at(&keys, packed, index++, c);
                    }
                }
                weights[j * lanes + lane] = score;
            }
        }
        if (exactKeys) {
            __global const uint *page = page_of(keySlab, lent, keyEntry, first);
            int pruned = keys.mode == MODE_PRUNED && !dropped;
            for (int j = 0; j < seen; j += 8) {
                float8 exact = 0.0f;
                float8 kept = 0.0f;
                float8 steps = eight_steps(&keys, page, j);
                if (pruned) {
                    for (int c = 0; c < dim; c++) {
                        float8 key = steps * eight_keys(&keys, page, c, j);
                        exact += q[c * lanes + lane] * key;
                        kept += q[c * lanes + lane]
                                * select((float8)(0.0f), key, fabs(key) > keys.theta);
                    }
                } else {
                    for (int c = 0; c < dim; c++) {
                        exact += q[c * lanes + lane] * eight_keys(&keys, page, c, j);
                    }
                    exact *= steps;
                }
                float exacts[8];
                float kepts[8];
                vstore8(exact, 0, exacts);
                vstore8(kept, 0, kepts);
                for (int i = 0; i < 8 && j + i < seen; i++) {
                    int middle = keyMiddle >> (j + i) & 1;
                    if (!middle || keys.mode == MODE_EXACT) {
                        weights[(j + i) * lanes + lane] = exacts[i];
                    } else if (pruned) {
                        weights[(j + i) * lanes + lane] = kepts[i];
                    }
                }
            }
        }
        float highest = largest;
        for (int j = 0; j < seen; j++) {
            if (visible >> j & 1) {
                highest = fmax(highest, scale * weights[j * lanes + lane]);
            }
        }
        float decay = largest == highest ? 1.0f : exp(largest - highest);
        largest = highest;
        float added = 0.0f;
        for (int j = 0; j < seen; j++) {
            float weight = 0.0f;
            if (visible >> j & 1) {
                float scaled = scale * weights[j * lanes + lane];
                weight = scaled == -INFINITY ? 0.0f : exp(scaled - largest);
            }
            weights[j * lanes + lane] = weight;
            added += weight;
        }
        total = total * decay + added;
        if (decay != 1.0f) {
            for (int c = 0; c < dim; c++) {
                sums[c * lanes + lane] *= decay;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (valuesEncoded && first < valueRecentTo) {
            __global const uint *masks = masks_of(&values, block_of(&values, first));
            __global const uint *packed = masks + dim;
            float suffix = 0.0f;
            for (int j = seen - 1; j >= 0; j--) {
                suffix += valueMiddle >> j & 1 ? weights[j * lanes + lane] : 0.0f;
                suffixes[j * lanes + lane] = suffix;
            }
            int index = 0;
            for (int c = 0; c < dim; c++) {
                float sum = reference[c] * suffix;
                uint mask = masks[c];
                while (mask != 0) {
                    int j = 31 - clz(mask & (0u - mask));
                    mask &= mask - 1;
                    float change = event_at(&values, packed, index++, c);
                    sum += j < seen ? change * suffixes[j * lanes + lane] : 0.0f;
                }
                sums[c * lanes + lane] += sum;
            }
            // The reference goes on to the next block.
            barrier(CLK_LOCAL_MEM_FENCE);
            __global const ushort *offsets = (__global const ushort *)block_of(&values, first);
            for (int c = lane; c < dim; c += lanes) {
                int at = offsets[c / 8];
                for (int list = c & ~7; list < c; list++) {
                    at += popcount(masks[list]);
                }
                float r = reference[c];
                int events = popcount(masks[c]);
                for (int i = 0; i < events; i++) {
                    r += event_at(&values, packed, at + i, c);
                }
                reference[c] = r;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        if (exactValues) {
            __global const uint *page = page_of(valueSlab, lent, valueEntry, first);
            uint exact = values.mode == MODE_DELTA ? visible & ~valueMiddle : visible;
            int pruned = values.mode == MODE_PRUNED && !dropped && first < valueRecentTo;
            int whole = first + seen <= leastLast + 1
                    && (first >= valueRecentTo || first + seen <= sinks);
            int c = 0;
            for (; c + 8 <= dim; c += 8) {
                float8 sum = 0.0f;
                if (whole) {
                    for (int j = 0; j < seen; j++) {
                        sum += weights[j * lanes + lane] * eight_values(&values, page, j, c);
                    }
                } else {
                    for (int j = 0; j < seen; j++) {
                        float8 value = eight_values(&values, page, j, c);
                        if (pruned && (valueMiddle >> j & 1)) {
                            value = select((float8)(0.0f), value, fabs(value) > values.theta);
                        }
                        sum = exact >> j & 1 ? sum + weights[j * lanes + lane] * value : sum;
                    }
                }
                float each[8];
                vstore8(sum, 0, each);
                for (int i = 0; i < 8; i++) {
                    sums[(c + i) * lanes + lane] += each[i];
                }
            }
            for (; c < dim; c++) {
                float sum = 0.0f;
                for (int j = 0; j < seen; j++) {
                    float value = element(page, values.store, 0, dim, j, c);
                    if (pruned && (valueMiddle >> j & 1) && !(fabs(value) > values.theta)) {
                        value = 0.0f;
                    }
                    sum = exact >> j & 1 ? sum + weights[j * lanes + lane] * value : sum;
                }
                sums[c * lanes + lane] += sum;
            }
        }
    }
    if (firstQuery + lane < count) {
        __global float *out = partial
                + (((size_t)row * heads * group + queryHead) * ranges + range) * (dim + 2);
        for (int c = 0; c < dim; c++) {
            out[c] = sums[c * lanes + lane];
        }
        out[dim] = largest;
        out[dim + 1] = total;
    }
}

// Adds up the ranges of each query in their order, a group for each row and query head.
__kernel void attention_merge(
        __global const float *partial,
        int rows,
        int queryHeads,
        int dim,
        int position,
        int rangeKeys,
        int ranges,
        __global float *out,
        int firstRow) {
    int row = get_group_id(0);
    int head = get_group_id(1);
    if (row >= rows || head >= queryHeads) {
        return;
    }
    int count = min((position + row) / rangeKeys + 1, ranges);
    __global const float *parts = partial + ((size_t)row * queryHeads + head) * ranges * (dim + 2);
    float largest = -INFINITY;
    for (int range = 0; range < count; range++) {
        largest = fmax(largest, parts[range * (dim + 2) + dim]);
    }
    float total = 0.0f;
    for (int range = 0; range < count; range++) {
        float highest = parts[range * (dim + 2) + dim];
        float weight = highest == -INFINITY ? 0.0f : exp(highest - largest);
        total += weight * parts[range * (dim + 2) + dim + 1];
    }
    for (int c = get_local_id(0); c < dim; c += get_local_size(0)) {
        float sum = 0.0f;
        for (int range = 0; range < count; range++) {
            float highest = parts[range * (dim + 2) + dim];
            float weight = highest == -INFINITY ? 0.0f : exp(highest - largest);
            sum += weight * parts[range * (dim + 2) + c];
        }
        out[((size_t)(firstRow + row) * queryHeads + head) * dim + c] = sum / total;
    }
}
