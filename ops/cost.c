/* Shared by cost rules, and by the shape rules of updates. */
#include "ops/op.h"

static double distinct(const wg_tensor *t)
{
    double n = 1;
    for (int axis = 0; axis < t->rank; axis++)
        if (wg_strides(t)[axis] != 0 || wg_extents(t)[axis] == 0)
            n *= (double)wg_extents(t)[axis];
    return n * (double)wg_dtype_size((wg_dtype)t->dtype);
}

/* False if every result is empty: then no kernel runs and nothing is read. */
static bool runs(const wg_call *c)
{
    bool empty = c->n_out > 0 && !c->op->writes;
    for (unsigned i = 0; i < c->n_out && empty; i++)
        empty = c->out[i]->numel == 0;
    return !empty;
}

wg_cost wg_cost_bytes(const wg_call *c)
{
    wg_cost cost = {0};
    for (unsigned i = 0; i < c->n_in && runs(c); i++) {
        if (wg_absent(c->in[i]))
            continue;
        cost.bytes_read += distinct(c->in[i]);
        if (wg_bit(c->op->writes, i))
            cost.bytes_written += distinct(c->in[i]);
    }
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
        if (!wg_absent(t) && !wg_same_dims(t, c->in[0]) && (wg_bit(c->op->writes, i) || t->numel != 1))
            return wg_call_error(c, WG_E_SHAPE, "expected operands of one shape");
    }
    return WG_OK;
}

wg_status wg_check_same_layout(const wg_call *c, unsigned n)
{
    const wg_tensor *first = c->in[0];
    for (unsigned i = 0; i < n; i++) {
        const wg_tensor *t = c->in[i];
        if (wg_absent(t))
            continue;
        if (t->dtype != first->dtype || (t->dtype != WG_F32 && t->dtype != WG_F64))
            return wg_call_error(c, WG_E_DTYPE, "expected operands of one dtype, f32 or f64");
        if (!wg_same_dims(t, first))
            return wg_call_error(c, WG_E_SHAPE, "expected operands of one shape");
    }
    return WG_OK;
}

wg_status wg_check_scalar(const wg_call *c, unsigned i)
{
    if (c->in[i]->dtype != WG_F64)
        return wg_call_error(c, WG_E_DTYPE, "expected rates and counts of f64");
    return c->in[i]->numel == 1 ? WG_OK : wg_call_error(c, WG_E_SHAPE, "expected rates and counts with one element");
}
