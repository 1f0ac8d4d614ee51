/* The deterministic policy gradient, and compatible features. */
#include <stdlib.h>

#include "linear.h"
#include "wengert/derivative.h"
#include "wengert/error.h"
#include "wengert/ops.h"

/* What one call is asked. c: a vector, w or weights. */
struct question {
    const wg_nn_module *actor;
    wg_tensor *s, *a, *c;
    wg_rl_q *q;
    void *context;
    const char *op;
};

static wg_status result(wg_tensor *made, wg_tensor **out)
{
    *out = made;
    return made ? WG_OK : nn_first_error(WG_E_MEMORY);
}

static wg_tensor *ask(const struct question *q, exact_maker *make)
{
    wg_tensor *out = NULL;
    return exact_run(make, q, &out, 1, q->op) == WG_OK ? out : NULL;
}

/* ---- the policy gradient ---- */

static wg_tensor *sum_of_q(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    const struct question *q = context;
    wg_tensor *values = q->q(q->s, x[0], q->context);
    if (!values || wg_numel(values) == wg_extent(q->s, 0))
        return values ? wg_sum(values) : NULL;
    (void)wg_error_set(WG_E_SHAPE, q->op, "%s: expected a Q for each of %lld states, got %lld", q->op,
                       (long long)wg_extent(q->s, 0), (long long)wg_numel(values));
    return NULL;
}

static wg_status policy_gradient(const void *arguments, wg_tensor **out)
{
    struct question q = *(const struct question *)arguments;
    wg_tensor *a = linear_mean(q.actor, q.s), *slope = NULL;
    if (!a)
        return nn_first_error(WG_E_MEMORY);
    WG_TRY(wg_vjp(sum_of_q, &q, &a, 1, WG_NONE, NULL, &slope));
    return result(linear_vjp(q.actor, q.s, wg_mul_scalar(slope, 1 / (double)wg_extent(q.s, 0))), out);
}

wg_tensor *wg_rl_policy_gradient(const wg_nn_module *actor, wg_tensor *s, wg_rl_q *q, void *context)
{
    const struct question question = {.actor = actor, .s = s, .q = q, .context = context, .op = "rl_policy_gradient"};
    if (linear_check_actor(actor, s, question.op) != WG_OK)
        return NULL;
    if (q)
        return ask(&question, policy_gradient);
    (void)nn_null_argument(question.op, "Q");
    return NULL;
}

/* ---- compatible features ---- */

/* a - μ. */
static wg_tensor *deviation(const struct question *q, wg_tensor *mean)
{
    const wg_shape got = q->a ? wg_shape_of(q->a) : WG_SCALAR, expected = mean ? wg_shape_of(mean) : WG_SCALAR;
    char one[100], other[100];
    if (!mean ||
        (got.rank == 2 && expected.rank == 2 && got.extent[0] == expected.extent[0] && got.extent[1] == expected.extent[1]))
        return mean ? wg_sub(q->a, mean) : NULL;
    (void)wg_error_set(WG_E_SHAPE, q->op, "%s: expected a of the shape of the actor's actions, %s, got %s", q->op,
                       wg_shape_text(expected, one, sizeof one), wg_shape_text(got, other, sizeof other));
    return NULL;
}

static wg_status features(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    wg_tensor *gap = deviation(q, linear_mean(q->actor, q->s));
    if (!gap)
        return nn_first_error(WG_E_MEMORY);
    const int64_t n = wg_extent(q->s, 0);
    wg_tensor **row = calloc((size_t)n, sizeof *row);
    if (!row)
        return nn_no_memory(q->op);
    bool made = true;
    for (int64_t i = 0; i < n && made; i++) {
        row[i] = linear_vjp(q->actor, wg_slice(q->s, 0, i, i + 1, 1), wg_slice(gap, 0, i, i + 1, 1));
        made = row[i] != NULL;
    }
    *out = made ? wg_stack(row, (size_t)n, 0) : NULL;
    free(row);
    return *out ? WG_OK : nn_first_error(WG_E_MEMORY);
}

static wg_status advantage(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    wg_tensor *mean, *moved = linear_jvp(q->actor, q->s, q->c, &mean), *gap = moved ? deviation(q, mean) : NULL;
    return result(gap ? wg_sum(wg_mul(gap, moved), .axis = 1) : NULL, out);
}

static wg_status mean_of_features(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    const int64_t n = wg_extent(q->s, 0);
    wg_tensor *gap = deviation(q, linear_mean(q->actor, q->s));
    wg_tensor *v = gap ? wg_mul(gap, wg_reshape(wg_mul_scalar(q->c, 1 / (double)n), WG_SHAPE(n, 1))) : NULL;
    return result(linear_vjp(q->actor, q->s, v), out);
}

static wg_status gradient(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    wg_tensor *moved = linear_jvp(q->actor, q->s, q->c, NULL);
    return result(moved ? linear_vjp(q->actor, q->s, wg_mul_scalar(moved, 1 / (double)wg_extent(q->s, 0))) : NULL, out);
}

static wg_status check(const struct question *q, bool with_actions, int64_t elements, const char *what)
{
    WG_TRY(linear_check_actor(q->actor, q->s, q->op));
    if (with_actions)
        WG_TRY(linear_check(q->a, 2, q->op, "a"));
    if (!what)
        return WG_OK;
    WG_TRY(linear_check(q->c, 1, q->op, what));
    if (wg_numel(q->c) == elements)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, q->op, "%s: expected %s of %lld elements, got %lld", q->op, what, (long long)elements,
                        (long long)wg_numel(q->c));
}

static int64_t parameters_of(const wg_nn_module *actor)
{
    int64_t n = 0;
    const wg_tensor_list params = actor ? wg_nn_parameters(actor) : (wg_tensor_list){0, NULL, NULL};
    for (size_t i = 0; i < params.n; i++)
        n += wg_numel(params.tensor[i]);
    return n;
}

wg_tensor *wg_rl_compatible_features(const wg_nn_module *actor, wg_tensor *s, wg_tensor *a)
{
    const struct question q = {.actor = actor, .s = s, .a = a, .op = "rl_compatible_features"};
    return check(&q, true, 0, NULL) == WG_OK ? ask(&q, features) : NULL;
}

wg_tensor *wg_rl_compatible_advantage(const wg_nn_module *actor, wg_tensor *s, wg_tensor *a, wg_tensor *w)
{
    const struct question q = {.actor = actor, .s = s, .a = a, .c = w, .op = "rl_compatible_advantage"};
    return check(&q, true, parameters_of(actor), "w") == WG_OK ? ask(&q, advantage) : NULL;
}

wg_tensor *wg_rl_compatible_mean(const wg_nn_module *actor, wg_tensor *s, wg_tensor *a, wg_tensor *c)
{
    const struct question q = {.actor = actor, .s = s, .a = a, .c = c, .op = "rl_compatible_mean"};
    if (linear_check_actor(actor, s, q.op) != WG_OK)
        return NULL;
    return check(&q, true, wg_extent(s, 0), "c") == WG_OK ? ask(&q, mean_of_features) : NULL;
}

wg_tensor *wg_rl_compatible_gradient(const wg_nn_module *actor, wg_tensor *s, wg_tensor *w)
{
    const struct question q = {.actor = actor, .s = s, .c = w, .op = "rl_compatible_gradient"};
    return check(&q, false, parameters_of(actor), "w") == WG_OK ? ask(&q, gradient) : NULL;
}
