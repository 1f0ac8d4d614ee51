/* The margin loss of several classes, Σ_{j≠y} max(0, margin + s_j - s_y)ᵖ times the weight of class y: divided by C, PyTorch's
   multi_margin_loss; not divided, the multiclass SVM of Weston and Watkins (1999). */
#include "ops/loss/loss.h"

struct params {
    struct wg_class_params classes; /* first: wg_class_check reads it */
    double margin;
    int power;
    bool divide;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *scores = c->in[0], *weight = c->in[2];
    WG_TRY(wg_label_check(c));
    WG_TRY(wg_check_number(c->op->name, "margin", p->margin, WG_FINITE));
    if (p->power != 1 && p->power != 2)
        return wg_call_error(c, WG_E_ARGUMENT, "expected p of 1 or 2");
    wg_tensor *zero = wg_scalar((wg_dtype)scores->dtype, 0);
    wg_tensor *term = wg_relu(wg_add_scalar(wg_sub(scores, wg_own_score(c)), p->margin));
    wg_tensor *each = wg_sum(wg_where(wg_own_class(c), zero, p->power == 2 ? wg_square(term) : term), .axis = 1);
    if (!wg_absent(weight))
        each = wg_weighted(wg_weights_at(weight, c->in[1]), each);
    if (p->divide)
        each = wg_mul_scalar(each, 1 / (double)wg_extents(scores)[1]);
    return wg_made(out[0] = wg_loss_reduce(each, p->classes.reduction));
}

wg_tensor *wg_multi_margin_with(wg_tensor *scores, wg_tensor *labels, wg_multi_margin_options options)
{
    const struct params p = {
        {.ignore = WG_IGNORE_NOTHING, .reduction = options.reduction}, options.margin, options.p, options.divide};
    return wg_invoke3(&wg_op_multi_margin, &p, scores, labels, options.weight);
}

/* Away from kinks: scores differ by less than a margin of 3, and by more than one of 0. */
#define SAMPLE(margin, power, divide, to)                                                            \
    .n = 3, .dtype = {WG_F32, WG_I64}, .low = {-1, 0, 0.5}, .high = {1, 3, 2}, .distinct = WG_IN(0), \
    .params = &(const struct params)                                                                 \
    {                                                                                                \
        {.ignore = WG_IGNORE_NOTHING, .reduction = WG_REDUCTION_##to}, margin, power, divide         \
    }
const struct wg_op wg_op_multi_margin = {
    .name = WG_REGISTERED("multi_margin"),
    .params_size = sizeof(struct params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .compose = compose,
    WG_SAMPLES({"plain", {WG_DIMS(4, 3), WG_DIMS(4)}, .none = WG_IN(2), SAMPLE(3, 1, true, MEAN)},
               {"undivided", {WG_DIMS(4, 3), WG_DIMS(4)}, .none = WG_IN(2), SAMPLE(0, 1, false, SUM)},
               {"squared", {WG_DIMS(4, 3), WG_DIMS(4), WG_DIMS(3)}, SAMPLE(3, 2, true, MEAN)},
               {"images", {WG_DIMS(2, 3, 2), WG_DIMS(2, 2), WG_DIMS(3)}, SAMPLE(0, 2, false, NONE)}),
};
#undef SAMPLE
