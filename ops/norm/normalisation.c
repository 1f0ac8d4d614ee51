/* What normalisations share besides their kernels: the derivatives of y = γ x̂ + β, x̂ = (x - μ) r, and of its gradient. With
   a = γ gy and A, B the means of a and a x̂ over the elements that μ averages, the gradient is

     gx = r v, v = a - A - x̂ B = P(a)/r;  ggamma = Σ gy x̂, gbeta = Σ gy.

   P, the Jacobian of x̂, is symmetric, so it serves for tangents too; the gradient op applies it. An absent operand counts as zero, an
   absent γ as 1. */
#include "ops/op.h"

/* ---- arithmetic on terms that may be absent ---- */

static wg_tensor *times(wg_tensor *a, wg_tensor *b)
{
    if (!a || !b)
        return NULL;
    return wg_absent(a) || wg_absent(b) ? WG_NONE : wg_mul(a, b);
}

static wg_tensor *minus(wg_tensor *t)
{
    return !t || wg_absent(t) ? t : wg_neg(t);
}

/* γ t, where an absent γ counts as 1. */
static wg_tensor *scaled(wg_tensor *gamma, wg_tensor *t)
{
    return !gamma || !t ? NULL : wg_absent(gamma) ? t : times(gamma, t);
}

/* t, a statistic or parameter, reshaped so that it broadcasts against x. */
static wg_tensor *seen(wg_tensor *t, wg_shape shape)
{
    return !t || wg_absent(t) ? t : wg_reshape(t, shape);
}

/* Options of a reduction over the axes where shape has extent 1. */
static wg_reduce_options along(wg_shape shape)
{
    wg_reduce_options over = {.axis = WG_ALL, .keepdims = true};
    for (int axis = 0; axis < shape.rank; axis++)
        if (shape.extent[axis] == 1)
            over.axes.axis[over.axes.count++] = (int8_t)axis;
    return over;
}

/* The sum of t, of x's shape, over the axes where shape has extent 1; t itself if there are none. */
static wg_tensor *sum_to(wg_tensor *t, wg_shape shape)
{
    const wg_reduce_options over = along(shape);
    return !t || wg_absent(t) || over.axes.count == 0 ? t : wg_sum_with(t, over);
}

static wg_tensor *mean_to(wg_tensor *t, wg_shape shape)
{
    const wg_reduce_options over = along(shape);
    return !t || wg_absent(t) || over.axes.count == 0 ? t : wg_mean_with(t, over);
}

/* g, a gradient or tangent of like, in like's shape; zeros if g is absent. */
static wg_tensor *fitted(wg_tensor *g, const wg_tensor *like)
{
    if (!g)
        return NULL;
    return wg_absent(g) ? wg_zeros((wg_dtype)like->dtype, wg_shape_of(like)) : wg_reshape(g, wg_shape_of(like));
}

/* ---- shapes of the operands ---- */

struct wg_norm wg_norm_by_channel(const wg_tensor *x)
{
    struct wg_norm n = {.grad = wg_batch_norm_grad, .y = WG_NONE, .m = (double)x->numel / (double)wg_extents(x)[1]};
    n.statistic.rank = x->rank;
    for (int axis = 0; axis < x->rank; axis++)
        n.statistic.extent[axis] = axis == 1 ? wg_extents(x)[1] : 1;
    n.parameter = n.statistic;
    return n;
}

static wg_status grad_by_row(wg_tensor *x, wg_tensor *gamma, wg_tensor *mean, wg_tensor *rstd, wg_tensor *gy, wg_tensor *y,
                             wg_tensor **gx, wg_tensor **ggamma, wg_tensor **gbeta)
{
    (void)y;
    return wg_layer_norm_grad(x, gamma, mean, rstd, gy, gx, ggamma, gbeta);
}

