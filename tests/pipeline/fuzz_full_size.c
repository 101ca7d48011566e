/* Random photos and scans through the native kernel, in buffers of exactly the size that it may touch.

   Build with -fsanitize=address,undefined; a fault ends the program. Arguments: seconds, seed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "full_size.c"

static uint64_t state;

static uint64_t draw(void) { /* xorshift64* */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717ull;
}

static int64_t below(int64_t n) { return (int64_t)(draw() % (uint64_t)n); }

static float odd_float(void) {
    static const float odd[] = {0.0f, -0.0f, 1.0f, 1e-45f, 1e-20f, -1e-3f, 1.5f, 3e38f, -3e38f};
    union { uint32_t bits; float value; } any = {(uint32_t)draw()}; /* also NaN and infinity */
    switch (below(4)) {
    case 0: return any.value;
    case 1: return odd[below((int64_t)(sizeof odd / sizeof *odd))];
    default: return (float)(draw() >> 40) / 16777216.0f;
    }
}

static float *floats(int64_t count, float low, float high) {
    float *values = malloc((size_t)count * sizeof(float));
    for (int64_t i = 0; i < count; i++)
        values[i] = low + (high - low) * (float)(draw() >> 40) / 16777216.0f;
    return values;
}

static void one_photo(void) {
    static const int sizes[] = {1, 2, 4};
    struct kernel k = {0};
    k.source_type = (int32_t)below(3);
    k.target_type = (int32_t)below(3);
    k.bands = 1 + (int32_t)below(4);
    k.width = 1 + below(below(8) ? 70 : 1200);
    k.field_rows = 1 + below(9);
    const int64_t height = 1 + below(9), top = below(height), rows = 1 + below(height - top);
    const int direct = k.bands < 3 && k.source_type != FLOAT32;
    const int64_t codes = k.source_type == UINT8 ? 256 : 65536;
    const int64_t steps = direct ? codes : 65536;
    float *f = floats(steps, 0, 1), *inverse = floats(steps, 0, 1);
    float *light = direct ? floats(codes, 0, 4e9f) : NULL, *linear = floats(codes, 0, 1);
    const float reach = below(2) ? 2.0f : 1e30f;
    float *fields = floats(4 * k.field_rows * k.width, -reach, reach);
    int64_t *above = malloc((size_t)height * 8), *under = malloc((size_t)height * 8);
    for (int64_t i = 0; i < height; i++) above[i] = below(k.field_rows), under[i] = below(k.field_rows);
    float *share = floats(height, 0, 1);
    k.codes_count = 2 + below(70000);
    void *table = calloc((size_t)k.codes_count, (size_t)sizes[k.target_type]);
    k.f = f, k.f_inverse = inverse, k.light = light, k.linear = linear, k.fields = fields;
    k.above = above, k.below = under, k.share = share, k.codes = table;
    for (int i = 0; i < 3; i++) {
        k.weights[i] = -1.0f + 3.0f * (float)(draw() >> 40) / 16777216.0f;
        k.from_x[i] = odd_float();
        k.from_z[i] = odd_float();
    }
    k.white = (float)(k.codes_count - 1) * (float)(k.codes_count - 1);
    k.tiny = 1e-9f * k.white;
    const size_t size = (size_t)sizes[k.source_type];
    const int64_t stride = (k.width * k.bands + below(5)) * (int64_t)size;
    const size_t bytes = (size_t)(stride * (rows - 1) + k.width * k.bands * (int64_t)size);
    char *strip = malloc(bytes);
    for (size_t i = 0; i < bytes; i++) strip[i] = (char)draw();
    if (k.source_type == FLOAT32)
        for (size_t i = 0; i + 4 <= bytes; i += 4) {
            const float value = odd_float();
            memcpy(strip + i, &value, 4);
        }
    const int out_bands = k.bands % 2 ? 3 : 4;
    void *out = malloc((size_t)(rows * k.width * out_bands) * (size_t)sizes[k.target_type]);
    photochrom_color_strip(&k, strip, stride, out, rows, top);
    free(f), free(inverse), free(light), free(linear), free(fields), free(above), free(under);
    free(share), free(table), free(strip), free(out);
}

