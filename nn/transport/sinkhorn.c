/* Transport with entropy, by Sinkhorn's iterations on logarithms. */
#include <float.h>

#include "../module/module.h"
#include "transport.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/transport.h"

/* The weights of one side: (n,1) or (1,m), their logarithms, and, where gradients for weights are asked, the slopes of those that are 0,
   which the logarithm's would make infinite: 0 in value, with the gradient of the weights where they are 0; else NULL. */
struct side {
    wg_tensor *weights, *logs, *slopes;
};

/* One problem. c: -cost/ε. f (n,1) and g (1,m): the potentials over ε. */
struct problem {
    const char *op;
    const wg_transport_sinkhorn_options *options;
    struct side a, b;
    wg_tensor *c, *f, *g;
};

/* The logarithm is taken of 1 where a weight is 0, and replaced. held: potentials are constants, and so no gradient goes through logarithms. */
static struct side side_of(wg_tensor *weights, bool held)
{
    const size_t before = wg_tape_nodes(wg_tape_top());
    struct side side = {.weights = weights, .logs = wg_log(weights)};
    const bool recorded = wg_tape_nodes(wg_tape_top()) > before; /* only ops through which a gradient may flow are */
    if (held || !side.logs || !recorded)
        return side;
    const wg_dtype dtype = wg_dtype_of(weights);
    wg_tensor *is_zero = wg_eq(weights, wg_zeros(dtype, WG_SCALAR)), *minus_infinity = wg_full(dtype, WG_SCALAR, -__builtin_inf());
    side.logs = wg_where(is_zero, minus_infinity, wg_log(wg_where(is_zero, wg_ones(dtype, WG_SCALAR), weights)));
    side.slopes = wg_mul(wg_sub(weights, wg_detach(weights)), wg_cast(is_zero, dtype));
    return side;
}

/* What a weight w_j = 0 would add to -ln Σ_j w_j e^{z_j} = next, where z = c + potential: -w_j e^{z_j + next}. It is bounded, as a point
   may be nearer by more than the exponential of the dtype than all that have a weight. */
static wg_tensor *with_slopes(const struct problem *p, wg_tensor *potential, wg_tensor *slopes, wg_tensor *next, int axis)
{
    const double most = next && wg_dtype_of(next) == WG_F64 ? 700 : 80;
    wg_tensor *exponent = wg_clamp(wg_add(wg_add(p->c, potential), next), -__builtin_inf(), most);
    return wg_sub(next, wg_sum(wg_mul(wg_exp(exponent), slopes), .axis = axis, .keepdims = true));
}

/* -ln Σ e^{c + potential} weights along an axis. What is between is needed by backward alone, if at all. */
static wg_tensor *half_step(const struct problem *p, wg_tensor *potential, const struct side *side, int axis)
{
    wg_tensor *h = wg_add(potential, side->logs), *sum = wg_add(p->c, h), *logs = wg_logsumexp(sum, .axis = axis, .keepdims = true);
    wg_tensor *next = wg_neg(logs);
    wg_drop(h), wg_drop(sum), wg_drop(logs);
    return side->slopes ? with_slopes(p, potential, side->slopes, next, axis) : next;
}

/* How far the rows of the plan with potentials f and g are from a, where next is the f that would make them right. */
static double row_error(const struct problem *p, wg_tensor *f, wg_tensor *next)
{
    WG_NO_GRAD;
    wg_tensor *error = wg_sum(wg_mul(p->a.weights, wg_abs(wg_expm1(wg_sub(f, next)))));
    return error ? wg_item(error) : 0;
}

