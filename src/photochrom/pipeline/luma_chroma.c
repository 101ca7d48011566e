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
    float from_x[3], from_z[3];
};

static const float CB = 1.772f, CR = 1.402f;
static const float GREEN_OF_CB = (float)(-0.114 * 1.772 / 0.587);
static const float GREEN_OF_CR = (float)(-0.299 * 1.402 / 0.587);
static const float MARGIN = (float)(2.0 / 255.0);
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
        luma[i] = (red[i] * 0.299f + k->encoded[green_place[i]] * 0.587f) + blue[i] * 0.114f;
    }
}

/* Mean of the four pixels of each sample, the least and the largest of the 16 around; 0..1.
   rows: four rows of the picture. start: the first sample. */
INLINE void neighborhood(const struct chroma *k, const uint8_t *rows, int64_t start, int count,
                         float *restrict luma, float *restrict lowest, float *restrict highest) {
    uint16_t sums[2 * BLOCK + 2];
    uint8_t least[2 * BLOCK + 2], most[2 * BLOCK + 2];
    const int64_t width = k->width;
    for (int i = 0; i < 2 * count + 2; i++) {
        int64_t column = 2 * start - 1 + i;
        column = column < 0 ? 0 : column >= width ? width - 1 : column;
        const uint8_t a = rows[column], b = rows[width + column];
        const uint8_t c = rows[2 * width + column], d = rows[3 * width + column];
        const uint8_t ab = a < b ? a : b, cd = c < d ? c : d;
        const uint8_t AB = a > b ? a : b, CD = c > d ? c : d;
        sums[i] = (uint16_t)(b + c);
        least[i] = ab < cd ? ab : cd;
        most[i] = AB > CD ? AB : CD;
    }
    for (int i = 0; i < count; i++) {
        uint8_t low = least[2 * i], high = most[2 * i];
        for (int j = 1; j < 4; j++) {
            low = least[2 * i + j] < low ? least[2 * i + j] : low;
            high = most[2 * i + j] > high ? most[2 * i + j] : high;
        }
        luma[i] = (float)(sums[2 * i + 1] + sums[2 * i + 2]) * (float)(1.0 / (4.0 * 255.0));
        lowest[i] = (float)low * (float)(1.0 / 255.0);
        highest[i] = (float)high * (float)(1.0 / 255.0);
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

/* Cb and Cr, 0..255, with as much chroma as the cube holds at every luma that it reaches. */
INLINE void store_chroma(const float *restrict red, const float *restrict blue,
                         const float *restrict luma, const float *restrict lowest,
                         const float *restrict highest, int count, uint8_t *restrict cb_out,
                         uint8_t *restrict cr_out) {
    for (int i = 0; i < count; i++) {
        const float cb = (blue[i] - luma[i]) / CB, cr = (red[i] - luma[i]) / CR;
        const float r = CR * cr, g = GREEN_OF_CB * cb + GREEN_OF_CR * cr, b = CB * cb;
        const float up = at_least(at_least(at_least(r, g), b), LEAST);
        const float down = at_most(at_most(at_most(r, g), b), -LEAST);
        const float top = 1.0f - MARGIN;
        const float room = at_most((top - highest[i]) / up, (lowest[i] - MARGIN) / -down);
        const float kept = at_least(at_most(room, 1.0f), 0.0f) * 255.0f;
        cb_out[i] = (uint8_t)at_least(0.0f, at_most(cb * kept + 128.5f, 255.0f));
        cr_out[i] = (uint8_t)at_least(0.0f, at_most(cr * kept + 128.5f, 255.0f));
    }
}

/* Chroma of `count` rows of samples, of which the first is row `top` of the planes.
   rows: (2 count + 2, width), the picture's rows with one before and one behind. cb, cr: (count,
   chroma_width), contiguous. */
EXPORT FOR_EACH_PROCESSOR void photochrom_chroma_block(const struct chroma *k,
                                                       const uint8_t *rows, int64_t count,
                                                       int64_t top, uint8_t *cb, uint8_t *cr) {
    const int64_t plane = k->field_rows * k->chroma_width;
    float luma[BLOCK], lowest[BLOCK], highest[BLOCK], fy[BLOCK], x[BLOCK], z[BLOCK];
    float code[BLOCK], red[BLOCK], blue[BLOCK], reached[BLOCK];
    for (int64_t row = 0; row < count; row++) {
        const uint8_t *four = rows + 2 * row * k->width;
        const float share = k->share[top + row];
        for (int64_t start = 0; start < k->chroma_width; start += BLOCK) {
            const int64_t left = k->chroma_width - start;
            const int n = left < BLOCK ? (int)left : BLOCK;
            const float *a = k->fields + k->above[top + row] * k->chroma_width + start;
            const float *b = k->fields + k->below[top + row] * k->chroma_width + start;
            neighborhood(k, four, start, n, luma, lowest, highest);
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
            const int64_t place = row * k->chroma_width + start;
            store_chroma(red, blue, reached, lowest, highest, n, cb + place, cr + place);
        }
    }
}
