/* The deviation of a group of samples as a channel of each (Karras and others, 2018). */
#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

/* One number for each sample, (N,1,…) like x: that of its group. */
static wg_tensor *deviation_of(wg_tensor *x, int64_t group, double eps)
{
    wg_shape like = wg_shape_of(x);
    const int64_t n = like.extent[0], groups = n / group;
    int64_t positions = 1;
    like.extent[1] = 1;
    for (int i = 2; i < like.rank; i++)
        positions *= like.extent[i];
    wg_tensor *members = wg_reshape(x, WG_SHAPE(group, groups, -1));
    wg_tensor *deviation = wg_sqrt(wg_add_scalar(wg_var(members, .axis = 0, .correction = 0), eps));
    wg_tensor *mean = wg_reshape(wg_mean(deviation, .axis = 1), WG_SHAPE(1, groups, 1));
    return wg_reshape(wg_broadcast_to(mean, WG_SHAPE(group, groups, positions)), like);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_minibatch_deviation_options *o = call->options;
    const char *op = "nn_minibatch_deviation";
    char text[200];
    if (!nn_is_float(x, op) || !nn_has_rank(x, 2, "(N, C) or (N, C, ...)", op))
        return NULL;
    const int64_t n = wg_extent(x, 0), group = o->group == 0 || o->group > n ? n : o->group;
    if (wg_numel(x) == 0) { /* nothing deviates */
        wg_shape channel = wg_shape_of(x);
        channel.extent[1] = 1;
        wg_tensor *part[] = {x, wg_zeros(wg_dtype_of(x), channel)};
        return wg_concat(part, 2, 1);
    }
    if (n % group != 0) {
        (void)wg_error_set(WG_E_SHAPE, op, "%s: expected a batch that groups of %lld divide, got %s", op, (long long)group,
                           wg_shape_text(wg_shape_of(x), text, sizeof text));
        return NULL;
    }
    wg_tensor *part[] = {x, deviation_of(x, group, o->eps)};
    return wg_concat(part, 2, 1);
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_minibatch_deviation_options){.group = 2, .eps = 1e-8}, .n_in = 1, .in = {{2, {4, 3}}}},
    {.options = &(const wg_nn_minibatch_deviation_options){.group = 0, .eps = 0.1}, .n_in = 1, .in = {{4, {3, 2, 2, 3}}}},
    {.options = &(const wg_nn_minibatch_deviation_options){.group = 4, .eps = 1e-8}, .n_in = 1, .in = {{2, {3, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_minibatch_deviation_kind = {.name = "minibatch_deviation", .forward = forward, .samples = samples};
