/* What kind of stationary point the parameters are at. */
#include <math.h>

#include "frame.h"

static const wg_option option[] = {
    WG_OPTION_REAL_OF(wg_study_classify_options, gradient, 1e-6, "its norm where the point is stationary", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_study_classify_options, zero, 1e-8, "an eigenvalue that counts as 0, relative", WG_BETWEEN(0, 1)),
};
static const wg_option_table table_of_options = STUDY_OPTIONS(wg_study_classify_options, option);

const char *wg_study_kind_name(wg_study_kind kind)
{
    static const char *const name[] = {"not stationary", "minimum", "maximum", "saddle", "inconclusive"};
    return (size_t)kind < sizeof name / sizeof *name ? name[kind] : "?";
}

static wg_study_kind kind_of(const wg_study_point *p, double gradient)
{
    if (p->gradient_norm > gradient)
        return WG_STUDY_NOT_STATIONARY;
    if (p->zero > 0)
        return WG_STUDY_INCONCLUSIVE;
    return p->negative == 0 ? WG_STUDY_MINIMUM : p->positive == 0 ? WG_STUDY_MAXIMUM : WG_STUDY_SADDLE;
}

static wg_status classify(struct study *s, wg_study_point *point, const wg_study_classify_options *o)
{
    WG_TRY(wg_options_check(table_of_options, o, s->op));
    wg_tensor *norm = wg_norm2(s->gradient), *values = study_eigenvalues(s);
    if (!norm || !values)
        return study_cause();
    const double *value = wg_data_as(values, double);
    wg_study_point p = {.loss = s->value, .gradient_norm = wg_item(norm), .smallest = value[0], .largest = value[s->size - 1]};
    const double limit = o->zero * fmax(fabs(p.smallest), fabs(p.largest));
    for (int64_t i = 0; i < s->size; i++) {
        p.negative += value[i] < -limit;
        p.positive += value[i] > limit;
    }
    p.zero = s->size - p.negative - p.positive;
    p.kind = kind_of(&p, o->gradient);
    *point = p;
    return WG_OK;
}

wg_status wg_study_classify_with(const wg_study_loss *loss, wg_study_point *point, wg_study_classify_options options)
{
    static const char op[] = "study_classify";
    struct study s;
    if (!point)
        return wg_error_set(WG_E_NULL, op, "%s: where the point is to go is NULL", op);
    wg_status status = study_begin(&s, op, loss, NULL, STUDY_PRODUCTS);
    if (status == WG_OK)
        status = classify(&s, point, &options);
    study_end(&s, NULL);
    return status;
}
