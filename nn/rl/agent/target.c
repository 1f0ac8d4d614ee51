/* Target networks. */
#include "../../module/module.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/rl/agent.h"
#include "wengert/tape.h"

static wg_status check_lists(wg_tensor_list target, wg_tensor_list net, const char *what, const char *op)
{
    if (target.n != net.n)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the target has %zu %s, and the network %zu", op, target.n, what, net.n);
    for (size_t i = 0; i < net.n; i++) {
        const wg_shape a = wg_shape_of(target.tensor[i]), b = wg_shape_of(net.tensor[i]);
        bool same = a.rank == b.rank;
        for (int axis = 0; same && axis < a.rank; axis++)
            same = a.extent[axis] == b.extent[axis];
        char ta[200], tb[200];
        if (!same)
            return wg_error_set(WG_E_SHAPE, op, "%s: %s is %s in the target and %s in the network", op, net.name[i],
                                wg_shape_text(a, ta, sizeof ta), wg_shape_text(b, tb, sizeof tb));
        if (wg_dtype_of(target.tensor[i]) != wg_dtype_of(net.tensor[i]))
            return wg_error_set(WG_E_DTYPE, op, "%s: %s is %s in the target and %s in the network", op, net.name[i],
                                wg_dtype_name(wg_dtype_of(target.tensor[i])), wg_dtype_name(wg_dtype_of(net.tensor[i])));
    }
    return WG_OK;
}

static wg_status follow(wg_tensor_list target, wg_tensor_list net, double tau)
{
    for (size_t i = 0; i < net.n; i++)
        WG_TRY(tau < 1 ? wg_ema_update(target.tensor[i], net.tensor[i], tau) : wg_assign(target.tensor[i], net.tensor[i]));
    return WG_OK;
}

/* Running statistics are averaged. Counts, which are scalars, are copied. */
static wg_status follow_buffers(wg_tensor_list target, wg_tensor_list net, double tau)
{
    for (size_t i = 0; i < net.n; i++) {
        const bool real = wg_dtype_of(net.tensor[i]) == WG_F32 || wg_dtype_of(net.tensor[i]) == WG_F64;
        if (real && tau < 1 && wg_rank(net.tensor[i]) > 0)
            WG_TRY(wg_ema_update(target.tensor[i], net.tensor[i], tau));
        else
            WG_TRY(wg_assign(target.tensor[i], net.tensor[i]));
    }
    return WG_OK;
}

static wg_status follow_all(wg_nn_module *target, wg_nn_module *net, double tau)
{
    WG_NO_GRAD;
    WG_TRY(follow(wg_nn_parameters(target), wg_nn_parameters(net), tau));
    return follow_buffers(wg_nn_buffers(target), wg_nn_buffers(net), tau);
}

wg_status wg_rl_target_update(wg_nn_module *target, wg_nn_module *net, double tau)
{
    const char *op = "rl_target_update";
    if (!target || !net)
        return nn_null_argument(op, target ? "the network" : "the target");
    if (!(tau >= 0 && tau <= 1))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected τ in 0 … 1, got %g", op, tau);
    WG_TRY(check_lists(wg_nn_parameters(target), wg_nn_parameters(net), "parameters", op));
    WG_TRY(check_lists(wg_nn_buffers(target), wg_nn_buffers(net), "buffers", op));
    if (tau == 0)
        return WG_OK;
    WG_TRY(wg_update_begin());
    const wg_status status = follow_all(target, net, tau);
    if (status == WG_OK)
        return wg_update_commit();
    wg_update_cancel();
    return status;
}
