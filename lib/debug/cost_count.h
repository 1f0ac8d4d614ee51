/* The count of a tape's costs, for what else looks at tapes. */
#ifndef WG_COST_COUNT_H
#define WG_COST_COUNT_H

#include "core/internal.h"
#include "wengert/cost.h"

/* wg_cost_of for a tape that is known to be open. NULL: out of memory. */
wg_cost_table *wg_cost_count(const wg_tape *tape);

/* Fails unless the tape is open on this thread. Compares the pointer with the thread's tapes and never dereferences it. */
wg_status wg_check_open(const wg_tape *tape, const char *op);

/* True for an update: an op that only changes operands and has no result. */
static inline bool wg_is_update(const wg_call *c)
{
    return c->op->writes && c->n_out == 0;
}

#endif
