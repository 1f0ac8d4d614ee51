/* The plan of a log: which launches are needed, in which order and groups they run, and where their results are stored. */
#ifndef WG_PLAN_H
#define WG_PLAN_H

#include "replay/log.h"

/* WG_BLOCK: elements of a block of a reduction. WG_TILE: elements of a tile, which is a whole number of blocks.
   WG_SLOT_BYTES: a tile of 8-byte elements and one more cache line. Without the extra line, slots would agree in the low address
   bits, and a load would wait for a store to another slot (4K aliasing).
   WG_MAX_SLOTS: the slots of a group fit into the L2 cache; values beyond that are stored in the block. */
enum { WG_BLOCK = 256, WG_TILE = 512, WG_SLOT_BYTES = WG_TILE * 8 + 64, WG_MAX_SLOTS = 64, WG_ROW_OPERANDS = 4 };

/* Launches that run together: a single launch by its kernel, or a group by rows, tile by tile. */
struct wg_unit {
    size_t first, n;    /* a range of plan->order */
    bool rows;          /* all launches run by rows over the same number of elements: element-wise ops and reductions of them */
    int64_t numel;      /* that number */
    size_t slots, slot; /* for values that only this group uses: number of slots, and bytes of each */
};

struct wg_plan {
    const struct wg_log *log;
    uint32_t *order; /* indices of the needed launches, in execution order */
    size_t n;
    struct wg_array units;
    size_t *at; /* for each internal buffer: its offset in the block or, if slotted, the number of its slot in the group */
    bool *slotted;
    uint32_t *maker; /* for each buffer: workspace of pack_schedule.c, zero between calls */
    size_t block;
};

/* Selects the launches that a result or an effect requires, in the order of the log. */
wg_status wg_plan_begin(struct wg_plan *plan, const struct wg_log *log);
/* Moves each store to the launch that computes its value, past launches that cannot fail: the updates of a bracket come after all that
   it computes, so their values would wait in memory. */
wg_status wg_plan_advance(struct wg_plan *plan);
/* Groups launches over the same elements. Launches that are independent of a group may be moved before it. */
wg_status wg_plan_groups(struct wg_plan *plan);
/* Allocates memory in the block for each internal buffer that several units use, from the first of these units to the last. */
wg_status wg_plan_memory(struct wg_plan *plan);
void wg_plan_end(struct wg_plan *plan);

/* Whether the launch can fail once it runs. Ops that change an operand check before they write, and element-wise ops check nothing and
   allocate no memory. */
bool wg_launch_may_fail(const struct wg_launch *launch);
/* Whether the launch is a sum, or the like, of all elements. In the pass that computes its operand it cannot fail. */
bool wg_launch_totals(const struct wg_log *log, const struct wg_launch *launch);
/* The row of a launch that is element-wise and can run by rows; else NULL. */
wg_row *wg_launch_row(const struct wg_log *log, const struct wg_launch *launch);
/* Whether the launch reduces all elements of its operand and can be computed from blocks. */
bool wg_launch_reduces(const struct wg_log *log, const struct wg_launch *launch);
/* Whether the operand has one stored element, which is broadcast to all positions. */
static inline bool wg_is_single(const struct wg_layout *layout, const int64_t *dims)
{
    for (int i = 0; i < layout->rank && layout->numel != 1; i++)
        if (dims[i] != 1 && dims[layout->rank + i] != 0)
            return false;
    return true;
}

#endif