struct wg_norm wg_norm_by_row(const wg_tensor *x)
{
    struct wg_norm n = {.grad = grad_by_row, .y = WG_NONE, .statistic = wg_shape_of(x), .m = (double)wg_extents(x)[x->rank - 1]};
    n.statistic.extent[x->rank - 1] = 1;
    n.parameter.rank = x->rank;
    for (int axis = 0; axis < x->rank; axis++)
        n.parameter.extent[axis] = axis == x->rank - 1 ? wg_extents(x)[axis] : 1;
    return n;
}

wg_status wg_channels_shape(const wg_call *c, unsigned per_channel, wg_spec *out)
{
    const wg_tensor *x = c->in[0];
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (x->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected a first operand (N,C,…)");
    for (unsigned i = 1; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (wg_absent(t))
            continue;
        if (per_channel >> i & 1 ? t->rank != 1 || t->numel != wg_extents(x)[1] : !wg_same_dims(t, x))
            return wg_call_error(
                c, WG_E_SHAPE, "expected further operands of the first one's shape (N,C,…), or with one element per channel, (C)");
    }
    for (unsigned i = 0; i < c->n_out; i++)
        out[i].dtype = dtype;
    out[0].rank = x->rank;
    memcpy(out[0].extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    for (unsigned i = 1; i < c->n_out; i++) {
        out[i].rank = 1;
        out[i].extent[0] = wg_extents(x)[1];
    }
    return WG_OK;
}

wg_status wg_rows_shape(const wg_call *c, unsigned per_row, unsigned per_column, wg_spec *out)
{
    const wg_tensor *x = c->in[0];
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (x->rank < 1)
        return wg_call_error(c, WG_E_SHAPE, "expected a first operand of at least one axis");
    const size_t leading = (size_t)(x->rank - 1) * sizeof *out->extent;
    for (unsigned i = 1; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (wg_absent(t))
            continue;
        const bool fits = per_column >> i & 1 ? t->rank == 1 && t->numel == wg_extents(x)[x->rank - 1]
                          : per_row >> i & 1  ? t->rank == x->rank - 1 && memcmp(wg_extents(t), wg_extents(x), leading) == 0
                                              : wg_same_dims(t, x);
        if (!fits)
            return wg_call_error(
                c, WG_E_SHAPE,
                "expected further operands of the first one's shape (…,D), or with one element per row (…) or column (D)");
    }
    for (unsigned i = 0; i < 3; i++) {
        out[i].dtype = dtype;
        out[i].rank = i == 0 ? x->rank : x->rank - 1;
        memcpy(out[i].extent, wg_extents(x), (size_t)out[i].rank * sizeof *out->extent);
    }
    return WG_OK;
}

wg_status wg_norm_eps(const wg_call *c)
{
    return wg_check_number(c->op->name, "eps", *(const double *)c->params, WG_NOT_NEGATIVE);
}

wg_status wg_norm_statistics(const wg_call *c, bool over_nothing)
{
    return over_nothing ? wg_call_error(c, WG_E_SHAPE, "expected at least one element for each mean and variance, got none")
                        : WG_OK;
}

wg_status wg_invoke_into(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n, wg_tensor **const *to)
{
    wg_tensor *out[4] = {NULL, NULL, NULL, NULL};
    const wg_status status = wg_invoke(op, params, in, n, out, op->n_out);
    for (int i = 0; i < op->n_out; i++)
        if (to[i])
            *to[i] = out[i];
        else
            wg_free_intermediate(out[i]);
    return status;
}

/* g, of x's shape, multiplied by relu's derivative; g itself if no relu follows. */
static wg_tensor *let_through(const struct wg_norm *n, wg_tensor *g)
{
    return !g || wg_absent(g) || wg_absent(n->y) ? g : wg_relu_grad(n->y, g);
}

/* ---- the derivatives of the forward op: y, mean, rstd and, by channel, the variance ---- */

static wg_tensor *centred(const struct wg_norm *n, wg_tensor *x, wg_tensor *mean)
{
    return wg_sub(x, seen(mean, n->statistic));
}

/* The part of x's gradient that comes from the gradients of the statistics: gmean/m + (2 gvariance - grstd r³) (x - μ)/m. */
static wg_tensor *through_statistics(const struct wg_norm *n, const wg_call *c, wg_tensor *gmean, wg_tensor *grstd,
                                     wg_tensor *gvariance)
{
    wg_tensor *x = c->in[0], *rstd = c->out[2], *sum = WG_NONE, *factor = WG_NONE;
    const double share = 1 / n->m;
    if (!wg_absent(gmean))
        sum = wg_broadcast_to(wg_mul_scalar(seen(gmean, n->statistic), share), wg_shape_of(x));
    if (!wg_absent(grstd))
        factor = wg_mul_scalar(wg_mul(grstd, wg_mul(rstd, wg_square(rstd))), -share);
    if (!wg_absent(gvariance))
        factor = wg_plus(factor, wg_mul_scalar(gvariance, 2 * share));
    if (factor && wg_absent(factor))
        return sum;
    return wg_plus(sum, wg_mul(centred(n, x, c->out[1]), seen(factor, n->statistic)));
}

wg_status wg_norm_vjp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *by_x = WG_NONE, *by_gamma = WG_NONE, *by_beta = WG_NONE;
    const bool parameters = gx[1].need || gx[2].need;
    if (!wg_absent(gy[0]))
        WG_TRY(n->grad(c->in[0], c->in[1], c->out[1], c->out[2], wg_donate(gy[0]), n->y, &by_x, parameters ? &by_gamma : NULL,
                       parameters ? &by_beta : NULL));
    WG_TRY(WG_GIVE(gx[0], wg_plus(by_x, through_statistics(n, c, gy[1], gy[2], c->n_out > 3 ? gy[3] : WG_NONE))));
    WG_TRY(WG_GIVE(gx[1], fitted(by_gamma, c->in[1])));
    return WG_GIVE(gx[2], fitted(by_beta, c->in[2]));
}

/* The tangents: of y, γ P(t) + tγ x̂ + tβ; of the mean, the mean of t; of r, -r² times the mean of t x̂; of the variance, 2
   times the mean of t (x - μ). */
wg_status wg_norm_jvp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *x = c->in[0], *mean = c->out[1], *rstd = c->out[2], *t = tx[0], *sum = WG_NONE;
    wg_tensor *xhat = wg_absent(t) && wg_absent(tx[1]) ? WG_NONE : wg_mul(centred(n, x, mean), seen(rstd, n->statistic));
    for (int i = 1; i < c->n_out; i++)
        ty[i] = WG_NONE;
    if (!wg_absent(t)) {
        WG_TRY(n->grad(x, WG_NONE, mean, rstd, t, WG_NONE, &sum, NULL, NULL));
        sum = scaled(seen(c->in[1], n->parameter), sum);
        WG_TRY(wg_made(ty[1] = fitted(mean_to(t, n->statistic), mean)));
        wg_tensor *along_x = fitted(mean_to(times(t, xhat), n->statistic), rstd);
        WG_TRY(wg_made(ty[2] = wg_neg(wg_mul(wg_square(rstd), along_x))));
        if (c->n_out > 3)
            WG_TRY(wg_made(ty[3] = wg_mul_scalar(fitted(mean_to(times(t, centred(n, x, mean)), n->statistic), rstd), 2)));
    }
    sum = wg_plus(sum, times(seen(tx[1], n->parameter), xhat));
    WG_TRY(wg_jvp_sum(c, sum, seen(tx[2], n->parameter), ty));
    return wg_made(ty[0] = let_through(n, ty[0]));
}

