/* What the schedule-free rules share. */
#include "schedule_free.h"

#include "wengert/ops.h"
#include "wengert/tensor.h"

/* What the weights of the average need of the steps before: Σ w over the latest w, and the largest rate. Not Σ w itself, because
   in f32 that would stop to grow in the end, while this counts exactly where the weights are equal. */
enum { TOTAL, LARGEST, N_WEIGHTS };

wg_shape schedule_free_weights(const void *options, const wg_tensor *p)
{
    (void)options, (void)p;
    return WG_SHAPE(N_WEIGHTS);
}

wg_tensor *schedule_free_rate(const struct step *s, double warmup)
{
    if (warmup == 0)
        return s->lr;
    return wg_mul(s->lr, wg_clamp(wg_div(s->t, wg_full(WG_F64, WG_SCALAR, warmup)), 0, 1));
}

/* a/b, 0 where b is 0; b ≥ 0. */
static wg_tensor *quotient(wg_tensor *a, wg_tensor *b)
{
    wg_tensor *none = wg_add_scalar(wg_neg(wg_sign(b)), 1);
    return wg_div(a, wg_add(b, none));
}

/* c of this step, f64, 0 as long as all weights are 0. The rate is rounded as the state is, so that equal ones have the ratio 1. */
static wg_tensor *share(struct step *s, wg_tensor *rate, double r, double power)
{
    const wg_dtype dtype = wg_dtype_of(s->p);
    wg_tensor *total = wg_cast(wg_select(s->state[WEIGHTS], 0, TOTAL), WG_F64);
    wg_tensor *before = wg_cast(wg_select(s->state[WEIGHTS], 0, LARGEST), WG_F64);
    wg_tensor *largest = wg_maximum(before, dtype == WG_F64 ? rate : wg_cast(wg_cast(rate, dtype), WG_F64));
    wg_tensor *counts = wg_full(WG_F64, WG_SCALAR, 1);
    if (power > 0) {
        total = wg_mul(total, wg_pow_scalar(quotient(before, largest), power));
        counts = wg_sign(largest);
    }
    if (r > 0)
        total = wg_mul(total, wg_pow_scalar(wg_div(wg_add_scalar(s->t, -1), s->t), r));
    total = wg_add_scalar(total, 1);
    wg_tensor *weights[N_WEIGHTS] = {[TOTAL] = total, [LARGEST] = largest};
    s->state[WEIGHTS] = wg_cast(wg_stack(weights, N_WEIGHTS, 0), dtype);
    return wg_div(counts, total);
}

/* c comes first, because its ops on a few numbers have no rows: between those of z and x they would part them. */
wg_tensor *schedule_free_begin(struct step *s, wg_tensor *rate, double r, double power)
{
    wg_tensor *c = share(s, rate, r, power);
    wg_tensor *start = step_scaled(s->p, step_is_first(s)); /* z and x are 0 before they are p */
    s->state[Z] = wg_add(s->state[Z], start);
    s->state[X] = wg_add(s->state[X], start);
    return c;
}

/* a + w (b - a): a where both are equal. With wg_lerp, which guards against overflow, a step takes more than twice as long. */
static wg_tensor *between(wg_tensor *a, wg_tensor *b, wg_tensor *w)
{
    return wg_add(a, step_scaled(wg_sub(b, a), w));
}

wg_tensor *schedule_free_move(struct step *s, wg_tensor *rate, wg_tensor *d, wg_tensor *c, double beta)
{
    wg_tensor *z = s->state[Z] = wg_sub(s->state[Z], step_scaled(d, rate));
    wg_tensor *x = s->state[X] = between(s->state[X], z, c);
    return wg_add(z, wg_mul_scalar(wg_sub(x, z), beta));
}
