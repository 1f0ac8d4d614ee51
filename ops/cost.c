/* What the cost rules share. */
#include "op.h"

static double distinct(const wg_tensor *t)
{
    double n = 1;
    for (int axis = 0; axis < t->rank; axis++)
        if (wg_strides(t)[axis] != 0 || wg_extents(t)[axis] == 0)
            n *= (double)wg_extents(t)[axis];
    return n * (double)wg_dtype_size((wg_dtype)t->dtype);
}

wg_cost wg_cost_bytes(const wg_call *c)
{
    wg_cost cost = {0};
    for (unsigned i = 0; i < c->n_in; i++)
        if (!wg_absent(c->in[i]))
            cost.bytes_read += distinct(c->in[i]);
    for (unsigned i = 0; i < c->n_out; i++)
        cost.bytes_written += distinct(c->out[i]);
    return cost;
}

wg_cost wg_cost_each(const wg_call *c, double add, double mul, double div, double compare, double transcendental)
{
    wg_cost cost = wg_cost_bytes(c);
    const double n = (double)c->out[0]->numel;
    cost.add = n * add;
    cost.mul = n * mul;
    cost.div = n * div;
    cost.compare = n * compare;
    cost.transcendental = n * transcendental;
    return cost;
}

wg_cost wg_cost_update(const wg_call *c, double add, double mul, double div, double transcendental)
{
    wg_cost cost = wg_cost_bytes(c);
    const double n = (double)c->in[0]->numel;
    for (unsigned i = 0; i < c->n_in; i++)
        if ((c->op->writes >> i & 1) && !wg_absent(c->in[i]))
            cost.bytes_written += distinct(c->in[i]);
    cost.add = n * add;
    cost.mul = n * mul;
    cost.div = n * div;
    cost.transcendental = n * transcendental;
    return cost;
}

wg_status wg_shape_update(const wg_call *c, wg_spec *out)
{
    wg_dtype dtype;
    (void)out;
    WG_TRY(wg_same_float(c, &dtype));
    for (unsigned i = 1; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (!wg_absent(t) && !wg_same_dims(t, c->in[0]) && ((c->op->writes >> i & 1) || t->numel != 1))
            return wg_call_error(c, WG_E_SHAPE, "operands of an update have one shape");
    }
    return WG_OK;
}
