/* A grey JPEG of a plane of bytes: baseline, or progressive in two scans (DC, then AC), with the usual
   tables. Browsers encode no grey JPEGs; the planes of a reversible result's chroma are such.

   Freestanding: no library, no memory but the caller's. ITU-T T.81, annexes A, F, G and K; qualities
   are those of the Independent JPEG Group's library. */

#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define SIDE 8
#define BLOCK 64

struct writer {
    uint8_t *out;
    int64_t room, length; /* length: what would be written, even where there is no room */
    uint64_t bits;
    int count; /* of bits that wait */
};

struct code {
    uint16_t bits;
    uint8_t length;
};

static const uint8_t ZIGZAG[BLOCK] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/* K.1 and K.2 */
static const uint8_t QUANTIZATION[2][BLOCK] = {
    {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
     14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
     18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
     49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99},
    {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
     99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99}};

/* K.3 and K.4: how many codes of 1 to 16 bits; the symbols are 0 to 11 in order */
static const uint8_t DC_COUNTS[2][16] = {{0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0},
                                         {0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}};
#define DC_SYMBOLS 12

/* K.5 and K.6 */
static const uint8_t AC_COUNTS[2][16] = {{0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125},
                                         {0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119}};
#define AC_SYMBOLS 162
static const uint8_t AC[2][AC_SYMBOLS] = {
    {0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
     0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0,
     0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,
     0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
     0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
     0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
     0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
     0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5,
     0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
     0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
     0xf9, 0xfa},
    {0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
     0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0,
     0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,
     0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
     0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
     0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
     0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5,
     0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
     0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
     0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
     0xf9, 0xfa}};

static void put(struct writer *writer, int byte)
{
    if (writer->length < writer->room)
        writer->out[writer->length] = (uint8_t)byte;
    writer->length++;
}

static void put_16(struct writer *writer, int value)
{
    put(writer, value >> 8);
    put(writer, value & 255);
}

static void put_all(struct writer *writer, const uint8_t *bytes, int count)
{
    for (int i = 0; i < count; i++)
        put(writer, bytes[i]);
}

static void put_bits(struct writer *writer, uint32_t bits, int count)
{
    writer->bits = writer->bits << count | bits;
    writer->count += count;
    while (writer->count >= 8) {
        int byte = writer->bits >> (writer->count - 8) & 255;
        put(writer, byte);
        if (byte == 255)
            put(writer, 0);
        writer->count -= 8;
    }
}

static void flush(struct writer *writer)
{
    int missing = (8 - writer->count) & 7;
    put_bits(writer, (1u << missing) - 1, missing);
}

/* The codes of a table by symbol (annex C). */
static void codes_of(struct code *codes, const uint8_t *counts, const uint8_t *symbols)
{
    int code = 0, next = 0;
    for (int length = 1; length <= 16; length++, code <<= 1)
        for (int i = 0; i < counts[length - 1]; i++, next++, code++)
            codes[symbols ? symbols[next] : next] = (struct code){(uint16_t)code, (uint8_t)length};
}

/* The bits of a number that follow its size's code (F.1.2.1). */
static void put_number(struct writer *writer, struct code size_code, int value, int size)
{
    uint32_t own = (uint32_t)(value < 0 ? value - 1 : value) & ((1u << size) - 1);
    put_bits(writer, size_code.bits, size_code.length);
    put_bits(writer, own, size);
}

static int size_of(int value)
{
    uint32_t magnitude = (uint32_t)(value < 0 ? -value : value);
    return magnitude ? 32 - __builtin_clz(magnitude) : 0;
}

