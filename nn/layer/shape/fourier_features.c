/* Fourier features (Tancik and others, 2020). */
#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { MAX_COUNT = 32 }; /* as layers.def has it */

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_fourier_features_options *o = call->options;
    const double quarter_turn = 1.57079632679489661923;
    wg_tensor *angle[MAX_COUNT];
    if (!nn_is_float(x, "nn_fourier_features") || !nn_has_rank(x, 1, "(..., d)", "nn_fourier_features"))
        return NULL;
    for (int64_t k = 0; k < o->count; k++)
        angle[k] = wg_mul_scalar(x, o->scale * quarter_turn * (double)((int64_t)1 << k));
    wg_tensor *angles = wg_concat(angle, (size_t)o->count, -1);
    wg_tensor *part[] = {x, wg_sin(angles), wg_cos(angles)};
    return o->keep ? wg_concat(part, 3, -1) : wg_concat(part + 1, 2, -1);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_fourier_features_options){.count = 3, .keep = true, .scale = 1}, .n_in = 1, .in = {{2, {4, 2}}}},
    {.options = &(const wg_nn_fourier_features_options){.count = 2, .keep = false, .scale = 0.25},
     .n_in = 1,
     .in = {{3, {2, 3, 1}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_fourier_features_kind = {.name = "fourier_features", .forward = forward, .samples = samples};