/* Runs the iterations, until f and g are in place. */
static wg_status iterate(struct problem *p)
{
    const wg_transport_sinkhorn_options *o = p->options;
    double error = o->tolerance > 0 ? __builtin_inf() : 0;
    p->g = wg_zeros(wg_dtype_of(p->c), wg_shape_of(p->b.logs));
    for (int64_t i = 0; i <= o->iterations; i++) {
        if (i == o->iterations && o->tolerance == 0)
            return p->g ? WG_OK : nn_first_error(WG_E_MEMORY);
        wg_tensor *next = half_step(p, p->g, &p->b, 1);
        if (!next)
            return nn_first_error(WG_E_MEMORY);
        if (o->tolerance > 0 && i > 0 && !((error = row_error(p, p->f, next)) > o->tolerance))
            return WG_OK;
        if (i == o->iterations)
            break;
        wg_drop(p->f), wg_drop(p->g);
        p->f = next;
        p->g = half_step(p, p->f, &p->a, 0);
    }
    return wg_error_set(WG_E_NUMERIC, p->op,
                        "%s: after %lld iterations the plan's rows differ from the weights by %g, expected tolerance %g: raise "
                        ".iterations or .epsilon",
                        p->op, (long long)o->iterations, error, o->tolerance);
}

/* Σ a f + Σ b g, in units of ε. */
static wg_tensor *dual(const struct problem *p)
{
    return wg_add(wg_sum(wg_mul(p->a.weights, p->f)), wg_sum(wg_mul(p->b.weights, p->g)));
}

/* The dual function at f and g held: the term 1 - Σ P, which is 0 in value, has the gradient. */
static wg_tensor *envelope(struct problem *p)
{
    wg_tensor *c = p->c;
    {
        WG_NO_GRAD;
        p->c = wg_detach(c);
        if (iterate(p) != WG_OK)
            return NULL;
    }
    wg_tensor *log_plan = wg_add(wg_add(c, wg_detach(wg_add(p->f, p->a.logs))), wg_detach(wg_add(p->g, p->b.logs)));
    return wg_add(dual(p), wg_add_scalar(wg_neg(wg_sum(wg_exp(log_plan))), 1));
}

/* S(x, y). */
static wg_tensor *regularised(const struct transport_call *call, wg_tensor *x, wg_tensor *y, wg_tensor *a, wg_tensor *b)
{
    const wg_transport_sinkhorn_options *o = call->options;
    const int64_t n = wg_extent(x, 0), m = wg_extent(y, 0);
    const wg_dtype dtype = wg_dtype_of(x);
    struct problem p = {.op = call->op,
                        .options = o,
                        .a = side_of(wg_reshape(transport_weights(a, n, dtype), WG_SHAPE(n, 1)), o->envelope),
                        .b = side_of(wg_reshape(transport_weights(b, m, dtype), WG_SHAPE(1, m)), o->envelope)};
    const double largest = dtype == WG_F64 ? DBL_MAX : (double)FLT_MAX;
    p.c = wg_mul_scalar(wg_expect(transport_cost(x, y, o->p), "costs", 0, largest, false), -1 / o->epsilon);
    if (!p.c || !p.a.logs || !p.b.logs)
        return NULL;
    if (o->envelope)
        return wg_mul_scalar(envelope(&p), o->epsilon);
    return iterate(&p) == WG_OK ? wg_mul_scalar(dual(&p), o->epsilon) : NULL;
}

static wg_tensor *sinkhorn(const struct transport_call *call)
{
    const wg_transport_sinkhorn_options *o = call->options;
    wg_tensor *xy = regularised(call, call->x, call->y, call->weights_x, call->weights_y);
    if (!o->debiased || !xy)
        return xy;
    wg_tensor *xx = regularised(call, call->x, call->x, call->weights_x, call->weights_x),
              *yy = xx ? regularised(call, call->y, call->y, call->weights_y, call->weights_y) : NULL;
    return wg_sub(xy, wg_mul_scalar(wg_add(xx, yy), 0.5));
}

wg_tensor *wg_transport_sinkhorn_with(wg_tensor *x, wg_tensor *y, wg_transport_sinkhorn_options options)
{
    const struct transport_call call = {"transport_sinkhorn", x, y, options.weights_x, options.weights_y, &options, sinkhorn};
    if (transport_check_option(call.op, "p", options.p, 1, 1e6) != WG_OK ||
        transport_check_option(call.op, "epsilon", options.epsilon, 1e-30, 1e30) != WG_OK ||
        transport_check_option(call.op, "iterations", (double)options.iterations, 1, 1e9) != WG_OK ||
        transport_check_option(call.op, "tolerance", options.tolerance, 0, 1) != WG_OK)
        return NULL;
    return transport_run(&call, 2);
}