/* cos((2 x + 1) u pi / 16) / 2, in rows of x; those of u = 0 over the root of 2. */
static const float COSINES[SIDE][SIDE] = {
    {0.35355339f, 0.49039264f, 0.46193977f, 0.41573481f, 0.35355339f, 0.27778512f, 0.19134172f, 0.09754516f},
    {0.35355339f, 0.41573481f, 0.19134172f, -0.09754516f, -0.35355339f, -0.49039264f, -0.46193977f, -0.27778512f},
    {0.35355339f, 0.27778512f, -0.19134172f, -0.49039264f, -0.35355339f, 0.09754516f, 0.46193977f, 0.41573481f},
    {0.35355339f, 0.09754516f, -0.46193977f, -0.27778512f, 0.35355339f, 0.41573481f, -0.19134172f, -0.49039264f},
    {0.35355339f, -0.09754516f, -0.46193977f, 0.27778512f, 0.35355339f, -0.41573481f, -0.19134172f, 0.49039264f},
    {0.35355339f, -0.27778512f, -0.19134172f, 0.49039264f, -0.35355339f, -0.09754516f, 0.46193977f, -0.41573481f},
    {0.35355339f, -0.41573481f, 0.19134172f, 0.09754516f, -0.35355339f, 0.49039264f, -0.46193977f, 0.27778512f},
    {0.35355339f, -0.49039264f, 0.46193977f, -0.41573481f, 0.35355339f, -0.27778512f, 0.19134172f, -0.09754516f}};

/* Coefficients in zigzag order, quantized, of the block whose first pixel is at a place; the last
   rows and columns are repeated beyond the edges. */
static void block_at(const uint8_t *plane, int64_t width, int64_t height, int64_t top, int64_t left,
                     const float *steps, int16_t *block)
{
    float pixels[SIDE][SIDE], rows[SIDE][SIDE];
    for (int y = 0; y < SIDE; y++) {
        int64_t row = top + y < height ? top + y : height - 1;
        for (int x = 0; x < SIDE; x++) {
            int64_t column = left + x < width ? left + x : width - 1;
            pixels[y][x] = (float)plane[row * width + column] - 128.0f;
        }
    }
    for (int y = 0; y < SIDE; y++) {
        float sums[SIDE] = {0};
        for (int x = 0; x < SIDE; x++)
            for (int u = 0; u < SIDE; u++)
                sums[u] += pixels[y][x] * COSINES[x][u];
        for (int u = 0; u < SIDE; u++)
            rows[y][u] = sums[u];
    }
    for (int v = 0; v < SIDE; v++) {
        float sums[SIDE] = {0};
        for (int y = 0; y < SIDE; y++)
            for (int u = 0; u < SIDE; u++)
                sums[u] += rows[y][u] * COSINES[y][v];
        for (int u = 0; u < SIDE; u++)
            pixels[v][u] = sums[u];
    }
    for (int i = 0; i < BLOCK; i++) {
        float value = pixels[ZIGZAG[i] / SIDE][ZIGZAG[i] % SIDE] / steps[i];
        block[i] = (int16_t)(value < 0 ? value - 0.5f : value + 0.5f);
    }
}

static void put_dc(struct writer *writer, const struct code *codes, int difference)
{
    int size = size_of(difference);
    put_number(writer, codes[size], difference, size);
}

static void put_ac(struct writer *writer, const struct code *codes, const int16_t *block)
{
    int zeros = 0;
    for (int i = 1; i < BLOCK; i++) {
        if (!block[i]) {
            zeros++;
            continue;
        }
        for (; zeros > 15; zeros -= 16)
            put_bits(writer, codes[0xf0].bits, codes[0xf0].length);
        int size = size_of(block[i]);
        put_number(writer, codes[zeros << 4 | size], block[i], size);
        zeros = 0;
    }
    if (zeros)
        put_bits(writer, codes[0].bits, codes[0].length);
}

static void put_table(struct writer *writer, int name, const uint8_t *counts, const uint8_t *symbols,
                      int count)
{
    put_16(writer, 0xffc4);
    put_16(writer, 2 + 1 + 16 + count);
    put(writer, name);
    put_all(writer, counts, 16);
    for (int i = 0; i < count; i++)
        put(writer, symbols ? symbols[i] : i);
}

