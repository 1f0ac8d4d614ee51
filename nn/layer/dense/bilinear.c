/* The bilinear layer: y_o = x₁ᵀ W_o x₂ + b_o. */
#include <math.h>
#include <string.h>

#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { WEIGHT, BIAS }; /* parameters */

static bool fits(const wg_nn_bilinear_options *o, const wg_tensor *x, const wg_tensor *x2)
{
    const struct nn_form first = {"nn_bilinear", o->dtype, .min_rank = 1, .axis = -1, .extent = o->in1, .text = "(..., %)"};
    const struct nn_form second = {"nn_bilinear", o->dtype, .min_rank = 1, .axis = -1, .extent = o->in2, .text = "(..., %)"};
    if (!nn_fits(x, &first) || !nn_fits(x2, &second))
        return false;
    const wg_shape a = wg_shape_of(x), b = wg_shape_of(x2);
    if (a.rank == b.rank && memcmp(a.extent, b.extent, (size_t)(a.rank - 1) * sizeof *a.extent) == 0)
        return true;
    char text[2][200];
    (void)wg_error_set(WG_E_SHAPE, "nn_bilinear", "nn_bilinear: expected two inputs with the same leading axes, got %s and %s",
                       wg_shape_text(a, text[0], sizeof text[0]), wg_shape_text(b, text[1], sizeof text[1]));
    return false;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_bilinear_options *o = call->options;
    if (!fits(o, x, call->in[1]))
        return NULL;
    wg_tensor *left = wg_einsum("...i,oij->...oj", (wg_tensor *[]){x, call->param[WEIGHT]}, 2);
    wg_tensor *y = wg_einsum("...oj,...j->...o", (wg_tensor *[]){left, call->in[1]}, 2);
    return o->bias ? wg_add(wg_donate(y), call->param[BIAS]) : y;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_bilinear_options *o = options;
    const double bound = 1 / sqrt((double)o->in1);
    const wg_shape shape = WG_SHAPE(o->out, o->in1, o->in2);
    WG_TRY(wg_nn_add_parameter(layer, "weight", wg_uniform(o->generator, o->dtype, shape, -bound, bound)));
    return o->bias ? wg_nn_add_parameter(layer, "bias", wg_uniform(o->generator, o->dtype, WG_SHAPE(o->out), -bound, bound))
                   : WG_OK;
}

#define OPTIONS(...)                                                                     \
    &(const wg_nn_bilinear_options)                                                      \
    {                                                                                    \
        .in1 = 3, .in2 = 2, .out = 4, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.bias = true), .n_in = 2, .in = {{2, {5, 3}}, {2, {5, 2}}}},
    {.options = OPTIONS(.bias = false), .n_in = 2, .in = {{3, {2, 2, 3}}, {3, {2, 2, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_bilinear_kind = {.name = "bilinear", .forward = forward, .n_in = 2, .build = build, .samples = samples};
