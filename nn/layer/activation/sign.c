/* The sign layer. */
#include "../layers.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_sign_options *o = call->options;
    if (!nn_is_float(x, "nn_sign"))
        return NULL;
    return o->straight_through ? wg_straight_through(wg_sign(x), wg_hardtanh(x)) : wg_sign(x);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_sign_options){.straight_through = false}, .n_in = 1, .in = {{2, {3, 4}}}, .surrogate = true},
    {.options = &(const wg_nn_sign_options){.straight_through = true}, .n_in = 1, .in = {{2, {3, 4}}}, .surrogate = true},
    {.n_in = 0},
};

const struct wg_nn_kind nn_sign_kind = {.name = "sign", .forward = forward, .samples = samples};
