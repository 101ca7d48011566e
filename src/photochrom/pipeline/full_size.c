/* The full-size arithmetic of photochrom.pipeline.full_size, for one strip of rows.

   The NumPy code there is the reference and explains the equations; here the same float operations
   stand in the same order, so that both give the same codes. Build without contraction of
   multiplications and additions (-ffp-contract=off), which would round differently.

   Pixels are worked on in blocks that stay in the processor's first cache; every loop over a block
   is plain enough for a compiler to vectorise. Nothing is allocated, nothing is global, so any
   number of threads may call at once. */

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK 256

/* One build serves old and new processors: the loader chooses by what the processor has. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(PHOTOCHROM_PLAIN)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define FOR_EACH_PROCESSOR
#endif

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

enum type { UINT8, UINT16, FLOAT32 };

/* What is the same for all strips of a photo; photochrom.pipeline.native has the same fields. */
struct kernel {
    int32_t source_type, target_type; /* enum type */
    int32_t bands;                    /* of the source: 1 to 4; 2 and 4 end in alpha */
    int64_t width;
    const float *f, *f_inverse;       /* of luminance: by code, or by 65536 steps of 0..1 */
    const float *light;               /* `white` times luminance by code; null: use `linear` */
    const float *linear;              /* light of a code: 256 or 65536 entries */
    const float *fields;              /* (4, field_rows, width): slopes for X, Z, offsets for X, Z */
    int64_t field_rows;
    const int64_t *above, *below;     /* rows of `fields` around each row of the photo */
    const float *share;               /* of the row below */
    const void *codes;                /* of the target, by the root of light */
    int64_t codes_count;
    float weights[3];                 /* of R, G and B in luminance */
    float from_x[3], from_z[3];       /* what differences of X and Z give to R, G and B */
    float white;                      /* light of white */
    float tiny;                       /* least difference by which a gamut is divided */
};

static const float TOE = (float)(6.0 / 29.0);
static const float TOE_SLOPE = (float)(3.0 * ((6.0 / 29.0) * (6.0 / 29.0)));
static const float DARKEST = 1e-20f;
static const float INSIDE = 1.0f - 1.0f / 1048576.0f;

INLINE float at_most(float a, float b) { return a < b ? a : b; }
INLINE float at_least(float a, float b) { return a > b ? a : b; }

/* A table's value between two entries; `place` 0 .. count - 1, NaN gives NaN. */
INLINE float between(const float *table, int64_t count, float place) {
    float known = place == place ? place : 0.0f;
    int64_t index = (int64_t)at_least(0.0f, at_most(known, (float)(count - 2)));
    float low = table[index], rise = table[index + 1] - low;
    rise = (float)((double)rise * ((double)place - (double)index));
    return low + rise;
}

INLINE float decoded_float(const float *linear, float code) {
    float held = code < 0.0f ? 0.0f : code > 1.0f ? 1.0f : code; /* NaN stays */
    return between(linear, 65536, held * 65535.0f);
}

/* Light 0..1 of band `band` of `count` pixels. */
INLINE void decode(const struct kernel *k, const void *pixels, int band, int count,
                   float *restrict light) {
    const int bands = k->bands;
    if (k->source_type == UINT8) {
        const uint8_t *codes = (const uint8_t *)pixels + band;
        for (int i = 0; i < count; i++) light[i] = k->linear[codes[i * bands]];
    } else if (k->source_type == UINT16) {
        const uint16_t *codes = (const uint16_t *)pixels + band;
        for (int i = 0; i < count; i++) light[i] = k->linear[codes[i * bands]];
    } else {
        const float *codes = (const float *)pixels + band;
        for (int i = 0; i < count; i++) light[i] = decoded_float(k->linear, codes[i * bands]);
    }
}

