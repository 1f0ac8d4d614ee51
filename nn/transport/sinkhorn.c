/* Transport with entropy, by Sinkhorn's iterations on logarithms. */
#include "../module/module.h"
#include "transport.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/transport.h"

/* One problem. c: -cost/ε. a (n,1) and b (1,m): the weights, with their logarithms. f (n,1) and g (1,m): the potentials over ε. */
struct problem {
    const char *op;
    const wg_transport_sinkhorn_options *options;
    wg_tensor *c, *a, *b, *log_a, *log_b, *f, *g;
};

/* -ln Σ e^{c + potential + weights} along an axis. What is between is needed by backward alone, if at all. */
static wg_tensor *half_step(const struct problem *p, wg_tensor *potential, wg_tensor *log_weights, int axis)
{
    wg_tensor *h = wg_add(potential, log_weights), *sum = wg_add(p->c, h),
              *logs = wg_logsumexp(sum, .axis = axis, .keepdims = true);
    wg_tensor *next = wg_neg(logs);
    wg_drop(h), wg_drop(sum), wg_drop(logs);
    return next;
}

/* How far the rows of the plan with potentials f and g are from a, where next is the f that would make them right. */
static double row_error(const struct problem *p, wg_tensor *f, wg_tensor *next)
{
    WG_NO_GRAD;
    wg_tensor *error = wg_sum(wg_mul(p->a, wg_abs(wg_expm1(wg_sub(f, next)))));
    return error ? wg_item(error) : 0;
}

/* Runs the iterations, until f and g are in place. */
static wg_status iterate(struct problem *p)
{
    const wg_transport_sinkhorn_options *o = p->options;
    double error = o->tolerance > 0 ? __builtin_inf() : 0;
    p->g = wg_zeros(wg_dtype_of(p->c), wg_shape_of(p->log_b));
    for (int64_t i = 0; i <= o->iterations; i++) {
        if (i == o->iterations && o->tolerance == 0)
            return p->g ? WG_OK : nn_first_error(WG_E_MEMORY);
        wg_tensor *next = half_step(p, p->g, p->log_b, 1);
        if (!next)
            return nn_first_error(WG_E_MEMORY);
        if (o->tolerance > 0 && i > 0 && !((error = row_error(p, p->f, next)) > o->tolerance))
            return WG_OK;
        if (i == o->iterations)
            break;
        wg_drop(p->f), wg_drop(p->g);
        p->f = next;
        p->g = half_step(p, p->f, p->log_a, 0);
    }
    return wg_error_set(WG_E_NUMERIC, p->op,
                        "%s: after %lld iterations the plan's rows differ from the weights by %g, expected tolerance %g: raise "
                        ".iterations or .epsilon",
                        p->op, (long long)o->iterations, error, o->tolerance);
}

/* Σ a f + Σ b g, in units of ε. */
static wg_tensor *dual(const struct problem *p)
{
    return wg_add(wg_sum(wg_mul(p->a, p->f)), wg_sum(wg_mul(p->b, p->g)));
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
    wg_tensor *log_plan = wg_add(wg_add(c, wg_detach(wg_add(p->f, p->log_a))), wg_detach(wg_add(p->g, p->log_b)));
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
                        .c = wg_mul_scalar(transport_cost(x, y, o->p), -1 / o->epsilon),
                        .a = wg_reshape(transport_weights(a, n, dtype), WG_SHAPE(n, 1)),
                        .b = wg_reshape(transport_weights(b, m, dtype), WG_SHAPE(1, m))};
    p.log_a = wg_log(p.a), p.log_b = wg_log(p.b);
    if (!p.c || !p.log_a || !p.log_b)
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
