/* What every program begins with. OpenCL C 1.2 without extensions: no fp16, no fp64. */

/* LANES work items, a power of two, follow each other in dimension 0 of a group and share a sum. */
#ifndef LANES
#define LANES 1
#endif

/*
 * a * b + c where nothing depends on how often that is rounded: once if the device does that fast.
 * A call of fma is emulated elsewhere, which is many times slower.
 */
#ifdef FP_FAST_FMAF
#define MULADD(a, b, c) fma(a, b, c)
#else
#define MULADD(a, b, c) ((a) * (b) + (c))
#endif

float sum4(float4 v) {
    const float2 pair = v.lo + v.hi;
    return pair.x + pair.y;
}

float sum16(float16 v) {
    const float8 eight = v.lo + v.hi;
    return sum4(eight.lo + eight.hi);
}

int isum16(int16 v) {
    const int8 eight = v.lo + v.hi;
    const int4 four = eight.lo + eight.hi;
    const int2 pair = four.lo + four.hi;
    return pair.x + pair.y;
}

/*
 * The sum over the lanes, in a fixed order; all items of the group call it. `shared` has a number
 * for each item of the group.
 */
#if LANES == 1
#define LANES_SUM(type, name)                                    \
    type name(type value, local type *shared) { return value; }
#else
#define LANES_SUM(type, name)                                    \
    type name(type value, local type *shared) {                  \
        const int lane = get_local_id(0);                        \
        local type *mine = shared + get_local_id(1) * LANES;     \
        barrier(CLK_LOCAL_MEM_FENCE);                            \
        mine[lane] = value;                                      \
        for (int step = LANES / 2; step > 0; step >>= 1) {       \
            barrier(CLK_LOCAL_MEM_FENCE);                        \
            if (lane < step) {                                   \
                mine[lane] += mine[lane + step];                 \
            }                                                    \
        }                                                        \
        barrier(CLK_LOCAL_MEM_FENCE);                            \
        return mine[0];                                          \
    }
#endif

LANES_SUM(float, lanes_sum)
LANES_SUM(int, lanes_isum)

/*
 * a / b rounded to nearest, whatever the device's own division does: of the neighbours of its
 * answer, the one that leaves the smallest remainder, which fma gives exactly.
 */
float divide(float a, float b) {
    float best = a / b;
    if (isnan(best) || isinf(best) || best == 0.0f) {
        return best;
    }
    const int bits = as_int(best);
    float rest = fabs(fma(-best, b, a));
    for (int step = -3; step <= 3; step++) {
        const float other = as_float(bits + step);
        const float remainder = fabs(fma(-other, b, a));
        if (remainder < rest) {
            best = other;
            rest = remainder;
        }
    }
    return best;
}