/* ---- the derivatives of the gradient op: x, gamma, mean, rstd, gy → gx, ggamma, gbeta; the last two are empty if not needed
   ---- */

/* The operands, reshaped to broadcast against x, and the quantities computed from them. */
struct view {
    wg_tensor *gamma, *rstd, *gy;
    wg_tensor *centred, *xhat, *a;
    wg_tensor *slope; /* B, the mean of a x̂ */
};

static wg_status look(const struct wg_norm *n, const wg_call *c, struct view *v)
{
    v->gy = let_through(n, c->in[4]);
    v->gamma = seen(c->in[1], n->parameter);
    v->rstd = seen(c->in[3], n->statistic);
    v->centred = centred(n, c->in[0], c->in[2]);
    v->xhat = wg_mul(v->centred, v->rstd);
    v->a = scaled(v->gamma, v->gy);
    v->slope = mean_to(wg_mul(v->a, v->xhat), n->statistic);
    return wg_made(v->slope);
}

/* v = a - A - x̂ B */
static wg_tensor *projected(const struct wg_norm *n, const struct view *v)
{
    return wg_sub(wg_sub(v->a, mean_to(v->a, n->statistic)), wg_mul(v->xhat, v->slope));
}

/* P(t), by the op's own gradient. */
static wg_status project(const struct wg_norm *n, const wg_call *c, wg_tensor *t, wg_tensor **p)
{
    return n->grad(c->in[0], WG_NONE, c->in[2], c->in[3], t, WG_NONE, p, NULL, NULL);
}

