/* What becomes of a log: which launches are left, in which order and groups they run, and where what they make lies. */
#ifndef WG_PLAN_H
#define WG_PLAN_H

#include "replay/log.h"

/* Elements of a tile, which is some blocks of a reduction. Slots of tiles lie a line further apart than they need: a load that meets a
   store to another slot in the low bits of its address would wait for it. A group has so many of them at most that the second cache holds
   them: what finds none goes to memory. */
enum { WG_BLOCK = 256, WG_TILE = 512, WG_SLOT_BYTES = WG_TILE * 8 + 64, WG_MAX_SLOTS = 64, WG_ROW_OPERANDS = 4 };

/* Launches that run as one: by its kernel if it is one, or by rows, tile by tile. */
struct wg_unit {
    size_t first, n;    /* in order */
    bool rows;          /* all of them element by element, on as many elements each */
    int64_t numel;      /* those elements */
    size_t slots, slot; /* for what only the group sees: how many, and bytes of each */
};

struct wg_plan {
    const struct wg_log *log;
    uint32_t *order; /* numbers of the launches that are left, as they run */
    size_t n;
    struct wg_array units;
    size_t *at; /* of each internal place: where in the block, or in a slot of its group; see slotted */
    bool *slotted;
    uint32_t *maker; /* of each place: zeros, for pack_schedule.c */
    size_t block;
};

/* The launches that a result or an effect needs, in the order of the log. */
wg_status wg_plan_begin(struct wg_plan *plan, const struct wg_log *log);
/* Puts together what runs over the same elements; launches that have nothing to do with a group may come before it. */
wg_status wg_plan_groups(struct wg_plan *plan);
/* Memory: for each internal place that several units use, from the first to the last of them. */
wg_status wg_plan_memory(struct wg_plan *plan);
void wg_plan_end(struct wg_plan *plan);

/* Element-wise and of a kind that can be run by rows: the row; else NULL. */
wg_row *wg_launch_row(const struct wg_log *log, const struct wg_launch *launch);
/* A total over all elements that can be put together of blocks. */
bool wg_launch_folds(const struct wg_log *log, const struct wg_launch *launch);
/* Whether the one element of that operand stands for all. */
static inline bool wg_is_single(const struct wg_layout *layout, const int64_t *dims)
{
    for (int i = 0; i < layout->rank && layout->numel != 1; i++)
        if (dims[i] != 1 && dims[layout->rank + i] != 0)
            return false;
    return true;
}

#endif
