/* A walk through the Huffman-coded data of one scan of a JPEG, up to the first impossible code.

   No coefficient is kept. What cannot come from an encoder of 8-bit samples is a fault: a code that
   is in no table, an index beyond the band, a value beyond the range, data that ends before the
   last MCU, a restart marker that is missing. ITU-T T.81: annex C (tables), F (sequential scans), G
   (progressive ones), E.2.4 (restart markers).

   The caller has checked every length; the data may be anything. Nothing is allocated, nothing is
   global. Included by full_size.c, so that all is one library. */

enum { LOOK = 11, LONGEST_CODE = 16, BLOCK_SIZE = 64, TABLE_BYTES = LONGEST_CODE + 256 };

enum fault { SOUND, NO_TABLE, NO_CODE, BAD_INDEX, BAD_VALUE, BAD_RUN, TOO_SHORT, LEFT_OVER, NO_RESTART };

enum coding { SEQUENTIAL, DC_FIRST, DC_REFINED, AC_FIRST, AC_REFINED };

/* One scan, and how far the walk came; photochrom.photo.jpeg.walk has the same fields. */
struct scan {
    int32_t coding;            /* enum coding */
    int32_t components;        /* 1 to 4 */
    int32_t blocks[4];         /* of each component in an MCU */
    int32_t first, last, low;  /* spectral selection 0..63, point transform 0..13 */
    int64_t mcus;              /* in all */
    int64_t interval;          /* MCUs between two restart markers; 0 for none */
    const uint8_t *data;
    int64_t start, end;        /* where the scan's data begins, where the file ends */
    const uint8_t *dc[4];      /* tables: the counts of codes of 1 to 16 bits, and 256 symbols */
    const uint8_t *ac[4];      /* null where the coding needs none */
    const uint16_t *steps[4];  /* of quantisation, 64 each in zigzag order */
    uint64_t *history;         /* of progressive AC: a bit for each coefficient that is not zero */
    int64_t place;             /* result: of the first byte that was not needed */
    int64_t mcu;               /* result: the MCU of the fault */
};

struct huffman {
    /* By the next bits, of the code that they begin with; 0 where it is longer. From the lowest bit:
       4 bits of its length, 4 of its length with the AC value behind it, 8 of its symbol, 16 of that
       value's size, which are 0 where the value is not among the next bits. */
    uint32_t quick[1 << LOOK];
    int32_t limit[LONGEST_CODE + 2];  /* codes of a length are below it, as the first of 16 bits */
    int32_t offset[LONGEST_CODE + 1]; /* from a code to the place of its symbol */
    const uint8_t *symbols;
};

struct bits {
    const uint8_t *data;
    int64_t begin, place, end;
    uint64_t next; /* the next bits, the first of them highest; zeros behind the data's end */
    int32_t count; /* how many of them there are; negative where more were taken */
};

struct walk {
    struct scan *scan;
    struct bits bits;
    struct huffman dc[4], ac[4];
    int32_t predicted[4]; /* DC of each component's block before */
    int64_t run;          /* blocks without a further code (EOBRUN) */
};

/* The size of a value of `count` bits, at least 1: half of them stand for negative ones. */
INLINE int32_t size_of(int32_t value, int count) {
    return value >> (count - 1) ? value : (1 << count) - 1 - value;
}

static uint32_t entry_of(int length, int symbol, int rest_of_bits) {
    const int count = symbol & 15, behind = LOOK - length - count;
    const uint32_t entry = (uint32_t)(symbol << 8 | length);
    if (!count || behind < 0) return entry;
    const int32_t value = rest_of_bits >> behind & ((1 << count) - 1);
    return entry | (uint32_t)((length + count) << 4 | size_of(value, count) << 16);
}

