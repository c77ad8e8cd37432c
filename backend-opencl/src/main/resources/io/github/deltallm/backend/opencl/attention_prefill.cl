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

// A work item has one query; or 16 of them, a number each in a vector, on a processor, whose vectors
// are its lanes.
#ifndef ITEM_QUERIES
#define ITEM_QUERIES 1
#endif
#if ITEM_QUERIES == 16
typedef float16 Each;
typedef int16 EachInt;
typedef uint16 EachBits;
#define EACH_INT(numbers) vload16(0, numbers)
#define EACH_BITS(ints) convert_uint16(ints)
#define IS_SET(bits, i) (convert_int16((bits) >> (i) & 1u) != 0)
#define ANY(conditions) any(conditions)
#define STORE_EACH(each, to) vstore16(each, 0, to)
#else
typedef float Each;
typedef int EachInt;
typedef uint EachBits;
#define EACH_INT(numbers) (*(numbers))
#define EACH_BITS(ints) ((uint)(ints))
#define IS_SET(bits, i) ((int)((bits) >> (i) & 1u))
#define ANY(conditions) (conditions)
#define STORE_EACH(each, to) (*(to) = (each))
#endif

#define EIGHT(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

// The lowest n bits, of up to 32.
static EachBits lowest_bits(EachInt n) {
    return select(((EachBits)(1u) << EACH_BITS(n)) - 1u, (EachBits)(~0u), n >= 32);
}

// Which of the rows [first, first + rows) each query sees in the middle, as bits.
static EachBits middle_bits(int sinks, EachInt recent, int first, int rows) {
    EachInt from = clamp(min(recent, sinks) - first, 0, rows);
    EachInt to = clamp(recent - first, 0, rows);
    return lowest_bits(to) & ~lowest_bits(from);
}

