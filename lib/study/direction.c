/* Random directions in the space of the parameters. */
#include "frame.h"

static const char *const scale_name[] = {"filter", "tensor", "none", NULL};
static const wg_option option[] = {
    WG_OPTION_CHOICE_OF(wg_study_direction_options, scale, WG_STUDY_SCALE_FILTER, "of a random direction", scale_name)};
static const wg_option_table table_of_options = STUDY_OPTIONS(wg_study_direction_options, option);

/* Gives each of `groups` equal parts of d the norm that it has in x. */
static void scale(double *d, const double *x, int64_t groups, int64_t n)
{
    for (int64_t g = 0; g < groups; g++, d += n, x += n) {
        const double have = study_norm(d, n), factor = have > 0 ? study_norm(x, n) / have : 0;
        for (int64_t i = 0; i < n; i++)
            d[i] *= factor;
    }
}

static void scale_all(const struct study *s, double *d, const double *x, wg_study_scale how)
{
    for (size_t i = 0; i < s->loss->params.n; i++) {
        const wg_tensor *p = s->loss->params.tensor[i];
        const int64_t n = wg_numel(p), filters = wg_rank(p) > 1 ? wg_extent(p, 0) : 1;
        if (how == WG_STUDY_SCALE_TENSOR)
            scale(d, x, 1, n);
        else if (wg_rank(p) > 1 && n > 0)
            scale(d, x, filters, n / filters);
        else
            for (int64_t k = 0; k < n; k++)
                d[k] = 0;
        d += n;
        x += n;
    }
}

static wg_tensor *direction(struct study *s, const wg_study_direction_options *o)
{
    if (wg_options_check(table_of_options, o, s->op) != WG_OK)
        return NULL;
    wg_tensor *generator = study_generator(s, o->seed), *at = study_position(s);
    wg_tensor *d = generator ? wg_normal(generator, WG_F64, WG_SHAPE(s->size), 0, 1) : NULL;
    if (d && at && o->scale != WG_STUDY_SCALE_NONE)
        scale_all(s, wg_data_mut_as(d, double), wg_data_as(at, double), o->scale);
    return at ? d : NULL;
}

wg_tensor *wg_study_direction_with(const wg_study_loss *loss, wg_study_direction_options options)
{
    struct study s;
    wg_tensor *d = study_begin(&s, "study_direction", loss, NULL, STUDY_POSITION) == WG_OK ? direction(&s, &options) : NULL;
    return study_end(&s, d);
}
