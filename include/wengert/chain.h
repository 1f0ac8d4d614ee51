/* What checkpoints would buy: the best places for wg_checkpoint in a chain of stages, by dynamic programming over counted operations and
   measured bytes.

   A chain is a network whose stages each read the result of the one before and nothing else of the tape. wg_chain_of measures the stages
   in a recording of a step without checkpoints (lifetime.h); wg_chain_plan_for says which of them to wrap in wg_checkpoint for a bound on
   memory, and what that costs.
   Source: Griewank, Walther, Revolve, 2000 (equal stages); Chen and others, 2016; Beaumont and others, Optimal checkpointing for
   heterogeneous chains, 2019. */
#ifndef WENGERT_CHAIN_H
#define WENGERT_CHAIN_H

#include "base.h"
#include "lifetime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WG_CHAIN_MAX = 64 }; /* stages */

/* In place of a section: each op is a stage. */
#define WG_CHAIN_NODES SIZE_MAX

/* One stage. Bytes are those of the allocator's blocks. */
typedef struct wg_chain_stage {
    size_t section;           /* of the recording */
    double forward, backward; /* counted operations */
    int64_t result;           /* of its result, which the next stage reads; the gradient of that takes as many */
    int64_t kept;             /* what its forward leaves for backward, its result included */
    int64_t gradients;        /* of parameters, which stay until the update */
    /* At most in use while it runs beside what stages before it, and it itself, keep, and, in backward, beside the gradients of
       parameters of the stages behind it. */
    int64_t beside_forward, beside_backward;
    bool known; /* false: some of its ops state no cost */
} wg_chain_stage;

/* Measures the stages of a recorded step: the sections directly inside `section` (0: the outermost), in the order in which they ran, and, as
   the last stage, what ran behind them, such as the loss; with WG_CHAIN_NODES each op. stage has space for WG_CHAIN_MAX; *n is their number.
   Errors: E_NULL; E_ARGUMENT (no such section; fewer than two stages, or more than WG_CHAIN_MAX; no backward was recorded; a stage
   reads a result of an earlier one than the one before it, which is no chain); E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_chain_of(const wg_lifetime *lifetime, size_t section, wg_chain_stage *stage, size_t *n);

/* Stages first .. end - 1 run inside one wg_checkpoint. */
typedef struct wg_chain_span {
    size_t first, end;
} wg_chain_span;

/* Spans are sorted by first; of two that begin at the same stage, the longer comes first. Two spans do not overlap, unless one contains
   the other: then it is a checkpoint inside a checkpoint.
   operations: of forward and backward with what runs again. bytes: predicted peak of values and workspace. */
typedef struct wg_chain_plan {
    double operations;
    int64_t bytes;
    size_t n;
    const wg_chain_span *span;
} wg_chain_plan;

/* The plan with the fewest operations among those whose predicted peak is at most `bytes`. wg_chain_plan_destroy frees it. With 0 bytes,
   the plan with the smallest peak. The last stage is in no span.
   The search rounds sizes up to 1/512 of the peak without checkpoints. Where results differ in size, the first run of a span may take
   more memory than its second, which the search does not know. So it may miss a slightly better plan; the plan that it returns keeps
   to the bound to the byte.
   Errors: NULL and E_NULL; E_ARGUMENT (n, sizes or costs out of range, or no plan keeps to the bound: the message says how many bytes are
   needed); E_MEMORY. Cost: n³/6 times 512. */
WG_API wg_chain_plan *wg_chain_plan_for(const wg_chain_stage *stage, size_t n, int64_t bytes);
WG_API void wg_chain_plan_destroy(wg_chain_plan *plan); /* NULL is allowed */

#ifdef __cplusplus
}
#endif

#endif
