/* A user's closure x³ whose backward lacks the factor 3: the checks of random programs must find it. */
#ifndef RANDOM_GRAPHS_PLANTED_H
#define RANDOM_GRAPHS_PLANTED_H

#include "program.h"

static inline wg_status planted_forward(const wg_call *c)
{
    const int64_t n = wg_numel(c->in[0]);
    double *x = malloc((size_t)n * sizeof *x), *y = wg_data_mut(c->out[0]);
    const wg_status status = x ? wg_read(c->in[0], x) : WG_E_MEMORY;
    for (int64_t i = 0; status == WG_OK && i < n; i++)
        y[i] = x[i] * x[i] * x[i];
    free(x);
    return status;
}

static inline wg_status planted_backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(gy[0], wg_square(c->in[0])));
}

static inline wg_tensor *kind_planted(struct run *p)
{
    wg_tensor *x = operand_at(p, draw(p, LEAVES)); /* a leaf, on which the result certainly depends */
    const wg_closure cube = {.name = "planted",
                             .forward = planted_forward,
                             .backward = planted_backward,
                             .saves = WG_IN(0),
                             .dtype = WG_F64,
                             .shape = wg_shape_of(x)};
    return wg_closure_apply(&cube, &x, 1);
}

#endif
