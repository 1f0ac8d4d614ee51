/* A group of scalar calls while it is being packed: its values, and the order in which its calls run. pack_schedule.c finds both, pack.c
   makes calls of them. */
#ifndef WG_SCHEDULE_H
#define WG_SCHEDULE_H

#include "replay/replay.h"

enum { WG_MOST_KEYS = 256, WG_ROW_INPUTS = WG_ROW_OPERANDS - 1 };

/* Op, dtype and params. */
struct wg_key {
    const struct wg_launch *like;
    wg_row *row;
    struct wg_array ready, ends; /* members that may run, as heaps by number: those that others wait for; those that none does */
};

struct wg_packing {
    struct wg_replay *replay;
    const struct wg_plan *plan;
    const struct wg_unit *unit;
    size_t n;                                       /* members; values from n on are brought in */
    uint32_t (*source)[WG_ROW_INPUTS];              /* of each member: values */
    uint32_t *key, *pending, *consumers, *consumer; /* consumers: where those of a member begin in consumer */
    struct wg_array brought, table;                 /* operands; a hash table of their numbers + 1 */
    struct wg_key keys[WG_MOST_KEYS];
    size_t n_keys;
    struct wg_array order;  /* members as they run */
    struct wg_array starts; /* where the calls begin in order */
    bool *chained;          /* of each call: each member takes the result of the one before */
    size_t *at;             /* of each value, in the array */
    uint32_t *call_of, *remaining;
    struct wg_array holes;
    size_t used, widest; /* bytes: of the array; of a call */
};

/* ---- what packing makes ---- */

/* A call on n numbers, or of -n steps. */
struct wg_packed_row {
    wg_row *row;
    const void *params;
    const int64_t *stride;
    char *at[WG_ROW_OPERANDS];
    int64_t n;
};

/* A number that is copied out of the array. */
struct wg_carried {
    const char *from;
    char *to;
};

struct wg_packed {
    char *array, **in; /* the first numbers of the array are copied there from in, those of 4 bytes first */
    struct wg_carried *out;
    size_t n_in[2], n_out[2]; /* of 4 bytes, then of 8 */
    size_t n_rows;
    struct wg_packed_row *rows;
};

/* Rows: numbers of 4 or 8 bytes from all over the array, by offsets, uint32_t, that are the params. */
void wg_gather_4(int64_t n, char *const *at, const int64_t *s, const void *params);
void wg_gather_8(int64_t n, char *const *at, const int64_t *s, const void *params);

static inline const struct wg_launch *wg_member(const struct wg_packing *p, size_t m)
{
    return WG_LAUNCH(p->plan->log, p->plan->order[p->unit->first + m]);
}

static inline const struct wg_operand *wg_member_operand(const struct wg_packing *p, size_t m, unsigned i)
{
    return WG_OPERAND(p->plan->log, wg_member(p, m)->operand + i);
}

static inline size_t wg_operand_size(const struct wg_packing *p, const struct wg_operand *operand)
{
    return wg_dtype_size((wg_dtype)WG_LAYOUT(p->plan->log, operand->layout)->dtype);
}

/* Who reads what. maker, zeroed, is, of each place, the last member that wrote it, + 1. *few: there are not too many kinds of calls. */
wg_status wg_packing_read(struct wg_packing *p, uint32_t *maker, bool *few);
/* The order of the members, and where calls begin in it. */
wg_status wg_packing_schedule(struct wg_packing *p);

#endif
