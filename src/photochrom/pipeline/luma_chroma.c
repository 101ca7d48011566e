/* Chroma of photochrom.pipeline.luma_chroma, for one block of rows.

   The NumPy code there is the reference and explains the equations; here the same float operations
   stand in the same order. Included by full_size.c, so that both are one library. */

enum { CHROMA_STEPS = 8192, CHROMA_CORRECTIONS = 2 };

/* What is the same for all blocks of a picture; photochrom.pipeline.native has the same fields. */
struct chroma {
    int64_t width;                          /* of the picture, pixels */
    int64_t chroma_width;                   /* of the planes */
    const float *light, *fy, *base;         /* of a grey code: CHROMA_STEPS + 1 entries each */
    const float *encoded;                   /* code of the root of light, as many */
    const float *fields;                    /* (4, field_rows, chroma_width) */
    int64_t field_rows;
    const int64_t *above, *below;           /* rows of `fields` around each row of chroma */
    const float *share;                     /* of the row below */
    int64_t across, down;                   /* pixels of a sample of chroma: 1, 2 or 4; 1 or 2 */
    int64_t wide;                           /* whether codes are uint16 */
    int64_t largest;                        /* code */
    float from_x[3], from_z[3];
    float weights[3];                       /* of R', G' and B' in Y' */
    float spans[2];                         /* of B' - Y' and R' - Y' */
    float green_of[2];                      /* what Cb and Cr give to G' - Y' */
    float margin;
    float mean_scale, code_scale, black;    /* from sums of a sample's codes, and codes, to 0..1 */
    float chroma_scale, neutral;            /* codes of Cb and Cr; half a code for rounding within */
};

static const float LEAST = 1e-6f;

INLINE int32_t nearest_step(float value) {
    return (int32_t)at_most(value * (float)CHROMA_STEPS + 0.5f, (float)CHROMA_STEPS);
}

/* Red, blue and Y' of the light of grey codes with the wanted a and b. */
INLINE void codes_of(const struct chroma *k, const float *restrict code, const float *restrict x,
                     const float *restrict z, int count, float *restrict red,
                     float *restrict blue, float *restrict luma) {
    const float rx = k->from_x[0], gx = k->from_x[1], bx = k->from_x[2];
    const float rz = k->from_z[0], gz = k->from_z[1], bz = k->from_z[2];
    int32_t place[BLOCK], green_place[BLOCK], blue_place[BLOCK];
    float light[BLOCK], fy[BLOCK], base[BLOCK];
    for (int i = 0; i < count; i++) place[i] = nearest_step(code[i]);
    for (int i = 0; i < count; i++) {
        light[i] = k->light[place[i]];
        fy[i] = k->fy[place[i]];
        base[i] = k->base[place[i]];
    }
    for (int i = 0; i < count; i++) {
        const float y = light[i];
        const float dx = inverse_f(fy[i] + x[i]) - base[i];
        const float dz = inverse_f(fy[i] + z[i]) - base[i];
        const float r = dx * rx + dz * rz, g = dx * gx + dz * gz, b = dx * bx + dz * bz;
        const float up = at_least(at_least(at_least(r, g), b), LEAST);
        const float down = at_most(at_most(at_most(r, g), b), -LEAST);
        const float kept = at_most(at_most((1.0f - y) / up, y / -down), 1.0f);
        place[i] = nearest_step(sqrtf(at_least(r * kept + y, 0.0f)));
        green_place[i] = nearest_step(sqrtf(at_least(g * kept + y, 0.0f)));
        blue_place[i] = nearest_step(sqrtf(at_least(b * kept + y, 0.0f)));
    }
    for (int i = 0; i < count; i++) {
        red[i] = k->encoded[place[i]];
        blue[i] = k->encoded[blue_place[i]];
        luma[i] = (red[i] * k->weights[0] + k->encoded[green_place[i]] * k->weights[1]) +
                  blue[i] * k->weights[2];
    }
}

INLINE float held(float value) { return at_least(0.0f, at_most(value, 1.0f)); }

/* Mean of the pixels of each sample, the least and the largest of all that its chroma reaches where
   it is enlarged by lines between samples: half a sample more on each side; 0..1.
   rows: of the picture, `down` and half a sample above and below. start: the first sample. */
INLINE void neighborhood(const struct chroma *k, const void *rows, int64_t start, int count,
                         const int across, const int down, const int wide, float *restrict luma,
                         float *restrict lowest, float *restrict highest) {
    enum { MOST = 4 * BLOCK + 4 };
    int32_t sums[MOST];
    uint16_t least[MOST], most[MOST];
    const int64_t width = k->width;
    const int beside = across / 2, above = down / 2;
    const uint8_t *narrow_rows = (const uint8_t *)rows;
    const uint16_t *wide_rows = (const uint16_t *)rows;
    for (int i = 0; i < across * count + 2 * beside; i++) {
        int64_t column = across * start - beside + i;
        column = column < 0 ? 0 : column >= width ? width - 1 : column;
        int32_t sum = 0;
        uint16_t low = 65535, high = 0;
        for (int row = 0; row < down + 2 * above; row++) {
            const int64_t place = row * width + column;
            const uint16_t code = wide ? wide_rows[place] : narrow_rows[place];
            low = code < low ? code : low;
            high = code > high ? code : high;
            if (row >= above && row < above + down) sum += code;
        }
        sums[i] = sum;
        least[i] = low;
        most[i] = high;
    }
    for (int i = 0; i < count; i++) {
        const int first = across * i;
        int32_t sum = 0;
        uint16_t low = least[first], high = most[first];
        for (int j = 0; j < across + 2 * beside; j++) {
            low = least[first + j] < low ? least[first + j] : low;
            high = most[first + j] > high ? most[first + j] : high;
            if (j >= beside && j < beside + across) sum += sums[first + j];
        }
        luma[i] = held((float)sum * k->mean_scale - k->black);
        lowest[i] = held((float)low * k->code_scale - k->black);
        highest[i] = held((float)high * k->code_scale - k->black);
    }
}