/* The table of counts and symbols; whether codes of these lengths exist. */
static int build(struct huffman *t, const uint8_t *table) {
    int32_t code = 0, index = 0;
    for (int i = 0; i < 1 << LOOK; i++) t->quick[i] = 0;
    t->symbols = table + LONGEST_CODE;
    for (int length = 1; length <= LONGEST_CODE; length++) {
        t->offset[length] = index - code;
        for (int i = 0; i < table[length - 1]; i++, code++, index++) {
            if (code >> length || index > 255) return 0;
            const int shift = LOOK - length;
            for (int rest = 0; shift >= 0 && rest < 1 << shift; rest++)
                t->quick[code << shift | rest] = entry_of(length, t->symbols[index], rest);
        }
        t->limit[length] = code << (LONGEST_CODE - length);
        code <<= 1;
    }
    t->limit[LONGEST_CODE + 1] = INT32_MAX;
    return 1;
}

/* Have 32 bits at hand, or all up to the next marker. */
INLINE void fill(struct bits *b) {
    if (b->count > 32 || b->count < 0) return;
    if (b->end - b->place >= 8) {
        const uint8_t *p = b->data + b->place;
        uint64_t word = 0;
        for (int i = 0; i < 8; i++) word = word << 8 | p[i];
        const uint64_t ones = 0x0101010101010101u, inverse = ~word;
        if (!((inverse - ones) & word & (ones << 7))) { /* no byte is 0xFF */
            const int bytes = (64 - b->count) >> 3;
            b->next |= word >> b->count;
            b->place += bytes;
            b->count += 8 * bytes;
            return;
        }
    }
    while (b->count <= 56 && b->place < b->end) {
        const uint64_t byte = b->data[b->place];
        if (byte == 0xFF) {
            if (b->end - b->place < 2 || b->data[b->place + 1]) return;
            b->place++;
        }
        b->place++;
        b->next |= byte << (56 - b->count);
        b->count += 8;
    }
}

INLINE void skip(struct bits *b, int count) {
    b->next <<= count;
    b->count -= count;
}

/* The next `count` bits, 0 to 16. */
INLINE int32_t take(struct bits *b, int count) {
    const int32_t value = (int32_t)(b->next >> 1 >> (63 - count));
    skip(b, count);
    return value;
}

/* The next symbol, whose code is longer than LOOK; -1 where there is no code like the next bits. */
static int32_t long_symbol(struct bits *b, const struct huffman *t) {
    const int32_t ahead = (int32_t)(b->next >> (64 - LONGEST_CODE));
    int length = LOOK + 1;
    while (ahead >= t->limit[length]) length++;
    if (length > LONGEST_CODE) return -1;
    skip(b, length);
    return t->symbols[t->offset[length] + (ahead >> (LONGEST_CODE - length))];
}

/* The next symbol; -1 where there is no code like the next bits. */
INLINE int32_t symbol(struct bits *b, const struct huffman *t) {
    const uint32_t entry = t->quick[b->next >> (64 - LOOK)];
    if (!entry) return long_symbol(b, t);
    skip(b, entry & 15);
    return entry >> 8 & 255;
}

/* The next symbol, as `symbol` gives it, and the size of the AC value behind it, 0 for none. */
INLINE int32_t ac_symbol(struct bits *b, const struct huffman *t, int32_t *size) {
    const uint32_t entry = t->quick[b->next >> (64 - LOOK)];
    *size = (int32_t)(entry >> 16);
    if (entry >> 16) {
        skip(b, entry >> 4 & 15);
        return entry >> 8 & 255;
    }
    const int32_t code = symbol(b, t), count = code & 15;
    if (code > 0 && count) *size = size_of(take(b, count), count);
    return code;
}

/* Samples of 8 bits are -128 to 127, so that no value of their transform is beyond 1024, nor is the
   root of the sum of a block's squares. Quantisation rounds: a coefficient of n steps was at least
   n - 1/2. Encoders that exaggerate edges at white (overshoot) give AC a quarter more, and DC a few
   steps. Twice the values are compared. */
enum { MOST_DC = 2 * 1088, MOST_AC = 2 * 1280 };
static const uint32_t MOST_ENERGY = (uint32_t)MOST_AC * MOST_AC;