// One range of keys for a tile of queries of one key-value head. The queries of a tile are those of
// its rows, row after row, each with all heads of the group.
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
        __local Each *q,
        __local Each *sums,
        __local Each *weights,
        __local Each *suffixes,
        __local float *reference) {
    int lane = get_local_id(0);
    int lanes = get_local_size(0);
    int head = get_group_id(1);
    int range = get_group_id(2);
    int firstQuery = get_group_id(0) * lanes * ITEM_QUERIES;
    int count = rows * group;
    if (firstQuery >= count || head >= heads || range >= ranges) {
        return;
    }
    int tileFrom = firstQuery / group;
    int tileTo = min(firstQuery + lanes * ITEM_QUERIES - 1, count - 1) / group;
    int firstKey = range * rangeKeys;
    int end = min(firstKey + rangeKeys, position + tileTo + 1);
    if (firstKey >= end) {
        return;
    }
    int leastLast = position + tileFrom;
    __global const int *keyRecents = info + infoAt + head * rows;
    __global const int *valueRecents = keyRecents + heads * rows;
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
    // Each query's own: those behind the last are computed as the last one and not stored.
    int lasts[ITEM_QUERIES];
    int ownKeyRecents[ITEM_QUERIES];
    int ownValueRecents[ITEM_QUERIES];
    for (int i = 0; i < ITEM_QUERIES; i++) {
        int query = min(firstQuery + lane * ITEM_QUERIES + i, count - 1);
        int row = query / group;
        lasts[i] = position + row;
        ownKeyRecents[i] = keyRecents[row];
        ownValueRecents[i] = valueRecents[row];
        __global const float *in = queries
                + ((size_t)(firstRow + row) * heads * group + head * group + query % group) * dim;
        for (int c = 0; c < dim; c++) {
            ((__local float *)(q + c * lanes + lane))[i] = in[c];
        }
    }
    EachInt last = EACH_INT(lasts);
    EachInt keyRecent = EACH_INT(ownKeyRecents);
    EachInt valueRecent = EACH_INT(ownValueRecents);
    const Each zero = 0.0f;
    for (int c = 0; c < dim; c++) {
        sums[c * lanes + lane] = zero;
    }
    Each score = zero;
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
    Each largest = -INFINITY;
    Each total = zero;
    for (int first = firstKey; first < end; first += BLOCK) {
        int seen = min(BLOCK, end - first);
        EachBits keyMiddle = middle_bits(sinks, keyRecent, first, seen);
        EachBits valueMiddle = middle_bits(sinks, valueRecent, first, seen);
        EachBits visible = lowest_bits(clamp(last + 1 - first, 0, seen));
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
                Each exact[8];
                Each kept[8];
                for (int i = 0; i < 8; i++) {
                    exact[i] = zero;
                    kept[i] = zero;
                }
                float8 steps = eight_steps(&keys, page, j);
                for (int c = 0; c < dim; c++) {
                    Each own = q[c * lanes + lane];
                    float8 key = eight_keys(&keys, page, c, j);
#define ADD_KEY(i) exact[i] += own * key.s##i;
                    EIGHT(ADD_KEY)
                    if (pruned) {
                        key *= steps;
                        key = select((float8)(0.0f), key, fabs(key) > keys.theta);
#define ADD_KEPT(i) kept[i] += own * key.s##i;
                        EIGHT(ADD_KEPT)
                    }
                }
#define SCALE_KEY(i) exact[i] *= steps.s##i;
                EIGHT(SCALE_KEY)
                for (int i = 0; i < 8 && j + i < seen; i++) {
                    int at = (j + i) * lanes + lane;
                    Each middle = pruned ? kept[i] : weights[at];
                    weights[at] = keys.mode == MODE_EXACT
                            ? exact[i]
                            : select(exact[i], middle, IS_SET(keyMiddle, j + i));
                }
            }
        }
        Each highest = largest;
        for (int j = 0; j < seen; j++) {
            Each higher = fmax(highest, scale * weights[j * lanes + lane]);
            highest = select(highest, higher, IS_SET(visible, j));
        }
        Each decay = select(exp(largest - highest), (Each)(1.0f), largest == highest);
        largest = highest;
        Each added = zero;
        for (int j = 0; j < seen; j++) {
            Each scaled = scale * weights[j * lanes + lane];
            Each weight = select(exp(scaled - largest), zero, scaled == -INFINITY);
            weight = select(zero, weight, IS_SET(visible, j));
            weights[j * lanes + lane] = weight;
            added += weight;
        }
        total = total * decay + added;
        if (ANY(decay != 1.0f)) {
            for (int c = 0; c < dim; c++) {
                sums[c * lanes + lane] *= decay;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (valuesEncoded && first < valueRecentTo) {
            __global const uint *masks = masks_of(&values, block_of(&values, first));
            __global const uint *packed = masks + dim;
            Each suffix = zero;
            for (int j = seen - 1; j >= 0; j--) {
                suffix += select(zero, weights[j * lanes + lane], IS_SET(valueMiddle, j));
                suffixes[j * lanes + lane] = suffix;
            }
            int index = 0;
            for (int c = 0; c < dim; c++) {
                Each sum = reference[c] * suffix;
                uint mask = masks[c];
                while (mask != 0) {
                    int j = 31 - clz(mask & (0u - mask));
                    mask &= mask - 1;
                    float change = event_at(&values, packed, index++, c);
                    if (j < seen) {
                        sum += change * suffixes[j * lanes + lane];
                    }
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
            EachBits exact = values.mode == MODE_DELTA ? visible & ~valueMiddle : visible;
            int pruned = values.mode == MODE_PRUNED && !dropped && first < valueRecentTo;
            int whole = first + seen <= leastLast + 1
                    && (first >= valueRecentTo || first + seen <= sinks);
            int c = 0;
            for (; c + 8 <= dim; c += 8) {
                Each sum[8];
                for (int i = 0; i < 8; i++) {
                    sum[i] = zero;
                }
                for (int j = 0; j < seen; j++) {
                    Each weight = weights[j * lanes + lane];
                    float8 value = eight_values(&values, page, j, c);
                    if (whole) {
#define ADD_VALUE(i) sum[i] += weight * value.s##i;
                        EIGHT(ADD_VALUE)
                    } else {
                        // What is not seen may be anything, and must not even be multiplied.
                        EachInt outside = IS_SET(pruned ? exact & ~valueMiddle : exact, j);
#define ADD_SEEN(i) sum[i] = select(sum[i], sum[i] + weight * value.s##i, outside);
                        EIGHT(ADD_SEEN)
                    }
                    if (pruned) {
                        EachInt inside = IS_SET(exact & valueMiddle, j);
                        value = select((float8)(0.0f), value, fabs(value) > values.theta);
#define ADD_PRUNED(i) sum[i] = select(sum[i], sum[i] + weight * value.s##i, inside);
                        EIGHT(ADD_PRUNED)
                    }
                }
                for (int i = 0; i < 8; i++) {
                    sums[(c + i) * lanes + lane] += sum[i];
                }
            }
            for (; c < dim; c++) {
                Each sum = zero;
                for (int j = 0; j < seen; j++) {
                    Each weight = weights[j * lanes + lane];
                    float value = element(page, values.store, 0, dim, j, c);
                    float kept = fabs(value) > values.theta ? value : 0.0f;
                    EachInt inside = IS_SET(valueMiddle, j);
                    Each each = pruned ? select((Each)(value), (Each)(kept), inside) : (Each)(value);
                    sum = select(sum, sum + weight * each, IS_SET(exact, j));
                }
                sums[c * lanes + lane] += sum;
            }
        }
    }
    float allLargest[ITEM_QUERIES];
    float totals[ITEM_QUERIES];
    STORE_EACH(largest, allLargest);
    STORE_EACH(total, totals);
    for (int i = 0; i < ITEM_QUERIES; i++) {
        int query = firstQuery + lane * ITEM_QUERIES + i;
        if (query < count) {
            int queryHead = head * group + query % group;
            __global float *out = partial
                    + (((size_t)(query / group) * heads * group + queryHead) * ranges + range) * (dim + 2);
            for (int c = 0; c < dim; c++) {
                out[c] = ((__local float *)(sums + c * lanes + lane))[i];
            }
            out[dim] = allLargest[i];
            out[dim + 1] = totals[i];
        }
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
