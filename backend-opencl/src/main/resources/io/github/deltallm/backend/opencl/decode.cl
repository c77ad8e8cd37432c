/*
 * Decodes units: 32 weights that follow each other in a row, as two vectors in the order of their
 * columns. The layouts are those of the GGUF specification. One TYPE_... is defined.
 *
 * UNITS is the number of units in a block, BLOCK_BYTES its size.
 */

#if defined(TYPE_F32) || defined(TYPE_F16) || defined(TYPE_BF16)
#define PLAIN
#elif defined(TYPE_TQ1_0) || defined(TYPE_TQ2_0) || defined(TYPE_I2_S)
#define TERNARY
#endif

/* The half at an address that is a multiple of 2. */
float half_at(global const uchar *at) {
    return vload_half(0, (global const half *) at);
}

/* Sixteen bytes as integers. */
int16 bytes_at(global const uchar *at) {
    return convert_int16(vload16(0, at));
}

/* Bits `from` to `from` + 15 of a word as integers. */
int16 bits_of(uint word, int from) {
    const uint16 places = (uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return convert_int16((uint16) (word) >> (places + (uint) from) & 1u);
}

uint word_at(global const uchar *at) {
    return at[0] | (uint) at[1] << 8 | (uint) at[2] << 16 | (uint) at[3] << 24;
}

/* 32 activations of a row, zeros behind its end. */
void activations(global const float *row, int unit, int columns, float16 *lo, float16 *hi) {
#ifdef PLAIN
    if (32 * unit + 32 > columns) {
        float tail[32];
        for (int i = 0; i < 32; i++) {
            tail[i] = 32 * unit + i < columns ? row[32 * unit + i] : 0.0f;
        }
        *lo = vload16(0, tail);
        *hi = vload16(1, tail);
        return;
    }
#endif
    *lo = vload16(2 * (size_t) unit, row);
    *hi = vload16(2 * (size_t) unit + 1, row);
}

#ifdef PLAIN

#if defined(TYPE_F32)
#define ONE(row, i) (((global const float *) (row))[i])
#define SIXTEEN(row, i) vload16(i, (global const float *) (row))
#elif defined(TYPE_F16)
#define ONE(row, i) vload_half(i, (global const half *) (row))
#define SIXTEEN(row, i) vload_half16(i, (global const half *) (row))
#else
#define ONE(row, i) as_float((uint) ((global const ushort *) (row))[i] << 16)
#define SIXTEEN(row, i) as_float16(convert_uint16(vload16(i, (global const ushort *) (row))) << 16)
#endif

void decode(
        global const uchar *row, int unit, int columns, float scale, float16 *lo, float16 *hi) {
    if (32 * unit + 32 > columns) {
        float tail[32];
        for (int i = 0; i < 32; i++) {
            tail[i] = 32 * unit + i < columns ? ONE(row, 32 * unit + i) : 0.0f;
        }
        *lo = vload16(0, tail);
        *hi = vload16(1, tail);
    } else {
        *lo = SIXTEEN(row, 2 * (size_t) unit);
        *hi = SIXTEEN(row, 2 * (size_t) unit + 1);
    }
}

#elif defined(TERNARY)

#if defined(TYPE_TQ1_0)

#define UNITS 8
#define BLOCK_BYTES 54
#define SCALE_AT 52

/* The digit at a place of fractions n / 256 in base 3. */
int16 digits(int16 fractions, int power_of_3) {
    return ((fractions * power_of_3 & 255) * 3) >> 8;
}

void trits_of(global const uchar *block, int unit, int16 *lo, int16 *hi) {
    if (unit < 5) {
        const int power = unit == 0 ? 1 : unit == 1 ? 3 : unit == 2 ? 9 : unit == 3 ? 27 : 81;
        *lo = digits(bytes_at(block), power) - 1;
        *hi = digits(bytes_at(block + 16), power) - 1;
        return;
    }
    const int16 bytes = bytes_at(block + 32);
    if (unit < 7) {
        *lo = digits(bytes, unit == 5 ? 1 : 9) - 1;
        *hi = digits(bytes, unit == 5 ? 3 : 27) - 1;
        return;
    }
    *lo = digits(bytes, 81) - 1;
    const int4 last = convert_int4(vload4(0, block + 48));
    const int16 four = (int16)(last, last * 3, last * 9, last * 27);
    *hi = digits(four, 1) - 1;
}

#elif defined(TYPE_TQ2_0)

#define UNITS 8
#define BLOCK_BYTES 66
#define SCALE_AT 64

void trits_of(global const uchar *block, int unit, int16 *lo, int16 *hi) {
    global const uchar *at = block + unit / 4 * 32;
    const int shift = unit % 4 * 2;
    *lo = (bytes_at(at) >> shift & 3) - 1;
    *hi = (bytes_at(at + 16) >> shift & 3) - 1;
}

#else

#define UNITS 4
#define BLOCK_BYTES 32

void trits_of(global const uchar *block, int unit, int16 *lo, int16 *hi) {
    const int shift = 6 - unit * 2;
    *lo = (bytes_at(block) >> shift & 3) - 1;
    *hi = (bytes_at(block + 16) >> shift & 3) - 1;
}

#endif

/* The trits of a unit of a row. */
void trits(global const uchar *row, int unit, int16 *lo, int16 *hi) {
    trits_of(row + (size_t) (unit / UNITS) * BLOCK_BYTES, unit % UNITS, lo, hi);
}

/* The scale of the block that holds a unit. */
float block_scale(global const uchar *row, int unit, float scale) {
#ifdef SCALE_AT
    return half_at(row + (size_t) (unit / UNITS) * BLOCK_BYTES + SCALE_AT);
#else
    return scale;
#endif
}

void decode(
        global const uchar *row, int unit, int columns, float scale, float16 *lo, float16 *hi) {
    int16 low, high;
    trits(row, unit, &low, &high);
    const float factor = block_scale(row, unit, scale);
    *lo = convert_float16(low) * factor;
    *hi = convert_float16(high) * factor;
}

#else

#if defined(TYPE_Q4_0)

#define UNITS 1
#define BLOCK_BYTES 18

void block_unit(global const uchar *block, int unit, float16 *lo, float16 *hi) {
    const float d = half_at(block);
    const int16 bytes = bytes_at(block + 2);
    *lo = d * convert_float16((bytes & 15) - 8);
    *hi = d * convert_float16((bytes >> 4) - 8);
}

#elif defined(TYPE_Q4_1)

#define UNITS 1
#define BLOCK_BYTES 20

void block_unit(global const uchar *block, int unit, float16 *lo, float16 *hi) {
    const float d = half_at(block);
    const float m = half_at(block + 2);
    const int16 bytes = bytes_at(block + 4);
    *lo = d * convert_float16(bytes & 15) + m;
    *hi = d * convert_float16(bytes >> 4) + m;
}

#elif defined(TYPE_Q5_0)

#define UNITS 1
#define BLOCK_BYTES 22

void block_unit(global const uchar *block, int unit, float16 *lo, float16 *hi) {
    const float d = half_at(block);
    const uint fifths = word_at(block + 2);
    const int16 bytes = bytes_at(block + 6);
    *lo = d * convert_float16((bytes & 15) + (bits_of(fifths, 0) << 4) - 16);
    *hi = d * convert_float16((bytes >> 4) + (bits_of(fifths, 16) << 4) - 16);
}

#elif defined(TYPE_Q5_1)

#define UNITS 1
#define BLOCK_BYTES 24

void block_unit(global const uchar *block, int unit, float16 *lo, float16 *hi) {
    const float d = half_at(block);
    const float m = half_at(block + 2);
    const uint fifths = word_at(block + 4);
    const int16 bytes = bytes_at(block + 8);
    *lo = d * convert_float16((bytes & 15) + (bits_of(fifths, 0) << 4)) + m;
    *hi = d * convert_float16((bytes >> 4) + (bits_of(fifths, 16) << 4)) + m;
}

#elif defined(TYPE_Q8_0)

#define UNITS 1
#define BLOCK_BYTES 34

void block_unit(global const uchar *block, int unit, float16 *lo, float16 *hi) {
    const float d = half_at(block);
    *lo = d * convert_float16(as_char16(vload16(0, block + 2)));
    *hi = d * convert_float16(as_char16(vload16(0, block + 18)));
}

#elif defined(TYPE_Q2_K)

#define UNITS 8
#define BLOCK_BYTES 84

void block_unit(global const uchar *block, int unit, float16 *lo, float16 *hi) {
    const float d = half_at(block + 80);
    const float m = half_at(block + 82);
    global const uchar *at = block + 16 + unit / 4 * 32;
    const int shift = unit % 4 * 2;
    const int first = block[2 * unit];
    const int second = block[2 * unit + 1];
    *lo = d * (first & 15) * convert_float16(bytes_at(at) >> shift & 3) - m * (first >> 4);
    *hi = d * (second & 15) * convert_float16(bytes_at(at + 16) >> shift & 3) - m * (second >> 4);
}

#elif defined(TYPE_Q3_K)

#define UNITS 8
#define BLOCK_BYTES 110

int sub_scale(global const uchar *block, int sub) {
    const int low = sub < 8 ? block[96 + sub] & 15 : block[96 + sub - 8] >> 4;
    return low + ((block[104 + sub % 4] >> (sub / 4 * 2) & 3) << 4) - 32;
}

void block_unit(global const uchar *block, int unit, float16 *lo, float16 *hi) {
    const float d = half_at(block + 108);
    global const uchar *at = block + 32 + unit / 4 * 32;
    const int shift = unit % 4 * 2;
    const int16 low = (bytes_at(at) >> shift & 3) + ((bytes_at(block) >> unit & 1) << 2) - 4;
    const int16 high =
            (bytes_at(at + 16) >> shift & 3) + ((bytes_at(block + 16) >> unit & 1) << 2) - 4;
    *lo = d * sub_scale(block, 2 * unit) * convert_float16(low);
    *hi = d * sub_scale(block, 2 * unit + 1) * convert_float16(high);
}

#elif defined(TYPE_Q4_K) || defined(TYPE_Q5_K)

#define UNITS 8

/* Sub-blocks 0 to 3 have theirs whole, 4 to 7 in a nibble and two stray upper bits. */
int six_bit_scale(global const uchar *block, int sub) {
    return sub < 4 ? block[4 + sub] & 63 : (block[8 + sub] & 15) | block[sub] >> 6 << 4;
}

int six_bit_minimum(global const uchar *block, int sub) {
    return sub < 4 ? block[8 + sub] & 63 : block[8 + sub] >> 4 | block[4 + sub] >> 6 << 4;
}

#if defined(TYPE_Q4_K)
#define BLOCK_BYTES 144
#define NIBBLES 16
#else
#define BLOCK_BYTES 176
#define NIBBLES 48
#endif

void block_unit(global const uchar *block, int unit, float16 *lo, float16 *hi) {
    const float d = half_at(block) * six_bit_scale(block, unit);
    const float m = half_at(block + 2) * six_bit_minimum(block, unit);
    global const uchar *at = block + NIBBLES + unit / 2 * 32;
    const int shift = unit % 2 * 4;
    int16 low = bytes_at(at) >> shift & 15;
    int16 high = bytes_at(at + 16) >> shift & 15;
#if defined(TYPE_Q5_K)
    low += (bytes_at(block + 16) >> unit & 1) << 4;
    high += (bytes_at(block + 32) >> unit & 1) << 4;
#endif
    *lo = d * convert_float16(low) - m;
    *hi = d * convert_float16(high) - m;
}

#elif defined(TYPE_Q6_K)

#define UNITS 8
#define BLOCK_BYTES 210

void block_unit(global const uchar *block, int unit, float16 *lo, float16 *hi) {
    const float d = half_at(block + 208);
    const int quarter = unit % 4;
    global const uchar *low = block + unit / 4 * 64 + quarter % 2 * 32;
    global const uchar *high = block + 128 + unit / 4 * 32;
    const int shift = quarter / 2 * 4;
    const int16 first =
            (bytes_at(low) >> shift & 15) + ((bytes_at(high) >> (2 * quarter) & 3) << 4) - 32;
    const int16 second =
            (bytes_at(low + 16) >> shift & 15)
            + ((bytes_at(high + 16) >> (2 * quarter) & 3) << 4)
            - 32;
    *lo = d * (char) block[192 + 2 * unit] * convert_float16(first);
    *hi = d * (char) block[193 + 2 * unit] * convert_float16(second);
}

#else
#error "no TYPE_... is defined"
#endif

void decode(
        global const uchar *row, int unit, int columns, float scale, float16 *lo, float16 *hi) {
    block_unit(row + (size_t) (unit / UNITS) * BLOCK_BYTES, unit % UNITS, lo, hi);
}

#endif