/* Take the difference of a DC coefficient; whether the coefficient is possible. */
INLINE enum fault dc_value(struct walk *w, struct bits *b, int component) {
    const struct scan *s = w->scan;
    const int32_t size = symbol(b, &w->dc[component]);
    if (size < 0) return NO_CODE;
    if (size + s->low > 11) return BAD_VALUE;
    const int32_t value = take(b, size);
    const int32_t negative = size && !(value >> (size - 1));
    const int32_t dc = w->predicted[component] + (negative ? value - (1 << size) + 1 : value);
    w->predicted[component] = dc;
    const int32_t unit = 1 << s->low; /* what the point transform takes away, it rounds down */
    const int32_t magnitude = dc < 0 ? (-dc - 1) * unit + 1 : dc * unit;
    if (magnitude > 2048) return BAD_VALUE;
    return (2 * magnitude - 5) * (int32_t)s->steps[component][0] > MOST_DC ? BAD_VALUE : SOUND;
}

/* Add the square of an AC coefficient of a size, doubled, to the energy of its block; whether both
   are possible. */
INLINE int adds_up(const struct scan *s, int component, int index, int32_t size, uint32_t *energy) {
    if (size << s->low > 1023) return 0;
    const int32_t value = (2 * (size << s->low) - 1) * (int32_t)s->steps[component][index];
    if (value > MOST_AC) return 0;
    *energy += (uint32_t)value * (uint32_t)value;
    return *energy <= MOST_ENERGY;
}

INLINE enum fault sequential_block(struct walk *w, struct bits *b, int component) {
    const enum fault fault = dc_value(w, b, component);
    if (fault) return fault;
    uint32_t energy = 0;
    for (int index = 1; index < BLOCK_SIZE; index++) {
        int32_t size;
        fill(b);
        const int32_t code = ac_symbol(b, &w->ac[component], &size);
        if (code <= 0) return code ? NO_CODE : SOUND;
        index += code >> 4;
        if (size) {
            if (index >= BLOCK_SIZE) return BAD_INDEX;
            if (!adds_up(w->scan, component, index, size, &energy)) return BAD_VALUE;
        } else if (code != 0xF0) {
            return NO_CODE;
        } else if (index >= BLOCK_SIZE) {
            return BAD_INDEX;
        }
    }
    return SOUND;
}

/* Begin a run of blocks without a further code; `left`: how many there are. */
INLINE enum fault begin_run(struct walk *w, struct bits *b, int exponent, int64_t left) {
    w->run = (1 << exponent) + take(b, exponent);
    return w->run > left ? BAD_RUN : SOUND;
}

INLINE enum fault first_ac_block(struct walk *w, struct bits *b, int64_t block,
                                 int64_t left) {
    const struct scan *s = w->scan;
    uint32_t energy = 0;
    if (w->run) {
        w->run--;
        return SOUND;
    }
    for (int index = s->first; index <= s->last; index++) {
        int32_t size;
        fill(b);
        const int32_t code = ac_symbol(b, &w->ac[0], &size);
        if (code < 0) return NO_CODE;
        if (!size && code != 0xF0) {
            const enum fault fault = begin_run(w, b, code >> 4, left);
            w->run--;
            return fault;
        }
        index += code >> 4;
        if (index > s->last) return BAD_INDEX;
        if (!size) continue;
        if (!adds_up(s, 0, index, size, &energy)) return BAD_VALUE;
        s->history[block] |= (uint64_t)1 << index;
    }
    return SOUND;
}

INLINE int ones(uint64_t word) {
#if defined(__GNUC__)
    return __builtin_popcountll(word);
#else
    int count = 0;
    for (; word; word &= word - 1) count++;
    return count;
#endif
}

/* Take a bit of each coefficient of a set. */
INLINE void refine(struct bits *b, uint64_t set) {
    int left = ones(set);
    for (; left > 32; left -= 32) {
        fill(b);
        skip(b, 32);
    }
    fill(b);
    skip(b, left);
}

