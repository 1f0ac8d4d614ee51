/* y = x wᵀ + b, a layer: x (N,in), w (out,in), b (out) or none. The builder makes a matrix of x's leading axes. */
#ifdef REAL
#include "gemm.h"

static wg_status T(linear)(const wg_call *c)
{
    const wg_tensor *b = c->in[2];
    const T(matrix) x = T(last_axes)(c->in[0], 0), w = T(last_axes)(c->in[1], 0), y = T(last_axes)(c->out[0], 0);
    const bool biased = b->state != WG_ABSENT;
    if (biased)
        T(copy_matrix)(y, T(matrix_of)((const ELEM *)(const void *)b->data, y.rows, y.columns, 0, wg_strides(b)[0]));
    return T(gemm)(x, T(matrix_of)(w.data, w.columns, w.rows, w.column, w.row), biased, y);
}
#else
#define KERNEL_FILE "linear.c"
#include "op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0], *w = c->in[1], *b = c->in[2];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (x->rank == 0 || w->rank != 2)
        return wg_call_error(c, WG_E_SHAPE, "x (…,in) and w (out,in) are wanted");
    if (wg_extents(x)[x->rank - 1] != wg_extents(w)[1])
        return wg_call_error(c, WG_E_SHAPE, "inner extents differ");
    if (!wg_absent(b) && (b->rank != 1 || b->numel != wg_extents(w)[0]))
        return wg_call_error(c, WG_E_SHAPE, "the bias has not one element for each row of w");
    if (x->rank != 2)
        return wg_call_error(c, WG_E_SHAPE, "a matrix is wanted; wg_linear makes one of leading axes");
    out->rank = 2;
    out->extent[0] = wg_extents(x)[0];
    out->extent[1] = wg_extents(w)[0];
    return WG_OK;
}

wg_tensor *wg_linear(wg_tensor *x, wg_tensor *w, wg_tensor *b)
{
    if (!wg_has_value(x) || !wg_has_value(w) || x->rank == 0 || x->rank == 2 || w->rank != 2 ||
        wg_extents(x)[x->rank - 1] != wg_extents(w)[1])
        return wg_invoke3(&wg_op_linear, NULL, x, w, b);
    wg_shape shape_of_y = wg_shape_of(x);
    const int last = x->rank - 1;
    int64_t rows = 1;
    for (int axis = 0; axis < last; axis++)
        rows *= shape_of_y.extent[axis];
    wg_tensor *matrix = wg_reshape(x, WG_SHAPE(rows, shape_of_y.extent[last]));
    wg_tensor *product = wg_invoke3(&wg_op_linear, NULL, matrix, w, b);
    shape_of_y.extent[last] = wg_extents(w)[0];
    wg_tensor *y = wg_reshape(product, shape_of_y);
    wg_free_intermediate(matrix);
    wg_free_intermediate(product);
    return y;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    if (gx[0].need)
        WG_TRY(wg_give_product(&gx[0], gy[0], c->in[1]));
    if (gx[1].need)
        WG_TRY(wg_give_product(&gx[1], wg_transposed(gy[0]), c->in[0]));
    return WG_GIVE(gx[2], wg_sum(gy[0], .axis = 0));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    WG_TRY(wg_jvp_sum(c, WG_PART(tx[0], wg_linear(tx[0], c->in[1], WG_NONE)), WG_PART(tx[1], wg_linear(c->in[0], tx[1], WG_NONE)),
                      ty));
    return wg_jvp_sum(c, ty[0], tx[2], ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_product(c, c->in[0]);
}

const struct wg_op wg_op_linear = {
    .name = "linear",
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .shape = shape,
    .kernel = KERNELS(linear),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"biased", {WG_DIMS(3, 4), WG_DIMS(5, 4), WG_DIMS(5)}, .n = 3},
               {"square", {WG_DIMS(4, 4), WG_DIMS(4, 4), WG_DIMS(4)}, .n = 3},
               {"no bias", {WG_DIMS(3, 4), WG_DIMS(5, 4), WG_DIMS(0)}, .n = 3, .none = WG_IN(2)},
               {"one row", {WG_DIMS(1, 4), WG_DIMS(5, 4), WG_DIMS(5)}, .n = 3}),
};
#endif