/* Differences of f of X or Z that the wanted a and b are. */
INLINE void wanted(const float *restrict slope_above, const float *restrict slope_below,
                   const float *restrict offset_above, const float *restrict offset_below,
                   float share, const float *restrict fy, int count, float *restrict out) {
    for (int i = 0; i < count; i++) {
        const float slope = (slope_below[i] - slope_above[i]) * share + slope_above[i];
        const float offset = (offset_below[i] - offset_above[i]) * share + offset_above[i];
        out[i] = slope * fy[i] + offset;
    }
}

/* Codes of Cb and Cr, with as much chroma as the cube holds at every luma that it reaches. */
INLINE void store_chroma(const struct chroma *k, const float *restrict red,
                         const float *restrict blue, const float *restrict luma,
                         const float *restrict lowest, const float *restrict highest, int count,
                         const int wide, void *cb_out, void *cr_out) {
    const float largest = (float)k->largest, top = 1.0f - k->margin;
    for (int i = 0; i < count; i++) {
        const float cb = (blue[i] - luma[i]) / k->spans[0], cr = (red[i] - luma[i]) / k->spans[1];
        const float r = k->spans[1] * cr, b = k->spans[0] * cb;
        const float g = k->green_of[0] * cb + k->green_of[1] * cr;
        const float up = at_least(at_least(at_least(r, g), b), LEAST);
        const float down = at_most(at_most(at_most(r, g), b), -LEAST);
        const float room = at_most((top - highest[i]) / up, (lowest[i] - k->margin) / -down);
        const float kept = at_least(at_most(room, 1.0f), 0.0f) * k->chroma_scale;
        const float first = at_least(0.0f, at_most(cb * kept + k->neutral, largest));
        const float second = at_least(0.0f, at_most(cr * kept + k->neutral, largest));
        if (wide) {
            ((uint16_t *)cb_out)[i] = (uint16_t)first;
            ((uint16_t *)cr_out)[i] = (uint16_t)second;
        } else {
            ((uint8_t *)cb_out)[i] = (uint8_t)first;
            ((uint8_t *)cr_out)[i] = (uint8_t)second;
        }
    }
}

INLINE void chroma_block(const struct chroma *k, const void *rows, int64_t count, int64_t top,
                         const int across, const int down, const int wide, void *cb, void *cr) {
    const int64_t plane = k->field_rows * k->chroma_width;
    const int64_t size = wide ? 2 : 1;
    float luma[BLOCK], lowest[BLOCK], highest[BLOCK], fy[BLOCK], x[BLOCK], z[BLOCK];
    float code[BLOCK], red[BLOCK], blue[BLOCK], reached[BLOCK];
    for (int64_t row = 0; row < count; row++) {
        const char *around = (const char *)rows + down * row * k->width * size;
        const float share = k->share[top + row];
        for (int64_t start = 0; start < k->chroma_width; start += BLOCK) {
            const int64_t left = k->chroma_width - start;
            const int n = left < BLOCK ? (int)left : BLOCK;
            const float *a = k->fields + k->above[top + row] * k->chroma_width + start;
            const float *b = k->fields + k->below[top + row] * k->chroma_width + start;
            neighborhood(k, around, start, n, across, down, wide, luma, lowest, highest);
            for (int i = 0; i < n; i++) fy[i] = k->fy[nearest_step(luma[i])];
            wanted(a, b, a + 2 * plane, b + 2 * plane, share, fy, n, x);
            wanted(a + plane, b + plane, a + 3 * plane, b + 3 * plane, share, fy, n, z);
            for (int i = 0; i < n; i++) code[i] = luma[i];
            for (int turn = 0; turn < CHROMA_CORRECTIONS; turn++) {
                codes_of(k, code, x, z, n, red, blue, reached);
                for (int i = 0; i < n; i++) {
                    const float next = code[i] + (luma[i] - reached[i]);
                    code[i] = at_least(0.0f, at_most(next, 1.0f));
                }
            }
            codes_of(k, code, x, z, n, red, blue, reached);
            const int64_t place = (row * k->chroma_width + start) * size;
            store_chroma(k, red, blue, reached, lowest, highest, n, wide, (char *)cb + place,
                         (char *)cr + place);
        }
    }
}

/* Chroma of `count` rows of samples, of which the first is row `top` of the planes.
   rows: (down * count + 2 * (down / 2), width), the picture's rows with half a sample before and
   behind. cb, cr: (count, chroma_width), contiguous. */
EXPORT FOR_EACH_PROCESSOR void photochrom_chroma_block(const struct chroma *k, const void *rows,
                                                       int64_t count, int64_t top, void *cb,
                                                       void *cr) {
    /* the common kinds get code of their own, in which the compiler knows the numbers */
    if (k->across == 2 && k->down == 2 && !k->wide)
        chroma_block(k, rows, count, top, 2, 2, 0, cb, cr);
    else if (k->across == 2 && k->down == 2)
        chroma_block(k, rows, count, top, 2, 2, 1, cb, cr);
    else
        chroma_block(k, rows, count, top, (int)k->across, (int)k->down, (int)k->wide, cb, cr);
}
