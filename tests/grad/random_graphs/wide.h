/* Wide programs: 20 to 60 values are live at once, more than a tile has slots. Each op replaces one of them, by a new value or
   in place (wg_donate, updates). Among the ops are sums that are broadcast again, casts between f32 and f64, ops that end a
   group, and changes of tensors from outside, committed or not; every other program ends with gradients. Values stay within ±1. */
#ifndef RANDOM_GRAPHS_WIDE_H
#define RANDOM_GRAPHS_WIDE_H

#include "random.h"

enum { LEAST_LIVE = 20, MOST_LIVE = 60, LEAST_ACTS = 20, MOST_ACTS = 120, INPUTS = 3, STATES = 2, KEPT = 4 };

struct wide {
    uint64_t seed;
    wg_dtype dtype;
    wg_shape shape;
    int live, acts;
    bool gradients;

    wg_tensor *x[INPUTS], *state[STATES], *count, *kept[KEPT]; /* what a step reads, changes and leaves */

    uint64_t random; /* of the running step */
    wg_tensor *v[MOST_LIVE];
};

static inline int pick(struct wide *w, int bound)
{
    return (int)(random_next(&w->random) % (uint64_t)bound);
}

static inline wg_tensor *any(struct wide *w)
{
    return w->v[pick(w, w->live)];
}

static inline wg_tensor *of_one(struct wide *w, wg_tensor *x)
{
    switch (pick(w, 9)) {
    case 0:
        return wg_neg(x);
    case 1:
        return wg_mul_scalar(x, 0.75);
    case 2:
        return wg_tanh(x);
    case 3:
        return wg_sin(x);
    case 4:
        return wg_relu(x);
    case 5:
        return wg_square(x);
    case 6:
        return wg_clamp(x, -0.5, 0.9);
    case 7:
        return wg_sigmoid(x);
    default:
        return wg_add_scalar(wg_mul_scalar(x, 0.5), 0.25);
    }
}

/* Donates at most one of a and b. */
static inline wg_tensor *of_two(struct wide *w, wg_tensor *a, wg_tensor *b)
{
    switch (pick(w, 6)) {
    case 0:
        return wg_mul_scalar(wg_donate(wg_add(a, b)), 0.5);
    case 1:
        return wg_mul_scalar(wg_donate(wg_sub(a, b)), 0.5);
    case 2:
        return wg_mul(a, b);
    case 3:
        return wg_maximum(a, b);
    case 4:
        return wg_minimum(a, b);
    default:
        return wg_mul_scalar(wg_donate(wg_fma(a, b, any(w))), 0.5);
    }
}

/* Ops that no group contains, or that end one. */
static inline wg_tensor *apart_from_groups(struct wide *w, wg_tensor *x)
{
    const wg_dtype other = w->dtype == WG_F32 ? WG_F64 : WG_F32;
    switch (pick(w, 6)) {
    case 0:
        return wg_softmax(x);
    case 1:
        return wg_mul_scalar(wg_cumsum(x, -1), 1.0 / (double)wg_extent(x, -1));
    case 2:
        return wg_copy(wg_flip(x, -1));
    case 3:
        return wg_mul(x, wg_tanh(wg_sum(any(w))));
    case 4:
        return wg_where(wg_gt(x, any(w)), any(w), wg_neg(x));
    default:
        return wg_cast(of_one(w, wg_cast(x, other)), w->dtype);
    }
}

/* An operand that is changed in place. In programs with gradients, only one that backward does not read. */
static inline wg_tensor *in_place(struct wide *w, int i)
{
    if (w->gradients) {
        wg_tensor *fresh = wg_mul_scalar(w->v[i], 0.5);
        return pick(w, 2) ? wg_neg(wg_donate(fresh)) : wg_add(wg_donate(fresh), wg_mul_scalar(any(w), 0.5));
    }
    wg_tensor *b = w->v[(i + 1) % w->live];
    switch (pick(w, 5)) {
    case 0:
        return of_one(w, wg_donate(w->v[i]));
    case 1:
        return wg_mul(wg_donate(w->v[i]), b);
    case 2:
        return wg_maximum(b, wg_donate(w->v[i]));
    case 3:
        w->v[i] = wg_full(w->dtype, w->shape, 0.5); /* a constant that the step changes */
        return wg_ema_update(w->v[i], b, 0.25) == WG_OK ? w->v[i] : NULL;
    default:
        return wg_ema_update(w->v[i], b, 0.25) == WG_OK ? w->v[i] : NULL;
    }
}

