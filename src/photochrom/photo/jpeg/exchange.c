/* One scan of a JPEG written anew with other blocks in place of some of its components'.

   The first `kept` components keep their codes bit for bit. Blocks of the others are left out; other
   blocks stand in their place, MCU by MCU: those of a scan of one component, or codes that the caller
   made. Differences of DC are those of one component, so the codes of a component stay right wherever
   they stand. Restart markers come after as many MCUs as before; the last bits of a byte are ones.

   The caller has checked every length; the data may be anything. Nothing is allocated, nothing is
   global. Included by full_size.c behind walk.c. */

enum { IN_COLOR = NO_RESTART + 1, NO_ROOM };

enum { MOST_ADDED = 2 };

/* The blocks of one component that are added; photochrom.photo.jpeg.exchange has the same fields. */
struct added {
    struct scan scan;       /* its blocks are copied, one for each MCU; without data, codes are written */
    const uint32_t *codes;  /* of a block in each MCU */
    const uint8_t *lengths; /* bits of each code, 1..32 */
    int64_t step;           /* from the code of an MCU to that of the next: 0 or 1 */
    int64_t repeats;        /* of the code in an MCU */
};

struct exchange {
    struct scan scan;
    int32_t kept;       /* components, from the first one */
    int32_t neutral;    /* whether blocks of the others must be zeros alone */
    uint32_t codes[4];  /* of a block of zeros of each component */
    uint32_t lengths[4];
    int64_t added_count;
    struct added added[MOST_ADDED];
    uint8_t *out;
    int64_t room;    /* bytes of `out` */
    int64_t written; /* result */
};

struct output {
    uint8_t *data;
    int64_t place, room;
    uint64_t held; /* the last bits, the newest of them lowest */
    int32_t count; /* how many of them are not written yet, below 8 */
    int32_t full;  /* whether the room was too small */
};

/* Write up to 32 bits; a byte of ones is followed by a zero. */
INLINE void put(struct output *o, uint32_t bits, int count) {
    o->held = o->held << count | bits;
    o->count += count;
    if (o->room - o->place < 16) {
        o->full = 1;
        o->count &= 7;
        return;
    }
    while (o->count >= 8) {
        o->count -= 8;
        const uint8_t byte = (uint8_t)(o->held >> o->count);
        o->data[o->place++] = byte;
        if (byte == 0xFF) o->data[o->place++] = 0;
    }
}

INLINE void put_ones(struct output *o) {
    const int missing = -o->count & 7;
    put(o, (1u << missing) - 1, missing);
}

static void put_restart(struct output *o, int64_t number) {
    put_ones(o);
    if (o->full || o->room - o->place < 16) {
        o->full = 1;
        return;
    }
    o->data[o->place++] = 0xFF;
    o->data[o->place++] = (uint8_t)(0xD0 + number % 8);
}

/* Bits that were taken between two states of the same reader. */
INLINE int64_t taken(const struct bits *before, const struct bits *after) {
    int64_t bytes = after->place - before->place;
    for (int64_t i = before->place; i < after->place; i++) bytes -= before->data[i] == 0xFF; /* stuffed */
    return 8 * bytes + before->count - after->count;
}

/* Copy the next bits; `b` is a reader of its own. */
INLINE void copy_bits(struct output *o, struct bits b, int64_t count) {
    while (count > 0) {
        const int part = count < 16 ? (int)count : 16;
        fill(&b);
        put(o, (uint32_t)take(&b, part), part);
        count -= part;
    }
}

/* Whether the block of a component, which was read from `before` on, is zeros alone. */
INLINE int is_neutral(const struct exchange *e, const struct walk *w, const struct bits *before, int component) {
    if (e->scan.history) return !e->scan.history[e->scan.mcu];
    const int64_t length = e->lengths[component];
    struct bits b = *before;
    fill(&b);
    return taken(before, &w->bits) == length && b.next >> (64 - length) == e->codes[component];
}

