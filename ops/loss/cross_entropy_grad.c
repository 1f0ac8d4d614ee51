/* The gradient of cross_entropy_labels, as an op, so that it can be differentiated again: gy (p - onehot(labels)) / N with p =
   softmax(logits) and N rows. */
#ifdef REAL
/* One call, shared by the threads that compute its rows; scale is gy / N. */
typedef struct {
    const wg_call *call;
    REAL scale;
} T(cross_entropy_share);

static void T(cross_entropy_grad_rows)(int64_t first, int64_t last, void *context)
{
    const T(cross_entropy_share) *share = (const T(cross_entropy_share) *)context;
    const wg_tensor *softmax = share->call->in[0], *labels = share->call->in[1], *result = share->call->out[0];
    const ELEM *p = (const ELEM *)(const void *)softmax->data;
    const int64_t *label = (const int64_t *)(const void *)labels->data, *sp = wg_strides(softmax), *s = wg_strides(result);
    ELEM *gx = (ELEM *)(void *)result->data;
    for (int64_t i = first; i < last; i++) {
        const int64_t k = label[i * wg_strides(labels)[0]];
        for (int64_t j = 0; j < wg_extents(softmax)[1]; j++)
            gx[i * s[0] + j * s[1]] = (REAL)p[i * sp[0] + j * sp[1]] * share->scale;
        gx[i * s[0] + k * s[1]] = ((REAL)p[i * sp[0] + k * sp[1]] - (REAL)1) * share->scale;
    }
}

static wg_status T(cross_entropy_grad)(const wg_call *c)
{
    const wg_status status = wg_labels_check(c);
    if (status != WG_OK)
        return status;
    const int64_t rows = wg_extents(c->in[0])[0];
    T(cross_entropy_share) share;
    share.call = c;
    share.scale = (REAL) * (const ELEM *)(const void *)c->in[2]->data / (REAL)rows;
    wg_parallel(wg_kernel_threads((double)c->in[0]->numel), rows, T(cross_entropy_grad_rows), &share);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/loss/cross_entropy_grad.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *p = c->in[0], *gy = c->in[2];
    WG_TRY(wg_labels_shape(c));
    if (gy->dtype != p->dtype)
        return wg_call_error(c, WG_E_DTYPE, "dtypes differ, and nothing is promoted");
    if (gy->rank != 0)
        return wg_call_error(c, WG_E_SHAPE, "expected a gradient of rank 0");
    out->dtype = (wg_dtype)p->dtype;
    out->rank = 2;
    memcpy(out->extent, wg_extents(p), 2 * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_cross_entropy_grad(wg_tensor *p, wg_tensor *labels, wg_tensor *gy)
{
    return wg_invoke3(&wg_op_cross_entropy_grad, NULL, p, labels, gy);
}

/* The derivative in the direction of gy: Σ u (p - onehot) / N. */
static wg_tensor *by_gy(const wg_call *c, wg_tensor *u)
{
    wg_tensor *one = wg_scalar((wg_dtype)c->in[0]->dtype, 1);
    return wg_sum(wg_mul(u, wg_cross_entropy_grad(c->in[0], c->in[1], one)));
}

/* The derivative with respect to p is gy / N times the identity. With no rows the factor is 0: 1/N would give NaN. */
static wg_tensor *by_p(const wg_call *c, wg_tensor *u)
{
    const double rows = (double)wg_extents(c->in[0])[0];
    return wg_mul(u, wg_mul_scalar(c->in[2], rows > 0 ? 1 / rows : 0));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], by_p(c, gy[0])));
    return WG_GIVE(gx[2], by_gy(c, gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_PART(tx[0], by_p(c, tx[0])), WG_PART(tx[2], wg_cross_entropy_grad(c->in[0], c->in[1], tx[2])), ty);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_each(c, 0, 1, 0, 0, 0);
    const double rows = c->out[0]->numel > 0 ? (double)wg_extents(c->in[0])[0] : 0;
    cost.add = rows;
    cost.mul += rows;
    cost.div = c->out[0]->numel > 0;
    return cost;
}

const struct wg_op wg_op_cross_entropy_grad = {
    .name = WG_REGISTERED("cross_entropy_grad"),
    .n_in = 3,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(cross_entropy_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_IN(2),
    WG_SAMPLES({"4x5", {WG_DIMS(4, 5), WG_DIMS(4), {0}}, .n = 3, .dtype = {WG_F32, WG_I64}, .low = {0, 0}, .high = {1, 5}}),
};
#endif