static inline wg_status change_outside(struct wide *w)
{
    wg_tensor *to = w->state[pick(w, STATES)], *value = wg_detach(any(w));
    switch (pick(w, 4)) {
    case 0:
        return wg_assign(to, value);
    case 1:
        return wg_ema_update(to, value, 0.125);
    case 2:
        w->v[pick(w, w->live)] = wg_mul_scalar(to, 0.5);
        return wg_increment(w->count);
    default:
        WG_TRY(wg_update_begin());
        WG_TRY(wg_ema_update(to, value, 0.5));
        WG_TRY(wg_increment(w->count));
        return wg_update_commit();
    }
}

static inline wg_status act(struct wide *w)
{
    const int i = pick(w, w->live), what = pick(w, 20);
    if (what == 0)
        return change_outside(w);
    if (what < 8)
        w->v[i] = of_two(w, any(w), any(w));
    else if (what < 11)
        w->v[i] = of_one(w, any(w));
    else if (what < 18)
        w->v[i] = in_place(w, i);
    else
        w->v[i] = apart_from_groups(w, any(w));
    return w->v[i] ? WG_OK : wg_error_first()->code;
}

static inline wg_status keep_some(struct wide *w, wg_tensor *total)
{
    for (int i = 0; i < KEPT; i++) {
        wg_tensor *kept = wg_keep(i ? w->v[i * w->live / KEPT] : total);
        if (!kept)
            return wg_error_first()->code;
        wg_free(w->kept[i]);
        w->kept[i] = kept;
    }
    return WG_OK;
}

/* A wg_step. */
static inline wg_status wide_step(void *context)
{
    struct wide *w = context;
    WG_TAPE(tape);
    w->random = w->seed * 0x9E3779B97F4A7C15u + 1;
    for (int i = 0; i < w->live; i++)
        w->v[i] = of_one(w, i < 2 * INPUTS ? w->x[i % INPUTS] : w->v[pick(w, i)]);
    for (int i = 0; i < w->acts; i++)
        WG_TRY(act(w));
    wg_tensor *total = w->v[0];
    for (int i = 1; i < w->live; i++)
        total = wg_add(wg_donate(wg_mul_scalar(total, 0.75)), w->v[i]);
    if (!total)
        return wg_error_first()->code;
    WG_TRY(keep_some(w, total));
    for (int i = 0; i < INPUTS; i++)
        wg_clear_gradient(w->x[i]);
    return w->gradients ? wg_backward(wg_mean(total)) : WG_OK;
}

static inline struct wide wide_new(uint64_t seed)
{
    static const int64_t lengths[] = {1, 1, 7, 100, 512, 513, 513, 700, 1024, 1500, 3000};
    uint64_t random = seed * 0xA0761D6478BD642Fu + 5;
    random_next(&random);
    const int64_t n = random_next(&random) % 100 == 0 ? 40000 : lengths[random_next(&random) % (sizeof lengths / sizeof *lengths)];
    struct wide w = {.seed = seed, .dtype = random_next(&random) % 2 ? WG_F32 : WG_F64, .gradients = random_next(&random) % 2};
    w.shape = random_next(&random) % 3 ? WG_SHAPE(n) : WG_SHAPE(1, n);
    w.live = LEAST_LIVE + (int)(random_next(&random) % (MOST_LIVE - LEAST_LIVE + 1));
    w.acts = LEAST_ACTS + (int)(random_next(&random) % (MOST_ACTS - LEAST_ACTS + 1));
    for (int i = 0; i < INPUTS; i++)
        w.x[i] = made(wg_set_requires_grad(numbers(w.dtype, w.shape, seed * 8 + (uint64_t)i), w.gradients));
    for (int i = 0; i < STATES; i++)
        w.state[i] = numbers(w.dtype, w.shape, seed * 8 + INPUTS + (uint64_t)i);
    w.count = made(wg_scalar(WG_F64, 0));
    return w;
}

static inline void wide_end(struct wide *w)
{
    for (int i = 0; i < INPUTS; i++)
        wg_free(w->x[i]);
    for (int i = 0; i < STATES; i++)
        wg_free(w->state[i]);
    for (int i = 0; i < KEPT; i++)
        wg_free(w->kept[i]);
    wg_free(w->count);
}

#endif
