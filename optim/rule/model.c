/* What the rules share whose rate leads to where a model of the loss meets its lower bound. */
#include "model.h"

#include "distance.h"
#include "wengert/ops.h"

enum { OF_SQUARE, OF_PRODUCT, OF_AVERAGE };

wg_status model_parts(struct step *s, wg_tensor *m, wg_tensor *u, wg_tensor *dot)
{
    s->sum[OF_SQUARE] = step_dot(m, u);
    s->sum[OF_PRODUCT] = step_dot(m, s->p);
    s->sum[OF_AVERAGE] = wg_cast(dot, WG_F64);
    return distance_parts(s, 3);
}

static wg_tensor *decay(const struct step *s, double weight_decay)
{
    return wg_add_scalar(wg_mul_scalar(s->lr, weight_decay), 1);
}

wg_tensor *model_rate(const struct step *s, wg_tensor *above, double weight_decay, wg_tensor *largest)
{
    wg_tensor *height = wg_sub(above, s->sum[OF_AVERAGE]);
    if (weight_decay != 0)
        height = wg_mul(height, decay(s, weight_decay));
    height = wg_relu(wg_add(height, s->sum[OF_PRODUCT]));
    return wg_minimum(largest, step_quotient(height, s->sum[OF_SQUARE]));
}

wg_tensor *model_decayed(const struct step *s, wg_tensor *p, double weight_decay)
{
    return weight_decay == 0 ? p : step_scaled(p, wg_reciprocal(decay(s, weight_decay)));
}