/* f of luminance, its inverse, and luminance times white. */
INLINE void look_up_light(const struct kernel *k, const void *pixels, int count,
                          float *restrict fy, float *restrict base, float *restrict luminance) {
    if (k->light && k->source_type == UINT8) {
        const uint8_t *codes = pixels;
        const int bands = k->bands;
        for (int i = 0; i < count; i++) {
            const int code = codes[i * bands];
            fy[i] = k->f[code];
            base[i] = k->f_inverse[code];
            luminance[i] = k->light[code];
        }
        return;
    }
    if (k->light && k->source_type == UINT16) {
        const uint16_t *codes = pixels;
        const int bands = k->bands;
        for (int i = 0; i < count; i++) {
            const int code = codes[i * bands];
            fy[i] = k->f[code];
            base[i] = k->f_inverse[code];
            luminance[i] = k->light[code];
        }
        return;
    }
    float light[BLOCK];
    decode(k, pixels, 0, count, light);
    if (k->bands >= 3) {
        for (int i = 0; i < count; i++) luminance[i] = light[i] * k->weights[0];
        for (int band = 1; band < 3; band++) {
            decode(k, pixels, band, count, light);
            for (int i = 0; i < count; i++) luminance[i] += light[i] * k->weights[band];
        }
        for (int i = 0; i < count; i++) {
            const float y = luminance[i];
            light[i] = y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
        }
    }
    if (k->source_type == FLOAT32)
        for (int i = 0; i < count; i++) light[i] = light[i] > DARKEST ? light[i] : 0.0f;
    for (int i = 0; i < count; i++) {
        const float y = light[i];
        int step = (int)(y * 65535.0f + 0.5f);
        step = step < 0 ? 0 : step > 65535 ? 65535 : step;
        fy[i] = k->f[step];
        base[i] = k->f_inverse[step];
        luminance[i] = y * k->white;
    }
}

/* X / Xw of f: a cube above the toe, a line below it. */
INLINE float inverse_f(float f) {
    const float high = at_least(f, TOE);
    return (f - high) * TOE_SLOPE + high * high * high;
}

/* X or Z less that of the neutral of the same luminance. */
INLINE void difference(const float *restrict slope_above, const float *restrict slope_below,
                       const float *restrict offset_above, const float *restrict offset_below,
                       float share, const float *restrict fy, const float *restrict base,
                       int count, float *restrict out) {
    for (int i = 0; i < count; i++) {
        const float slope = (slope_below[i] - slope_above[i]) * share + slope_above[i];
        const float offset = (offset_below[i] - offset_above[i]) * share + offset_above[i];
        const float f = slope * fy[i] + offset;
        out[i] = inverse_f(f) - base[i];
    }
}

/* Roots of light of R, G and B, with as much chroma as the gamut holds. */
INLINE void mix(const struct kernel *k, const float *restrict x, const float *restrict z,
                const float *restrict luminance, int count, float *restrict red,
                float *restrict green, float *restrict blue) {
    const float white = k->white, tiny = k->tiny;
    const float rx = k->from_x[0], gx = k->from_x[1], bx = k->from_x[2];
    const float rz = k->from_z[0], gz = k->from_z[1], bz = k->from_z[2];
    for (int i = 0; i < count; i++) {
        const float y = luminance[i];
        const float r = x[i] * rx + z[i] * rz;
        const float g = x[i] * gx + z[i] * gz;
        const float b = x[i] * bx + z[i] * bz;
        const float highest = at_least(at_least(at_least(r, g), b), tiny);
        const float lowest = at_most(at_most(at_most(r, g), b), -tiny);
        const float room = at_most((white - y) / highest, y / -lowest) * INSIDE;
        const float kept = at_most(room, 1.0f);
        red[i] = sqrtf(r * kept + y);
        green[i] = sqrtf(g * kept + y);
        blue[i] = sqrtf(b * kept + y);
    }
}

/* Codes of roots into one band of the result; `out_bands` codes lie from pixel to pixel. */
INLINE void encode(const struct kernel *k, const float *restrict root, int count, void *out,
                   int out_bands) {
    if (k->target_type == FLOAT32) {
        float *values = out;
        for (int i = 0; i < count; i++)
            values[i * out_bands] = between(k->codes, k->codes_count, root[i]);
        return;
    }
    const float last = (float)(k->codes_count - 1);
    int32_t place[BLOCK];
    for (int i = 0; i < count; i++)
        place[i] = (int32_t)at_least(0.0f, at_most(root[i], last)); /* NaN cannot be here */
    if (k->target_type == UINT8) {
        const uint8_t *codes = k->codes;
        uint8_t *values = out;
        for (int i = 0; i < count; i++) values[i * out_bands] = codes[place[i]];
    } else {
        const uint16_t *codes = k->codes;
        uint16_t *values = out;
        for (int i = 0; i < count; i++) values[i * out_bands] = codes[place[i]];
    }
}