/* A scan of the coefficients first to last. */
static void put_scan(struct writer *writer, const uint8_t *plane, int64_t width, int64_t height,
                     const float *steps, int chroma_table, int first, int last)
{
    struct code dc[DC_SYMBOLS], ac[256]; /* those of symbols that are not in a table stay unused */
    codes_of(dc, DC_COUNTS[chroma_table], 0);
    codes_of(ac, AC_COUNTS[chroma_table], AC[chroma_table]);
    static const uint8_t head[] = {0xff, 0xda, 0, 8, 1, 1, 0};
    put_all(writer, head, sizeof head);
    put(writer, first);
    put(writer, last);
    put(writer, 0);
    int before = 0;
    for (int64_t top = 0; top < height; top += SIDE)
        for (int64_t left = 0; left < width; left += SIDE) {
            int16_t block[BLOCK];
            block_at(plane, width, height, top, left, steps, block);
            if (first == 0)
                put_dc(writer, dc, block[0] - before);
            if (last > 0)
                put_ac(writer, ac, block);
            before = block[0];
        }
    flush(writer);
}

static int64_t encode(const uint8_t *plane, int64_t width, int64_t height, int32_t quality,
                      int32_t chroma_table, uint8_t *out, int64_t room, int progressive)
{
    if (width < 1 || height < 1 || width > 65535 || height > 65535)
        return -1;
    struct writer writer = {out, room, 0, 0, 0};
    int chroma = chroma_table != 0;
    quality = quality < 1 ? 1 : quality > 100 ? 100 : quality;
    int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    float steps[BLOCK];
    put_16(&writer, 0xffd8);
    put_16(&writer, 0xffdb);
    put_16(&writer, 2 + 1 + BLOCK);
    put(&writer, 0);
    for (int i = 0; i < BLOCK; i++) {
        int step = (QUANTIZATION[chroma][ZIGZAG[i]] * scale + 50) / 100;
        step = step < 1 ? 1 : step > 255 ? 255 : step;
        put(&writer, step);
        steps[i] = (float)step;
    }
    put_16(&writer, progressive ? 0xffc2 : 0xffc0);
    put_16(&writer, 2 + 6 + 3);
    put(&writer, 8);
    put_16(&writer, (int)height);
    put_16(&writer, (int)width);
    static const uint8_t component[] = {1, 1, 0x11, 0};
    put_all(&writer, component, sizeof component);
    put_table(&writer, 0x00, DC_COUNTS[chroma], 0, DC_SYMBOLS);
    put_table(&writer, 0x10, AC_COUNTS[chroma], AC[chroma], AC_SYMBOLS);
    if (progressive) {
        put_scan(&writer, plane, width, height, steps, chroma, 0, 0);
        put_scan(&writer, plane, width, height, steps, chroma, 1, BLOCK - 1);
    } else {
        put_scan(&writer, plane, width, height, steps, chroma, 0, BLOCK - 1);
    }
    put_16(&writer, 0xffd9);
    return writer.length <= room ? writer.length : -1;
}

/* A baseline JPEG. plane: height rows of width bytes. quality: 1 to 100. chroma_table: whether the
   tables are those for chroma. out: room bytes; more than width * height + 1024 are hardly needed.
   Returns how many bytes are written; -1 where there is too little room, or no such size. */
EXPORT int64_t photochrom_gray_jpeg(const uint8_t *plane, int64_t width, int64_t height,
                                    int32_t quality, int32_t chroma_table, uint8_t *out, int64_t room)
{
    return encode(plane, width, height, quality, chroma_table, out, room, 0);
}

/* The same as a progressive JPEG. */
EXPORT int64_t photochrom_gray_jpeg_progressive(const uint8_t *plane, int64_t width, int64_t height,
                                                int32_t quality, int32_t chroma_table, uint8_t *out,
                                                int64_t room)
{
    return encode(plane, width, height, quality, chroma_table, out, room, 1);
}
