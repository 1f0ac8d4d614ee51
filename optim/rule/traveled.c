/* What the rules share whose rate is how far the parameters have come from their start. */
#include "traveled.h"

#include "distance.h"
#include "wengert/ops.h"

enum { OF_DISTANCE, OF_GRADIENT, OF_START };

wg_status traveled_part(struct step *s, wg_tensor *g)
{
    wg_tensor *is_first = step_is_first(s), *is_later = wg_add_scalar(wg_neg(is_first), 1);
    wg_tensor *away = step_square_norm(wg_sub(s->p, s->before[START])); /* from 0, before the first step */
    s->sum[OF_DISTANCE] = wg_mul(away, is_later);
    s->sum[OF_START] = wg_mul(away, is_first);
    s->sum[OF_GRADIENT] = step_square_norm(g);
    s->state[START] = step_start(s, START);
    return distance_parts(s, 3);
}

wg_tensor *traveled_distance(struct step *s, double initial)
{
    wg_tensor *before = s->state[DISTANCE], *is_first = wg_add_scalar(wg_neg(wg_sign(before)), 1);
    wg_tensor *first = wg_mul_scalar(wg_add_scalar(step_sqrt(s, s->sum[OF_START]), 1), initial);
    wg_tensor *now = wg_maximum(before, step_sqrt(s, s->sum[OF_DISTANCE]));
    return s->state[DISTANCE] = wg_maximum(now, wg_mul(is_first, first));
}

wg_tensor *traveled_square(const struct step *s)
{
    return s->sum[OF_GRADIENT];
}
