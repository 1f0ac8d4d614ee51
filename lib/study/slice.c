/* The loss along a line and on a plane. */
#include "frame.h"

static const wg_option option[] = {
    WG_OPTION_REAL_OF(wg_study_slice_options, from, -1, "the first coordinate", WG_ANY_VALUE),
    WG_OPTION_REAL_OF(wg_study_slice_options, to, 1, "the last coordinate", WG_ANY_VALUE),
    WG_OPTION_INT_OF(wg_study_slice_options, points, 51, "along each coordinate", WG_BETWEEN(2, 1 << 20)),
};
static const wg_option_table table_of_options = STUDY_OPTIONS(wg_study_slice_options, option);

/* Where the slice is: x + s a + t b; of a line, b is WG_NONE. */
struct slice {
    struct study s; /* it is not run, and holds the position */
    wg_tensor *x, *a, *b;
    const wg_study_slice_options *options;
};

static double coordinate(const wg_study_slice_options *o, int64_t i)
{
    const double share = (double)i / (double)(o->points - 1);
    return (1 - share) * o->from + share * o->to; /* both ends, and 0 between -1 and 1, are exact */
}

/* The loss at one point, which may be infinite or NaN. */
static wg_status value_at(struct slice *slice, double s, double t, double *value)
{
    struct study point;
    WG_TAPE(tape, .keep_error = true);
    WG_NO_GRAD;
    wg_tensor *at = wg_add(slice->x, wg_mul_scalar(slice->a, s));
    if (slice->b != WG_NONE)
        at = wg_add(at, wg_mul_scalar(slice->b, t));
    if (!at)
        return study_cause();
    const wg_status status = study_begin(&point, slice->s.op, slice->s.loss, at, STUDY_VALUE);
    *value = point.value;
    study_end(&point, NULL);
    return status;
}

static wg_tensor *table_of(struct slice *slice)
{
    const wg_study_slice_options *o = slice->options;
    if (wg_options_check(table_of_options, o, slice->s.op) != WG_OK || !(slice->x = study_position(&slice->s)))
        return NULL;
    const bool plane = slice->b != WG_NONE;
    wg_tensor *table = wg_zeros(WG_F64, WG_SHAPE(plane ? o->points * o->points : o->points, plane ? 3 : 2));
    double *row = table ? wg_data_mut_as(table, double) : NULL;
    for (int64_t i = 0; i < o->points && row; i++)
        for (int64_t j = 0; j < (plane ? o->points : 1); j++) {
            *row++ = coordinate(o, i);
            if (plane)
                *row++ = coordinate(o, j);
            if (value_at(slice, coordinate(o, i), coordinate(o, j), row++) != WG_OK)
                return NULL;
        }
    return table;
}

static wg_tensor *slice_of(const char *op, const wg_study_loss *loss, wg_tensor *a, wg_tensor *b,
                           const wg_study_slice_options *options)
{
    struct slice slice = {.a = a, .b = b, .options = options};
    const wg_status status = study_begin_along(&slice.s, op, loss, (wg_tensor *[]){a, b}, b == WG_NONE ? 1 : 2, "a direction",
                                               STUDY_POSITION);
    return study_end(&slice.s, status == WG_OK ? table_of(&slice) : NULL);
}

wg_tensor *wg_study_line_with(const wg_study_loss *loss, wg_tensor *direction, wg_study_slice_options options)
{
    return slice_of("study_line", loss, direction, WG_NONE, &options);
}

wg_tensor *wg_study_plane_with(const wg_study_loss *loss, wg_tensor *a, wg_tensor *b, wg_study_slice_options options)
{
    if (b == WG_NONE) {
        (void)wg_error_set(WG_E_ARGUMENT, "study_plane", "study_plane: a direction is WG_NONE: see wg_study_line");
        return NULL;
    }
    return slice_of("study_plane", loss, a, b, &options);
}
