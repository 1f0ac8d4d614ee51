/* y = a b for matrices and for batches of matrices, whose leading axes broadcast. wg_matmul reshapes vectors to matrices. */
#ifdef REAL
#include "ops/product/gemm.h"

static wg_status T(matmul)(const wg_call *c)
{
    const wg_tensor *y = c->out[0], *operand[3] = {y, c->in[0], c->in[1]};
    int64_t batches = 1;
    for (int axis = 0; axis < y->rank - 2; axis++)
        batches *= wg_extents(y)[axis];
    for (int64_t batch = 0; batch < batches; batch++) {
        int64_t offset[3];
        wg_batch_offsets(y, operand, 3, batch, offset);
        const wg_status status = T(gemm)(T(last_axes)(c->in[0], offset[1]), T(last_axes)(c->in[1], offset[2]), false,
                                         T(last_axes)(y, offset[0]));
        if (status != WG_OK)
            return status;
    }
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/product/matmul.c"
#include "ops/op.h"

/* Do the extents that the product sums over agree? A vector has one extent. */
static bool inner_fits(const wg_tensor *a, const wg_tensor *b)
{
    return wg_extents(a)[a->rank - 1] == wg_extents(b)[b->rank > 1 ? b->rank - 2 : 0];
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *a = c->in[0], *b = c->in[1];
    WG_TRY(wg_same_float(c, &out->dtype));
    if (a->rank == 0 || b->rank == 0)
        return wg_call_error(c, WG_E_SHAPE, "expected vectors or matrices, not scalars");
    if (!inner_fits(a, b))
        return wg_call_error(c, WG_E_SHAPE, "inner extents differ");
    if (a->rank < 2 || b->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected matrices; wg_matmul makes them of vectors");
    WG_TRY(wg_broadcast_batches(c, out));
    out->extent[out->rank - 2] = wg_extents(a)[a->rank - 2];
    out->extent[out->rank - 1] = wg_extents(b)[b->rank - 1];
    return WG_OK;
}

wg_tensor *wg_matmul(wg_tensor *a, wg_tensor *b)
{
    const bool left = wg_has_value(a) && a->rank == 1, right = wg_has_value(b) && b->rank == 1;
    if (!wg_has_value(a) || !wg_has_value(b) || a->rank == 0 || b->rank == 0 || (!left && !right) || !inner_fits(a, b))
        return wg_invoke2(&wg_op_matmul, NULL, a, b);
    wg_tensor *row = left ? wg_reshape(a, WG_SHAPE(1, a->numel)) : a;
    wg_tensor *column = right ? wg_reshape(b, WG_SHAPE(b->numel, 1)) : b;
    wg_tensor *product = wg_invoke2(&wg_op_matmul, NULL, row, column), *y = NULL;
    if (product) {
        wg_shape dropped = wg_shape_of(product);
        if (left) {
            dropped.extent[dropped.rank - 2] = dropped.extent[dropped.rank - 1];
            dropped.rank--;
        }
        dropped.rank -= right;
        y = wg_reshape(product, dropped);
    }
    if (left)
        wg_free_intermediate(row);
    if (right)
        wg_free_intermediate(column);
    wg_free_intermediate(product);
    return y;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    if (gx[0].need)
        WG_TRY(wg_give_product(&gx[0], gy[0], wg_transposed(c->in[1]), c->in[0]));
    if (gx[1].need)
        WG_TRY(wg_give_product(&gx[1], wg_transposed(c->in[0]), gy[0], c->in[1]));
    return WG_OK;
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *a = c->in[0], *b = c->in[1];
    if (c->out[0]->rank != 2)
        return wg_jvp_sum(c, WG_PART(tx[0], wg_matmul(tx[0], b)), WG_PART(tx[1], wg_matmul(a, tx[1])), ty);
    ty[0] = WG_PART(tx[0], wg_matmul(tx[0], b));
    return wg_made(ty[0] = wg_absent(tx[1]) ? ty[0] : wg_add_product(ty[0], a, tx[1]));
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_product(c, c->in[0]);
}

const struct wg_op wg_op_matmul = {
    .name = WG_REGISTERED("matmul"),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(matmul),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .flags = WG_OP_ROW_MAJOR,
    WG_SAMPLES({"matrices", {WG_DIMS(3, 4), WG_DIMS(4, 5)}, .n = 2}, {"square", {WG_DIMS(4, 4), WG_DIMS(4, 4)}, .n = 2},
               {"inner product", {WG_DIMS(1, 6), WG_DIMS(6, 1)}, .n = 2}, {"outer product", {WG_DIMS(3, 1), WG_DIMS(1, 4)}, .n = 2},
               {"batch", {WG_DIMS(2, 3, 4), WG_DIMS(2, 4, 2)}, .n = 2},
               {"broadcast batch", {WG_DIMS(2, 1, 3, 4), WG_DIMS(5, 4, 2)}, .n = 2},
               {"one matrix for all", {WG_DIMS(3, 2, 4), WG_DIMS(4, 2)}, .n = 2}),
};
#endif
