/* The multiclass SVM of Crammer and Singer (2001): max(0, margin + max_{j≠y} s_j - s_y), then the reduction. */
#include "ops/loss/loss.h"

struct params {
    struct wg_class_params classes; /* first: wg_class_check reads it */
    double margin;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *scores = c->in[0];
    WG_TRY(wg_label_check(c));
    WG_TRY(wg_check_number(c->op->name, "margin", p->margin, WG_FINITE));
    wg_tensor *others = wg_where(wg_own_class(c), wg_scalar((wg_dtype)scores->dtype, -(double)INFINITY), scores);
    wg_tensor *gap = wg_sub(wg_max(others, .axis = 1), wg_squeeze(wg_own_score(c), 1));
    return wg_made(out[0] = wg_loss_reduce(wg_relu(wg_add_scalar(gap, p->margin)), p->classes.reduction));
}

wg_tensor *wg_crammer_singer_with(wg_tensor *scores, wg_tensor *labels, wg_margin_options options)
{
    const struct params p = {{.ignore = WG_IGNORE_NOTHING, .reduction = options.reduction}, options.margin};
    return wg_invoke2(&wg_op_crammer_singer, &p, scores, labels);
}

/* Away from kinks: scores differ by less than a margin of 3, and by more than one of 0. */
#define SAMPLE(margin, to)                                                                                                    \
    .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-1, 0}, .high = {1, 3}, .distinct = WG_IN(0), .params = &(const struct params) \
    {                                                                                                                         \
        {.ignore = WG_IGNORE_NOTHING, .reduction = WG_REDUCTION_##to}, margin                                                 \
    }
const struct wg_op wg_op_crammer_singer = {
    .name = WG_REGISTERED("crammer_singer"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", {WG_DIMS(4, 3), WG_DIMS(4)}, SAMPLE(3, MEAN)}, {"sum", {WG_DIMS(4, 3), WG_DIMS(4)}, SAMPLE(0, SUM)},
               {"images", {WG_DIMS(2, 3, 2), WG_DIMS(2, 2)}, SAMPLE(3, NONE)}),
};
#undef SAMPLE