INLINE double number(const void *pixels, int type, int64_t index) {
    if (type == UINT8) return ((const uint8_t *)pixels)[index];
    if (type == UINT16) return ((const uint16_t *)pixels)[index];
    return ((const float *)pixels)[index];
}

INLINE double largest(int type) { return type == UINT8 ? 255.0 : type == UINT16 ? 65535.0 : 1.0; }

/* The last band of the source as the last band of the result. */
INLINE void copy_alpha(const struct kernel *k, const void *pixels, int count, void *out) {
    const double scale = largest(k->target_type) / largest(k->source_type);
    for (int i = 0; i < count; i++) {
        double value = number(pixels, k->source_type, (int64_t)i * k->bands + k->bands - 1);
        if (k->source_type != k->target_type) {
            value *= scale;
            if (k->source_type == FLOAT32) value = (float)value;
            if (k->target_type != FLOAT32) {
                const double top = largest(k->target_type);
                value = value > 0.0 ? value < top ? rint(value) : top : 0.0;
            }
        }
        if (k->target_type == UINT8)
            ((uint8_t *)out)[i * 4 + 3] = (uint8_t)value;
        else if (k->target_type == UINT16)
            ((uint16_t *)out)[i * 4 + 3] = (uint16_t)value;
        else
            ((float *)out)[i * 4 + 3] = (float)value;
    }
}

/* Floats outside 0..1, and NaN, come out as they went in. */
INLINE void restore_outside(const struct kernel *k, const float *pixels, int count, int out_bands,
                            float *out) {
    const int colors = k->bands < 3 ? 1 : 3;
    for (int i = 0; i < count; i++) {
        int inside = 1;
        for (int band = 0; band < colors; band++) {
            const float code = pixels[i * k->bands + band];
            inside &= code >= 0.0f && code <= 1.0f;
        }
        for (int band = 0; !inside && band < 3; band++)
            out[i * out_bands + band] = pixels[i * k->bands + (colors == 1 ? 0 : band)];
    }
}

/* What the caller must have been written for: raise it with every change of a struct. */
EXPORT int64_t photochrom_kernel_version(void) { return 4; }

/* Colour `rows` rows of which the first is row `top` of the photo.
   strip: (rows, width, bands), rows `stride` bytes apart. out: (rows, width, 3 or 4), contiguous. */
EXPORT FOR_EACH_PROCESSOR void photochrom_color_strip(const struct kernel *k, const void *strip,
                                                      int64_t stride, void *out, int64_t rows,
                                                      int64_t top) {
    static const int sizes[] = {1, 2, 4};
    const int alpha = k->bands == 2 || k->bands == 4, out_bands = alpha ? 4 : 3;
    const int source_size = sizes[k->source_type], target_size = sizes[k->target_type];
    const int64_t plane = k->field_rows * k->width;
    float fy[BLOCK], base[BLOCK], luminance[BLOCK], x[BLOCK], z[BLOCK];
    float red[BLOCK], green[BLOCK], blue[BLOCK];
    for (int64_t row = 0; row < rows; row++) {
        const char *pixels = (const char *)strip + row * stride;
        char *result = (char *)out + row * k->width * out_bands * target_size;
        const float *above = k->fields + k->above[top + row] * k->width;
        const float *below = k->fields + k->below[top + row] * k->width;
        const float share = k->share[top + row];
        for (int64_t start = 0; start < k->width; start += BLOCK) {
            const int count = k->width - start < BLOCK ? (int)(k->width - start) : BLOCK;
            const void *block = pixels + start * k->bands * source_size;
            char *target = result + start * out_bands * target_size;
            const float *a = above + start, *b = below + start;
            look_up_light(k, block, count, fy, base, luminance);
            difference(a, b, a + 2 * plane, b + 2 * plane, share, fy, base, count, x);
            difference(a + plane, b + plane, a + 3 * plane, b + 3 * plane, share, fy, base, count,
                       z);
            mix(k, x, z, luminance, count, red, green, blue);
            encode(k, red, count, target, out_bands);
            encode(k, green, count, target + target_size, out_bands);
            encode(k, blue, count, target + 2 * target_size, out_bands);
            if (alpha) copy_alpha(k, block, count, target);
            if (k->source_type == FLOAT32 && k->target_type == FLOAT32)
                restore_outside(k, block, count, out_bands, (float *)target);
        }
    }
}

#include "luma_chroma.c"
#include "../photo/jpeg/walk.c"
#include "../photo/jpeg/exchange.c"
