/* Random photos through the native kernel, in buffers of exactly the size that it may touch.

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

int main(int count, char **arguments) {
    const double seconds = count > 1 ? atof(arguments[1]) : 1.0;
    state = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    long photos = 0;
    for (const time_t start = time(NULL); difftime(time(NULL), start) < seconds; photos++)
        one_photo();
    printf("%ld photos\n", photos);
    return photos ? 0 : 1;
}
