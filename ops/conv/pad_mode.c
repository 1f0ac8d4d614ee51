/* x padded by its own elements: resample along each padded axis, in turn. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

struct params {
    int rank;
    int64_t before[WG_MAX_RANK], after[WG_MAX_RANK];
    wg_padding mode;
};

static const wg_sampling_rule rules[] = {[WG_PADDING_REFLECT] = WG_SAMPLING_REFLECT,
                                         [WG_PADDING_REPLICATE] = WG_SAMPLING_REPLICATE,
                                         [WG_PADDING_CIRCULAR] = WG_SAMPLING_CIRCULAR};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0], *y = x;
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if ((unsigned)p->mode > WG_PADDING_CIRCULAR)
        return wg_window_error(c, WG_E_ARGUMENT, "there is no mode %d", (int)p->mode);
    if (p->mode == WG_PADDING_ZEROS)
        return wg_made(out[0] = wg_pad(x, (wg_sizes){p->rank, p->before}, (wg_sizes){p->rank, p->after}, 0));
    for (int axis = 0; axis < p->rank; axis++) {
        wg_sampling s = {.rule = rules[p->mode], .before = p->before[axis]};
        if (p->before[axis] < 0 || p->after[axis] < 0)
            return wg_call_error(c, WG_E_ARGUMENT, "expected padding of at least 0");
        if (__builtin_add_overflow(wg_extents(x)[axis], p->before[axis], &s.extent) ||
            __builtin_add_overflow(s.extent, p->after[axis], &s.extent))
            return wg_call_error(c, WG_E_SHAPE, "the result is too large");
        if (s.extent == wg_extents(x)[axis])
            continue;
        wg_tensor *before = y;
        y = wg_resample(before, axis, s);
        if (before != x)
            wg_drop(before);
    }
    return wg_made(out[0] = y);
}

wg_tensor *wg_pad_mode(wg_tensor *x, wg_sizes before, wg_sizes after, wg_padding mode)
{
    struct params p = {.mode = mode};
    if (wg_has_value(x)) {
        p.rank = x->rank;
        if (wg_one_per_axis("pad_mode", "before", x, before, p.before) != WG_OK ||
            wg_one_per_axis("pad_mode", "after", x, after, p.after) != WG_OK)
            return NULL;
    }
    return wg_invoke1(&wg_op_pad_mode, &p, x);
}

#define PAD(...)                     \
    .params = &(const struct params) \
    {                                \
        __VA_ARGS__                  \
    }

const struct wg_op wg_op_pad_mode = {
    .name = WG_REGISTERED("pad_mode"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"reflect", {WG_DIMS(1, 2, 3, 4)}, .n = 1, PAD(4, {0, 0, 1, 2}, {0, 0, 2, 0}, WG_PADDING_REFLECT)},
               {"replicate", {WG_DIMS(2, 3)}, .n = 1, PAD(2, {1, 2}, {0, 3}, WG_PADDING_REPLICATE)},
               {"circular", {WG_DIMS(1, 1, 3)}, .n = 1, PAD(3, {0, 0, 2}, {0, 0, 1}, WG_PADDING_CIRCULAR)},
               {"zeros", {WG_DIMS(2, 2)}, .n = 1, PAD(2, {1, 0}, {0, 1}, WG_PADDING_ZEROS)}),
};