INLINE enum fault refined_ac_block(struct walk *w, struct bits *b, int64_t block,
                                   int64_t left) {
    const struct scan *s = w->scan;
    const uint64_t known = s->history[block]; /* not to be zero, before this scan */
    uint64_t rest = ~(uint64_t)0 >> (63 - s->last) & ~(uint64_t)0 << s->first; /* of the band */
    enum fault fault = SOUND;
    while (!w->run && rest) {
        fill(b);
        const int32_t code = symbol(b, &w->ac[0]);
        if (code < 0) return NO_CODE;
        if ((code & 15) > 1) return BAD_VALUE;
        if (!(code & 15) && code != 0xF0) {
            fault = begin_run(w, b, code >> 4, left);
            break;
        }
        skip(b, code & 15); /* the sign */
        uint64_t zeros = rest & ~known;
        const int run = code >> 4;
        for (int i = 0; i < 3; i++) zeros &= zeros - (i < run); /* no branches: runs are random */
        for (int i = 3; i < run; i++) zeros &= zeros - 1;
        if (!zeros) return BAD_INDEX;
        const uint64_t coefficient = zeros & (~zeros + 1), before = coefficient - 1;
        refine(b, rest & known & before);
        rest &= ~(before | coefficient);
        if (code & 15) s->history[block] |= coefficient;
    }
    if (w->run) {
        refine(b, rest & known);
        w->run--;
    }
    return fault;
}

/* The walk's bits are copied, so that they stay in registers. */
INLINE enum fault one_block(struct walk *w, int component, int64_t mcu, int64_t left) {
    struct bits b = w->bits;
    enum fault fault = SOUND;
    fill(&b);
    switch (w->scan->coding) {
    case SEQUENTIAL: fault = sequential_block(w, &b, component); break;
    case DC_FIRST: fault = dc_value(w, &b, component); break;
    case DC_REFINED: skip(&b, 1); break;
    case AC_FIRST: fault = first_ac_block(w, &b, mcu, left); break;
    default: fault = refined_ac_block(w, &b, mcu, left);
    }
    w->bits = b;
    return fault;
}

/* Go on behind the restart marker with a number. */
static enum fault restart(struct walk *w, int64_t number) {
    struct bits *b = &w->bits;
    fill(b);
    if (b->count >= 8) return LEFT_OVER;
    while (b->end - b->place >= 2 && b->data[b->place] == 0xFF && b->data[b->place + 1] == 0xFF)
        b->place++;
    if (b->end - b->place < 2) return TOO_SHORT;
    if (b->data[b->place] != 0xFF || b->data[b->place + 1] != 0xD0 + number % 8) return NO_RESTART;
    b->begin = b->place += 2;
    b->next = 0;
    b->count = 0;
    for (int i = 0; i < 4; i++) w->predicted[i] = 0;
    return SOUND;
}

INLINE enum fault walk_mcus(struct walk *w) {
    struct scan *s = w->scan;
    int64_t left = s->interval ? s->interval : s->mcus;
    for (s->mcu = 0; s->mcu < s->mcus; s->mcu++, left--) {
        if (!left) {
            const enum fault fault = restart(w, s->mcu / s->interval - 1);
            if (fault) return fault;
            left = s->interval;
        }
        const int64_t rest = s->mcus - s->mcu < left ? s->mcus - s->mcu : left;
        for (int i = 0; i < s->components; i++)
            for (int block = 0; block < s->blocks[i]; block++) {
                const enum fault fault = one_block(w, i, s->mcu, rest);
                if (w->bits.count < 0) return TOO_SHORT;
                if (fault) return fault;
            }
    }
    return SOUND;
}

/* Give back the whole bytes that were not needed; a byte of ones is followed by a stuffed one. */
static int64_t first_unread(const struct bits *b) {
    int64_t place = b->place;
    for (int bytes = b->count / 8; bytes > 0; bytes--) {
        place--;
        if (place > b->begin && !b->data[place] && b->data[place - 1] == 0xFF) place--;
    }
    return place;
}

/* Walk through a scan; enum fault. */
EXPORT FOR_EACH_PROCESSOR int64_t photochrom_walk_scan(struct scan *s) {
    struct walk w = {.scan = s, .bits = {s->data, s->start, s->start, s->end, 0, 0}};
    s->place = s->start;
    s->mcu = 0;
    for (int i = 0; i < s->components; i++) {
        if (s->dc[i] && !build(&w.dc[i], s->dc[i])) return NO_TABLE;
        if (s->ac[i] && !build(&w.ac[i], s->ac[i])) return NO_TABLE;
    }
    const enum fault fault = walk_mcus(&w);
    s->place = first_unread(&w.bits);
    return fault;
}