/* Counts of Huffman codes and symbols: mostly a possible table. */
static uint8_t *huffman_table(void) {
    uint8_t *table = malloc(TABLE_BYTES);
    int64_t room = 2, symbols = 0;
    for (int length = 0; length < LONGEST_CODE; length++, room *= 2) {
        const int64_t most = room < 256 - symbols ? room : 256 - symbols;
        int64_t count = most > 0 && below(3) ? below(most + 1) / (1 + below(8)) : 0;
        if (!below(400)) count = below(256);
        table[length] = (uint8_t)(count < 255 ? count : 255);
        room -= table[length];
        symbols += table[length];
    }
    const int plain = below(2) == 0;
    for (int i = LONGEST_CODE; i < TABLE_BYTES; i++)
        table[i] = (uint8_t)(plain ? below(2) * 240 + below(3) : (int64_t)draw());
    return table;
}

static void one_scan(void) {
    struct scan s = {0};
    s.coding = (int32_t)below(5);
    const int alone = s.coding == AC_FIRST || s.coding == AC_REFINED;
    s.components = alone ? 1 : 1 + (int32_t)below(4);
    s.first = alone ? 1 + (int32_t)below(63) : 0;
    s.last = s.coding == SEQUENTIAL ? 63 : alone ? s.first + (int32_t)below(64 - s.first) : 0;
    s.low = s.coding == SEQUENTIAL ? 0 : (int32_t)below(14);
    s.mcus = 1 + below(below(8) ? 40 : 4000);
    s.interval = below(3) ? 0 : 1 + below(20);
    const int64_t length = below(below(8) ? 300 : 20000);
    s.start = below(length + 1), s.end = length;
    uint8_t *data = malloc((size_t)length);
    const int ways = (int)below(3);
    for (int64_t i = 0; i < length; i++) data[i] = (uint8_t)(ways ? draw() : draw() & draw() & draw());
    for (int64_t i = 0; ways != 2 && i + 1 < length; i++)
        if (data[i] == 0xFF) data[++i] = (uint8_t)(below(9) ? 0 : 0xD0 + below(8));
    s.data = data;
    uint8_t *tables[8];
    uint16_t *steps[4];
    for (int i = 0; i < 8; i++) tables[i] = huffman_table();
    for (int i = 0; i < s.components; i++) {
        s.blocks[i] = alone ? 1 : 1 + (int32_t)below(4);
        s.dc[i] = s.coding == SEQUENTIAL || s.coding == DC_FIRST ? tables[i] : NULL;
        s.ac[i] = s.coding == SEQUENTIAL || alone ? tables[4 + i] : NULL;
        s.steps[i] = steps[i] = malloc(BLOCK_SIZE * sizeof(uint16_t));
        const int most = below(2) ? 16 : 65535;
        for (int j = 0; j < BLOCK_SIZE; j++) steps[i][j] = (uint16_t)(1 + below(most));
    }
    uint64_t *history = malloc((size_t)s.mcus * sizeof(uint64_t));
    for (int64_t i = 0; i < s.mcus; i++) history[i] = s.coding == AC_REFINED ? draw() & draw() : 0;
    s.history = alone ? history : NULL;
    const int64_t fault = photochrom_walk_scan(&s);
    if (s.place < s.start || s.place > s.end || s.mcu < 0 || s.mcu > s.mcus) abort();
    if ((fault == SOUND) != (s.mcu == s.mcus)) abort();
    for (int i = 0; i < 8; i++) free(tables[i]);
    for (int i = 0; i < s.components; i++) free(steps[i]);
    free(data), free(history);
}

int main(int count, char **arguments) {
    const double seconds = count > 1 ? atof(arguments[1]) : 1.0;
    state = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    long photos = 0;
    for (const time_t start = time(NULL); difftime(time(NULL), start) < seconds; photos++) {
        one_photo();
        for (int i = 0; i < 10; i++) one_scan();
    }
    printf("%ld photos, ten times as many scans\n", photos);
    return photos ? 0 : 1;
}
