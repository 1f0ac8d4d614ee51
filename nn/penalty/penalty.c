/* Penalties on parameters, and the bound on their norms. */
#include "wengert/nn/penalty.h"

#include <math.h>

#include "../module/module.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* Parameters, which are f32 or f64. */
static wg_status check_params(wg_tensor_list params, const char *op)
{
    int64_t elements;
    WG_TRY(nn_check_params(params, &elements, op));
    const wg_dtype dtype = wg_dtype_of(params.tensor[0]);
    if (dtype == WG_F32 || dtype == WG_F64)
        return WG_OK;
    return wg_error_set(WG_E_DTYPE, op, "%s: expected parameters of dtype f32 or f64, got %s", op, wg_dtype_name(dtype));
}

/* ---- penalties ---- */

/* The penalty on one parameter. op: its function, for messages. */
typedef wg_tensor *penalty(wg_tensor *w, const char *op);

static wg_tensor *sum_on_tape(penalty *of, wg_tensor_list params, double strength, const char *op)
{
    wg_tensor *sum = NULL;
    for (size_t i = 0; i < params.n; i++) {
        wg_tensor *term = of(params.tensor[i], op);
        sum = i == 0 ? term : wg_add(sum, term);
        if (!sum)
            return NULL;
    }
    return wg_mul_scalar(sum, strength);
}

static wg_tensor *sum_of(penalty *of, wg_tensor_list params, double strength, const char *op)
{
    if (check_params(params, op) != WG_OK)
        return NULL;
    if (!(strength >= 0 && strength < (double)INFINITY)) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected strength in [0, inf), got %g", op, strength);
        return NULL;
    }
    if (wg_tape_top())
        return sum_on_tape(of, params, strength, op);
    WG_TAPE(tape, .keep_error = true);
    wg_tensor *sum = tape ? sum_on_tape(of, params, strength, op) : NULL;
    return sum ? wg_keep(sum) : NULL;
}

static wg_tensor *sum_of_magnitudes(wg_tensor *w, const char *op)
{
    (void)op;
    return wg_sum_abs(w);
}

wg_tensor *wg_nn_penalty_l1(wg_tensor_list params, double strength)
{
    return sum_of(sum_of_magnitudes, params, strength, "nn_penalty_l1");
}

static wg_tensor *sum_of_squares(wg_tensor *w, const char *op)
{
    (void)op;
    return wg_sum_squares(w);
}

wg_tensor *wg_nn_penalty_l2(wg_tensor_list params, double strength)
{
    return sum_of(sum_of_squares, params, strength, "nn_penalty_l2");
}

/* |G - 1|² for the smaller of WᵀW and WWᵀ, whose eigenvalues differ by zeros alone. */
static wg_tensor *distance_from_orthogonal(wg_tensor *w, const char *op)
{
    const wg_shape shape = wg_shape_of(w);
    char text[200];
    if (shape.rank < 2) {
        (void)wg_error_set(WG_E_SHAPE, op, "%s: expected parameters of rank 2 or more, got \"%s\" of shape %s", op, wg_name_of(w),
                           wg_shape_text(shape, text, sizeof text));
        return NULL;
    }
    const int64_t rows = shape.extent[0];
    int64_t columns = 1;
    for (int i = 1; i < shape.rank; i++)
        columns *= shape.extent[i];
    const int64_t n = rows < columns ? rows : columns;
    wg_tensor *matrix = wg_reshape(w, WG_SHAPE(rows, columns)), *transposed = wg_transpose(matrix, 0, 1);
    wg_tensor *gram = rows < columns ? wg_matmul(matrix, transposed) : wg_matmul(transposed, matrix);
    return wg_sum_squares(wg_sub(wg_donate(gram), wg_diag(wg_ones(wg_dtype_of(w), WG_SHAPE(n)))));
}

wg_tensor *wg_nn_penalty_orthogonality(wg_tensor_list params, double strength)
{
    return sum_of(distance_from_orthogonal, params, strength, "nn_penalty_orthogonality");
}

/* ---- the bound on norms ---- */

static wg_status bound(wg_tensor *t, double limit, int axis)
{
    const wg_dtype dtype = wg_dtype_of(t);
    wg_tensor *norm = nn_norm_along(t, axis), *most = wg_full(dtype, WG_SCALAR, limit), *one = wg_ones(dtype, WG_SCALAR);
    wg_tensor *scaled = wg_mul(t, wg_where(wg_gt(norm, most), wg_div(most, norm), one));
    return scaled ? wg_assign(t, scaled) : nn_first_error(WG_E_MEMORY);
}

/* All, or the tape fails. */
static wg_status bound_all(wg_tensor_list params, double limit, int axis)
{
    WG_NO_GRAD;
    for (size_t i = 0; i < params.n; i++)
        WG_TRY(bound(params.tensor[i], limit, axis < 0 ? axis + wg_rank(params.tensor[i]) : axis));
    return WG_OK;
}

static wg_status check_axis(const wg_tensor *t, int axis, const char *op)
{
    const int rank = wg_rank(t);
    char text[200];
    WG_TRY(nn_check_value(t, op, "a parameter"));
    if (axis >= -rank && axis < rank)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: there is no axis %d in \"%s\" of shape %s", op, axis, wg_name_of(t),
                        wg_shape_text(wg_shape_of(t), text, sizeof text));
}

wg_status wg_nn_max_norm_with(wg_tensor_list params, double limit, wg_nn_max_norm_options options)
{
    const char *op = "nn_max_norm";
    WG_TRY(check_params(params, op));
    if (!(limit > 0 && limit < (double)INFINITY))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected limit in (0, inf), got %g", op, limit);
    for (size_t i = 0; i < params.n; i++)
        WG_TRY(check_axis(params.tensor[i], options.axis, op));
    if (wg_tape_top())
        return bound_all(params, limit, options.axis);
    WG_TAPE(tape, .keep_error = true);
    return tape ? bound_all(params, limit, options.axis) : WG_E_MEMORY;
}
