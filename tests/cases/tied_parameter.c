/* One tensor as the parameter of two modules: both own it, it lives until the last of them is destroyed, and a network that contains both
   has it once. */
#include <math.h>

#include "case.h"

static wg_tensor *scaled(const wg_nn_call *call, wg_tensor *x)
{
    return wg_mul(x, call->param[0]);
}

static const struct wg_nn_kind scale = {.name = "scale", .forward = scaled};

static wg_nn_module *scale_by(wg_tensor *w)
{
    wg_nn_module *module = wg_nn_module_create(&scale, NULL, NULL);
    is_("the parameter is added", wg_nn_add_parameter(module, "w", w) == WG_OK);
    return module;
}

static double applied(const wg_nn_module *net)
{
    WG_TAPE(tape);
    wg_tensor *y = wg_nn_apply(net, wg_ones(WG_F64, WG_SHAPE(2)));
    return y ? wg_item(wg_sum(y)) / 2 : (double)NAN;
}

int main(void)
{
    wg_tensor *w = wg_full(WG_F64, WG_SHAPE(2), 3);
    wg_nn_module *a = scale_by(w), *b = scale_by(w);
    wg_nn_destroy(a);
    wg_tensor *other[8];
    for (int i = 0; i < 8; i++)
        other[i] = wg_full(WG_F64, WG_SHAPE(2), 1000 + i);
    near_("the second module's result after the first was destroyed", applied(b), 3, 0);
    wg_nn_module *net = wg_nn_sequential(b, scale_by(w));
    near_("both in a network", applied(net), 9, 0);
    is_("which lists the parameter once", wg_nn_parameters(net).n == 1);
    wg_nn_destroy(net);
    int whole = 0;
    for (int i = 0; i < 8; i++) {
        whole += wg_data_as(other[i], double)[0] == 1000 + i;
        wg_free(other[i]);
    }
    near_("tensors of others still whole", whole, 8, 0);
    return end_();
}
