/* The Jacobian of an actor by its parameters, applied to vectors. */
#include <math.h>
#include <stdlib.h>

#include "linear.h"
#include "wengert/derivative.h"
#include "wengert/error.h"
#include "wengert/ops.h"

wg_status linear_check(const wg_tensor *t, int rank, const char *op, const char *what)
{
    char text[200];
    if (t == WG_NONE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s, got WG_NONE", op, what);
    WG_TRY(nn_check_value(t, op, "%s", what));
    if (wg_dtype_of(t) != WG_F32 && wg_dtype_of(t) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected %s of dtype f32 or f64, got %s", op, what, wg_dtype_name(wg_dtype_of(t)));
    if (wg_rank(t) == rank && (rank == 0 || wg_extent(t, 0) > 0))
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: expected %s of rank %d with at least one row, got %s", op, what, rank,
                        wg_shape_text(wg_shape_of(t), text, sizeof text));
}

wg_status linear_check_actor(const wg_nn_module *actor, const wg_tensor *s, const char *op)
{
    int64_t elements;
    if (!actor)
        return nn_null_argument(op, "the actor");
    WG_TRY(nn_check_params(wg_nn_parameters(actor), &elements, op));
    return linear_check(s, 2, op, "s");
}

wg_status linear_check_gamma(double gamma, const char *op)
{
    if (gamma >= 0 && gamma <= 1)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .gamma in [0, 1], got %g", op, gamma);
}

wg_status linear_check_rate(double rate, const char *op, const char *what)
{
    if (rate >= 0 && rate < (double)INFINITY)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .%s in [0, inf), got %g", op, what, rate);
}

wg_tensor *linear_mean(const wg_nn_module *actor, wg_tensor *s)
{
    return wg_nn_apply_to(actor, &s, 1);
}

struct call {
    const wg_nn_module *actor;
    wg_tensor *s;
};

static wg_tensor *function(wg_tensor *const *x, size_t n, void *context)
{
    const struct call *call = context;
    return wg_nn_apply_with(call->actor, (wg_tensor_list){.n = n, .tensor = x}, call->s);
}

/* Space for a tensor for each parameter, which are lent. */
static wg_tensor **space_for(wg_tensor_list params)
{
    wg_tensor **space = calloc(params.n, sizeof *space);
    if (!space)
        (void)nn_no_memory("rl_actor");
    return space;
}

wg_tensor *linear_vjp(const wg_nn_module *actor, wg_tensor *s, wg_tensor *v)
{
    struct call call = {actor, s};
    const wg_tensor_list params = wg_nn_parameters(actor);
    wg_tensor **g = v ? space_for(params) : NULL, *vector = NULL;
    if (g && wg_vjp(function, &call, params.tensor, params.n, v, NULL, g) == WG_OK)
        vector = wg_nn_to_vector((wg_tensor_list){.n = params.n, .tensor = g});
    free(g);
    return vector;
}

wg_tensor *linear_jvp(const wg_nn_module *actor, wg_tensor *s, wg_tensor *w, wg_tensor **mean)
{
    struct call call = {actor, s};
    const wg_tensor_list params = wg_nn_parameters(actor);
    wg_tensor **t = w ? space_for(params) : NULL, *moved = NULL;
    if (t && wg_nn_from_vector(w, params, t) == WG_OK && wg_jvp(function, &call, params.tensor, params.n, t, mean, &moved) != WG_OK)
        moved = NULL;
    free(t);
    return moved;
}