static wg_tensor *unless_empty(wg_tensor *g)
{
    return g->numel == 0 ? WG_NONE : g;
}

/* u, ugamma and ubeta are the gradients of gx, ggamma and gbeta. The gradients of the operands are made from those of x̂, -r (u
   B + a mean(u x̂)) + ugamma gy, of a, P(u), and of r, Σ u v + Σ (gradient of x̂) (x - μ). */
wg_status wg_norm_grad_vjp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *u = unless_empty(gy[0]), *ugamma = seen(unless_empty(gy[1]), n->parameter);
    wg_tensor *ubeta = seen(unless_empty(gy[2]), n->parameter), *by_a = WG_NONE, *by_xhat = WG_NONE, *by_rstd = WG_NONE;
    struct view v;
    WG_TRY(look(n, c, &v));
    if (!wg_absent(u)) {
        WG_TRY(project(n, c, u, &by_a));
        wg_tensor *back = mean_to(wg_mul(u, v.xhat), n->statistic);
        by_xhat = wg_neg(wg_mul(v.rstd, wg_add(wg_mul(u, v.slope), wg_mul(v.a, back))));
        if (gx[3].need)
            by_rstd = sum_to(wg_mul(u, projected(n, &v)), n->statistic);
    }
    by_xhat = wg_plus(by_xhat, times(ugamma, v.gy));
    wg_tensor *by_x = times(by_xhat, v.rstd);
    WG_TRY(WG_GIVE(gx[0], fitted(by_x, c->in[0])));
    WG_TRY(WG_GIVE(gx[1], fitted(sum_to(times(v.gy, by_a), n->parameter), c->in[1])));
    WG_TRY(WG_GIVE(gx[2], fitted(minus(sum_to(by_x, n->statistic)), c->in[2])));
    WG_TRY(WG_GIVE(gx[3], fitted(wg_plus(by_rstd, sum_to(times(by_xhat, v.centred), n->statistic)), c->in[3])));
    if (!gx[4].need)
        return WG_OK;
    wg_tensor *by_gy = wg_plus(scaled(v.gamma, by_a), times(ugamma, v.xhat));
    if (ubeta && !wg_absent(ubeta))
        by_gy = wg_plus(by_gy, wg_broadcast_to(ubeta, wg_shape_of(c->in[4])));
    return wg_give(&gx[4], let_through(n, fitted(by_gy, c->in[4])));
}

