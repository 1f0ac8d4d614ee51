/* y = c + a b for matrices. The result overwrites c if c is donated: that is how the gradients of weights accumulate. */
#ifdef REAL
#include "ops/product/gemm.h"

static wg_status T(addmm)(const wg_call *c)
{
    const T(matrix) y = T(last_axes)(c->out[0], 0);
    if (c->out[0]->data != c->in[0]->data)
        T(copy_matrix)(y, T(last_axes)(c->in[0], 0));
    return T(gemm)(T(last_axes)(c->in[1], 0), T(last_axes)(c->in[2], 0), true, y);
}
#else
#define KERNEL_FILE "ops/product/addmm.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *sum = c->in[0], *a = c->in[1], *b = c->in[2];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (sum->rank != 2 || a->rank != 2 || b->rank != 2)
        return wg_call_error(c, WG_E_SHAPE, "expected matrices");
    if (wg_extents(a)[1] != wg_extents(b)[0])
        return wg_call_error(c, WG_E_SHAPE, "inner extents differ");
    if (wg_extents(sum)[0] != wg_extents(a)[0] || wg_extents(sum)[1] != wg_extents(b)[1])
        return wg_call_error(c, WG_E_SHAPE, "expected c of the product's shape");
    out->rank = 2;
    out->extent[0] = wg_extents(sum)[0];
    out->extent[1] = wg_extents(sum)[1];
    return WG_OK;
}

wg_tensor *wg_addmm(wg_tensor *c, wg_tensor *a, wg_tensor *b)
{
    return wg_invoke3(&wg_op_addmm, NULL, c, a, b);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], gy[0]));
    if (gx[1].need)
        WG_TRY(wg_give_product(&gx[1], gy[0], wg_transposed(c->in[2]), c->in[1]));
    if (gx[2].need)
        WG_TRY(wg_give_product(&gx[2], wg_transposed(c->in[1]), gy[0], c->in[2]));
    return WG_OK;
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *sum = tx[0];
    if (!wg_absent(tx[1]))
        sum = wg_absent(sum) ? wg_matmul(tx[1], c->in[2]) : wg_addmm(sum, tx[1], c->in[2]);
    if (!wg_absent(tx[2]))
        sum = sum == tx[0] && !wg_absent(sum) ? wg_addmm(sum, c->in[1], tx[2]) : wg_add_product(sum, c->in[1], tx[2]);
    return wg_made(ty[0] = sum);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_product(c, c->in[1]);
}

const struct wg_op wg_op_addmm = {
    .name = WG_REGISTERED("addmm"),
    .n_in = 3,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(addmm),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(1) | WG_IN(2),
    .inplace = WG_IN(0),
    WG_SAMPLES({"matrices", {WG_DIMS(3, 5), WG_DIMS(3, 4), WG_DIMS(4, 5)}, .n = 3},
               {"square", {WG_DIMS(4, 4), WG_DIMS(4, 4), WG_DIMS(4, 4)}, .n = 3}),
};
#endif
