/* What the ops of connectionist temporal classification share; see ctc_common.c and, for the recursion, ctc_lattice.h. Also valid
   C++. */
#ifndef WG_CTC_H
#define WG_CTC_H

#include "ops/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Params of ops on x (T,N,C), targets (N,S), input_lengths (N) and target_lengths (N). */
struct wg_ctc_params {
    int64_t blank;
};

enum { WG_CTC_OPERANDS = 4, WG_CTC_DIRECTIONS = 8 };

/* The lengths of sequence n. */
struct wg_ctc_lengths {
    int64_t times, labels;
};
struct wg_ctc_lengths wg_ctc_lengths(const wg_call *c, int64_t n);

/* For shape rules: dtypes, shapes and the blank. For kernels, before anything is written: lengths and labels. */
wg_status wg_ctc_shapes(const wg_call *c);
wg_status wg_ctc_check(const wg_call *c);

/* Elements of workspace for a row of states; states have two columns in front of them. */
static inline int64_t wg_ctc_row(const wg_call *c)
{
    return 2 * wg_extents(c->in[1])[1] + 3;
}

/* The bytes that an op moves, and its operations: it passes the states of each sequence once, forward, or forward and backward with
   2ᵏ parts. */
wg_cost wg_ctc_cost(const wg_call *c, bool both_ways);

#ifdef __cplusplus
}
#endif

#endif