/* The tangents, t marking a tangent: of gx, P(ta) + tr v - r (x̂ mean(a tx̂) + tx̂ B); of ggamma, Σ (tgy x̂ + gy tx̂); of gbeta,
   Σ tgy. */
wg_status wg_norm_grad_jvp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *tgamma = seen(tx[1], n->parameter), *tmean = seen(tx[2], n->statistic), *trstd = seen(tx[3], n->statistic);
    wg_tensor *tgy = let_through(n, tx[4]), *sum = WG_NONE;
    struct view v;
    WG_TRY(look(n, c, &v));
    wg_tensor *ta = wg_plus(times(tgamma, v.gy), scaled(v.gamma, tgy));
    wg_tensor *tcentred = wg_plus(tx[0], minus(tmean));
    wg_tensor *txhat = wg_plus(times(tcentred, v.rstd), times(v.centred, trstd));
    if (!ta || !txhat)
        return WG_E_NULL;
    if (!wg_absent(ta))
        WG_TRY(project(n, c, ta, &sum));
    if (!wg_absent(trstd))
        sum = wg_plus(sum, wg_mul(trstd, projected(n, &v)));
    if (!wg_absent(txhat)) {
        wg_tensor *transposed = mean_to(wg_mul(v.a, txhat), n->statistic);
        sum = wg_plus(sum, wg_neg(wg_mul(v.rstd, wg_add(wg_mul(v.xhat, transposed), wg_mul(txhat, v.slope)))));
    }
    ty[1] = ty[2] = WG_NONE;
    if (c->out[1]->numel > 0) {
        WG_TRY(wg_made(ty[1] = fitted(sum_to(wg_plus(times(tgy, v.xhat), times(v.gy, txhat)), n->parameter), c->out[1])));
        WG_TRY(wg_made(ty[2] = fitted(sum_to(tgy, n->parameter), c->out[2])));
    }
    return wg_made(ty[0] = fitted(sum, c->out[0]));
}

/* ---- batch_norm and batch_norm_relu ---- */

wg_status wg_batch_norm_shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_norm_eps(c));
    WG_TRY(wg_channels_shape(c, WG_IN(1) | WG_IN(2), out));
    return wg_norm_statistics(c, c->in[0]->numel == 0 && out[1].extent[0] > 0);
}

/* Additions per channel for joining partial sums: the parts of the images, and, if an image has several positions, its own parts
   and one addition of each image. */
double wg_joins_by_channel(const wg_tensor *x)
{
    const int64_t images = wg_extents(x)[0], channels = wg_extents(x)[1];
    const int64_t positions = x->numel > 0 ? x->numel / (images * channels) : 1;
    const int64_t parts = positions < 32 ? positions : 32, image_parts = images < 8 ? images : 8;
    const int64_t joins = (image_parts > 0 ? image_parts - 1 : 0) + (positions > 1 ? images * parts : 0);
    return (double)(channels * joins);
}

wg_cost wg_batch_norm_cost(const wg_call *c)
{
    wg_cost cost = wg_cost_each(c, 5, 2, 0, 0, 0);
    const double channels = (double)wg_extents(c->in[0])[1];
    cost.add += 3 * channels + 2 * wg_joins_by_channel(c->in[0]);
    cost.mul += channels;
    cost.div = 3 * channels;
    cost.transcendental = channels;
    return cost;
}

/* ---- used outside normalisations too ---- */

wg_tensor *wg_over_channels(wg_tensor *t, const wg_tensor *x)
{
    wg_shape shape = {.rank = x->rank};
    for (int axis = 0; axis < x->rank; axis++)
        shape.extent[axis] = axis == 1 ? wg_extents(x)[1] : 1;
    return wg_reshape(t, shape);
}

wg_tensor *wg_plus(wg_tensor *a, wg_tensor *b)
{
    if (!a || !b)
        return NULL;
    return wg_absent(a) ? b : wg_absent(b) ? a : wg_add(a, b);
}