INLINE enum fault exchange_block(struct exchange *e, struct walk *w, int component, int64_t left,
                                 struct output *o) {
    const struct bits before = w->bits;
    const enum fault fault = one_block(w, component, e->scan.mcu, left);
    if (w->bits.count < 0) return TOO_SHORT;
    if (fault) return fault;
    if (component < e->kept)
        copy_bits(o, before, taken(&before, &w->bits));
    else if (e->neutral && !is_neutral(e, w, &before, component))
        return (enum fault)IN_COLOR;
    return SOUND;
}

INLINE enum fault add_blocks(const struct exchange *e, const struct added *a, struct walk *w, struct output *o) {
    const int64_t mcu = e->scan.mcu, place = mcu * a->step;
    if (!a->scan.data) {
        for (int64_t i = 0; i < a->repeats; i++) put(o, a->codes[place], a->lengths[place]);
        return SOUND;
    }
    const struct bits before = w->bits;
    const enum fault fault = one_block(w, 0, mcu, 1);
    if (w->bits.count < 0) return TOO_SHORT;
    if (!fault) copy_bits(o, before, taken(&before, &w->bits));
    return fault;
}

INLINE enum fault exchange_restart(struct exchange *e, struct walk *w, struct walk *added, struct output *o) {
    const int64_t number = e->scan.mcu / e->scan.interval - 1;
    enum fault fault = restart(w, number);
    for (int64_t i = 0; !fault && i < e->added_count; i++)
        if (e->added[i].scan.data) fault = restart(&added[i], number);
    put_restart(o, number);
    return fault;
}

INLINE enum fault exchange_mcus(struct exchange *e, struct walk *w, struct walk *added, struct output *o) {
    struct scan *s = &e->scan;
    int64_t left = s->interval ? s->interval : s->mcus;
    for (s->mcu = 0; s->mcu < s->mcus; s->mcu++, left--) {
        enum fault fault = SOUND;
        if (!left) {
            fault = exchange_restart(e, w, added, o);
            left = s->interval;
        }
        const int64_t rest = s->mcus - s->mcu < left ? s->mcus - s->mcu : left;
        for (int i = 0; i < s->components; i++)
            for (int block = 0; !fault && block < s->blocks[i]; block++)
                fault = exchange_block(e, w, i, rest, o);
        for (int64_t i = 0; !fault && i < e->added_count; i++)
            fault = add_blocks(e, &e->added[i], &added[i], o);
        if (fault) return fault;
        if (o->full) return (enum fault)NO_ROOM;
    }
    put_ones(o);
    return o->full ? (enum fault)NO_ROOM : SOUND;
}

/* Begin to read a scan; whether its tables exist. */
static int begin(struct walk *w, struct scan *s) {
    w->scan = s;
    w->bits = (struct bits){s->data, s->start, s->start, s->end, 0, 0};
    w->run = 0;
    for (int i = 0; i < 4; i++) w->predicted[i] = 0;
    for (int i = 0; i < s->components; i++) {
        if (s->dc[i] && !build(&w->dc[i], s->dc[i])) return 0;
        if (s->ac[i] && !build(&w->ac[i], s->ac[i])) return 0;
    }
    return 1;
}

/* Write a scan anew; enum fault, IN_COLOR or NO_ROOM. */
EXPORT FOR_EACH_PROCESSOR int64_t photochrom_exchange_blocks(struct exchange *e) {
    struct walk w, added[MOST_ADDED];
    struct output o = {.data = e->out, .room = e->room};
    e->written = e->scan.mcu = 0;
    if (!begin(&w, &e->scan)) return NO_TABLE;
    for (int64_t i = 0; i < e->added_count; i++)
        if (e->added[i].scan.data && !begin(&added[i], &e->added[i].scan)) return NO_TABLE;
    const enum fault fault = exchange_mcus(e, &w, added, &o);
    e->written = o.place;
    return fault;
}
