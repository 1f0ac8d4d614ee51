/* A group of scalar calls while it is being packed: its values, and the order in which its calls run. pack_schedule.c determines
   both, pack.c makes the packed calls. */
#ifndef WG_PACK_SCHEDULE_H
#define WG_PACK_SCHEDULE_H

#include "replay/replay.h"

enum { WG_MAX_KEYS = 256, WG_ROW_INPUTS = WG_ROW_OPERANDS - 1 };

/* A kind of calls, which share op, dtype and params. */
struct wg_key {
    const struct wg_launch *like;
    wg_row *row;
    struct wg_array ready, ends; /* members that are ready to run, as heaps ordered by member number. ready: those with consumers
                                    in the group. ends: those without */
};

struct wg_packing {
    struct wg_replay *replay;
    const struct wg_plan *plan;
    const struct wg_unit *unit;
    size_t n;                                       /* number of members. Values 0 … n-1 are the members' results, values from n
                                                       on are loaded from outside */
    uint32_t (*source)[WG_ROW_INPUTS];              /* for each member: its input values */
    uint32_t *key, *pending, *consumers, *consumer; /* the consumers of member m are consumer[consumers[m]] up to
                                                       consumer[consumers[m + 1]] */
    struct wg_array brought;                        /* operands loaded from outside */
    struct wg_hash numbers;                         /* by such an operand: its index in brought */
    struct wg_key keys[WG_MAX_KEYS];
    size_t n_keys;
    struct wg_array order;  /* members in execution order */
    struct wg_array starts; /* for each call: the index of its first member in order */
    bool *chained;          /* for each call: whether each member takes the result of the one before as its first input */
    size_t *at;             /* for each value: its byte offset in the array */
    uint32_t *call_of, *remaining;
    struct wg_array holes;
    size_t used, widest; /* bytes of the array; bytes of the largest call */
};

/* ---- the result of packing ---- */

/* A call of a row on n elements or, for n < 0, a recurrence of -n steps. */
struct wg_packed_row {
    wg_row *row;
    const void *params;
    const int64_t *stride;
    char *at[WG_ROW_OPERANDS];
    int64_t n;
};

/* An element that is copied out of the array at the end. */
struct wg_carried {
    const char *from;
    char *to;
};

struct wg_packed {
    char *array, **in; /* the first elements of the array are copied from the addresses in `in`, 4-byte ones first */
    struct wg_carried *out;
    size_t n_in[2], n_out[2]; /* counts of 4-byte elements, then of 8-byte elements */
    size_t n_rows;
    struct wg_packed_row *rows;
};

/* Rows that gather elements of 4 or 8 bytes from the array. params is an array of uint32_t offsets, in elements. */
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

/* Finds the source of every input of every member. maker[b] is the last member that wrote buffer b, + 1; it is zero on entry.
   *few is false if there are too many kinds of calls (WG_MAX_KEYS). */
wg_status wg_packing_read(struct wg_packing *p, uint32_t *maker, bool *few);
/* Determines the order of the members and how it is divided into calls. */
wg_status wg_packing_schedule(struct wg_packing *p);

#endif
