/* What attention, its gradient and attention_weights share. Also valid C++. */
#ifndef WG_ATTENTION_H
#define WG_ATTENTION_H

#include "ops/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wg_attention_params {
    bool causal;
    double scale; /* of q kᵀ */
};

/* Queries of a block, whose scores are computed at once, and lanes of a block that run through one loop. */
enum { WG_ATTENTION_BLOCK = 64, WG_ATTENTION_LANES = 32, WG_ATTENTION_SUM = 32 };

/* The keys that the queries of a block can attend to: all, or with causal those up to its last query. */
static inline int64_t wg_attention_keys(int64_t first, int64_t queries, int64_t keys, bool causal)
{
    return causal && first + queries < keys ? first + queries : keys;
}

/* The shape rule's part that attention and its gradient share: checks dtypes and shapes of in[0 … 3], the queries, keys, values and the mask
   or WG_NONE. Sets batch to the broadcast leading axes, with two more axes whose extents are left to the caller. */
wg_status wg_attention_operands(const wg_call *c, wg_spec *batch);

/* The scores scale q kᵀ + mask, -inf where a query may not attend to a key, in ops that have derivatives. The operands have been checked. */
wg_tensor *wg_attention_scores(wg_tensor *q, wg_tensor *k, wg_tensor *mask, const struct wg_attention_params *p);

/* The number of scores of one head, and of partial sums of their exponentials. */
struct wg_attention_counts {
    double scores, sums;
};
struct wg_attention_counts wg_attention_count(int64_t queries, int64_t keys, bool causal);

/* The params of the options: a scale of 0 is 1/√d. E_ARGUMENT if it is not finite or negative. */
wg_status wg_attention_resolve(const char *op, const wg_tensor *q, bool causal, double scale, struct wg_attention_params *params);

#ifdef __cplusplus
}
#endif

#endif
