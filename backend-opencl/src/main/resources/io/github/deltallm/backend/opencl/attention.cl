// Attention over the rows of cache.cl. Sums may be contracted here: no mask depends on them.
#pragma OPENCL FP_CONTRACT ON

// How one part's rows are seen by the queries of a tile.
typedef struct {
    int keys;
    int mode;
    int store;
    int events;
    int closed;
    int sinks;
    float theta;
    __global const int *entry;
    __global uint *slab;
    __global uint *lent;
    __global const uint *scratch;
    __global const float *steps;
    int blockWords;
    int dim;
    int words;
    int lists;
} Part;

static Part part_of(
        int keys, __global const int *entry, __global uint *slab, __global uint *lent,
        __global const uint *scratch, int blockWords, int dim) {
    Part part;
    part.keys = keys;
    part.mode = entry[MODE];
    part.store = entry[STORE];
    part.events = entry[EVENTS];
    part.closed = entry[CLOSED];
    part.sinks = entry[SINKS];
    part.theta = as_float(entry[THETA]);
    part.entry = entry;
    part.slab = slab;
    part.lent = lent;
    part.scratch = scratch;
    part.steps = (__global const float *)(slab + max(entry[RULE], 0)) + dim;
    part.blockWords = blockWords;
    part.dim = dim;
    part.words = (dim + 31) / 32;
    part.lists = keys ? BLOCK * part.words : dim;
    return part;
}

// The events of the block that begins at a position: closed ones in the slab, others in the scratch.
static __global const uint *block_of(const Part *part, int position) {
    return position < part->closed
            ? part->slab + part->entry[HEADER + 2 * (position / BLOCK) + 1]
            : part->scratch + (size_t)((position - part->closed) / BLOCK) * part->blockWords
                    + part->dim;
}

static __global const uint *masks_of(const Part *part, __global const uint *block) {
    return block + ((part->lists + 7) / 8 + 1) / 2;
}

static float event_at(const Part *part, __global const uint *packed, int index, int c) {
    if (part->events == EVENTS_F32) {
        return as_float(packed[index]);
    }
    if (part->events == EVENTS_BF16) {
        return bf16_value(((__global const ushort *)packed)[index]);
    }
    return part->steps[c] * (float)((__global const char *)packed)[index];
}
