/* The gradient of batch_norm and batch_norm_relu, as an op, so that it can be differentiated again. With x̂ = (x - mean) rstd
   over the m elements of a channel, gbeta = Σ g, ggamma = Σ g x̂ and gx = γ rstd u, u = g - gbeta/m - x̂ ggamma/m. g is gy; if
   relu followed with result y, g is gy where y > 0 or NaN and 0 elsewhere. Sums are made in f64. */
#ifdef REAL
#include "ops/channel.h"

/* Per channel of a group: gx = scale (g - level - (x - mean) slope). */
typedef struct {
    REAL mean[T(GROUP)], scale[T(GROUP)], level[T(GROUP)], slope[T(GROUP)];
} T(norm_slope);

/* Indices of the tensors of a pass; Y only after relu. */
enum { T(X), T(GY), T(GX), T(Y) };

WG_INLINED REAL T(gradient_at)(ELEM *const *at, const int64_t *s, bool unit, bool relu, int64_t i)
{
    const REAL g = at[T(GY)][unit ? i : i * s[T(GY)]];
    return relu && (REAL)at[T(Y)][unit ? i : i * s[T(Y)]] <= (REAL)0 ? (REAL)0 : g;
}

WG_INLINED void T(add_slopes)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, bool relu,
                              WIDE *part)
{
    const T(norm_slope) *to = (const T(norm_slope) *)state;
    WIDE *sum = part, *dot = part + T(SECOND);
    WG_LOOP(n) {
        const WIDE d = (WIDE)((REAL)at[T(X)][unit ? i : i * s[T(X)]] - to->mean[each ? i : 0]);
        const WIDE g = (WIDE)T(gradient_at)(at, s, unit, relu, i);
        sum[i] = sum[i] + g;
        dot[i] = dot[i] + g * d;
    }
}

WG_INLINED void T(give_slopes)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, bool relu)
{
    const T(norm_slope) *to = (const T(norm_slope) *)state;
    WG_LOOP(n) {
        const int64_t k = each ? i : 0;
        const REAL d = (REAL)at[T(X)][unit ? i : i * s[T(X)]] - to->mean[k], g = T(gradient_at)(at, s, unit, relu, i);
        at[T(GX)][unit ? i : i * s[T(GX)]] = to->scale[k] * (g - to->level[k] - d * to->slope[k]);
    }
}

WG_INLINED void T(add_step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part)
{
    T(add_slopes)(n, unit, at, s, each, state, false, part);
}

WG_INLINED void T(add_relu_step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part)
{
    T(add_slopes)(n, unit, at, s, each, state, true, part);
}

WG_INLINED void T(give_step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part)
{
    (void)part;
    T(give_slopes)(n, unit, at, s, each, state, false);
}

WG_INLINED void T(give_relu_step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part)
{
    (void)part;
    T(give_slopes)(n, unit, at, s, each, state, true);
}

/* One call, shared by the threads that compute its groups of channels; width is the number of channels in a group. */
typedef struct {
    const wg_call *call;
    T(pass) pass;
    int64_t width;
} T(norm_gradient);

static void T(norm_gradient_channels)(const T(norm_gradient) * all, int64_t first, int64_t w)
{
    const wg_call *c = all->call;
    const WIDE count = (WIDE)(all->pass.images * all->pass.positions);
    const bool relu = !wg_absent(c->in[5]);
    ELEM *ggamma = (ELEM *)(void *)c->out[1]->data, *gbeta = (ELEM *)(void *)c->out[2]->data;
    WIDE total[2 * T(GROUP)];
    T(norm_slope) to;
    for (int64_t k = 0; k < w; k++)
        to.mean[k] = T(of_channel)(c->in[2], first + k, (REAL)0);
    if (relu)
        T(sum_channels)(&all->pass, 4, first, w, 2, T(add_relu_step), &to, total);
    else
        T(sum_channels)(&all->pass, 2, first, w, 2, T(add_step), &to, total);
    for (int64_t k = 0; k < w; k++) {
        const REAL rstd = T(of_channel)(c->in[3], first + k, (REAL)0), gamma = T(of_channel)(c->in[1], first + k, (REAL)1);
        const WIDE sum = total[k], dot = total[T(GROUP) + k] * (WIDE)rstd;
        ggamma[(first + k) * wg_strides(c->out[1])[0]] = (REAL)dot;
        gbeta[(first + k) * wg_strides(c->out[2])[0]] = (REAL)sum;
        to.scale[k] = gamma * rstd;
        to.level[k] = (REAL)(sum / count);
        to.slope[k] = (REAL)(dot / count) * rstd;
    }
    if (relu)
        T(each_element)(&all->pass, 4, first, w, T(give_relu_step), &to);
    else
        T(each_element)(&all->pass, 3, first, w, T(give_step), &to);
}

static void T(norm_gradient_groups)(int64_t first, int64_t last, void *context)
{
    const T(norm_gradient) *all = (const T(norm_gradient) *)context;
    for (int64_t channel = first * all->width; channel < all->pass.channels && channel < last * all->width; channel += all->width)
        T(norm_gradient_channels)(all, channel, WG_LEAST(all->pass.channels - channel, all->width));
}

static wg_status T(batch_norm_grad)(const wg_call *c)
{
    const wg_tensor *t[4] = {c->in[0], c->in[4], c->out[0], c->in[5]};
    T(norm_gradient) all;
    all.call = c;
    T(pass_over)(&all.pass, wg_absent(c->in[5]) ? 3 : 4, t);
    all.width = T(channels_of)(&all.pass);
    wg_parallel(wg_kernel_threads(4 * (double)c->in[0]->numel), (all.pass.channels + all.width - 1) / all.width,
                T(norm_gradient_groups), &all);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/norm/batch_norm_grad.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    return wg_channels_shape(c, WG_IN(1) | WG_IN(2) | WG_IN(3), out);
}

wg_status wg_batch_norm_grad(wg_tensor *x, wg_tensor *gamma, wg_tensor *mean, wg_tensor *rstd, wg_tensor *gy, wg_tensor *y,
                             wg_tensor **gx, wg_tensor **ggamma, wg_tensor **gbeta)
{
    wg_tensor *in[6] = {x, gamma, mean, rstd, gy, y}, **to[3] = {gx, ggamma, gbeta};
    return wg_invoke_into(&wg_op_batch_norm_grad, NULL, in, 6, to);
}

static struct wg_norm norm_of(const wg_call *c)
{
    struct wg_norm norm = wg_norm_by_channel(c->in[0]);
    norm.y = c->in[5];
    return norm;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_norm norm = norm_of(c);
    return wg_norm_grad_vjp(&norm, c, gy, gx);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_norm norm = norm_of(c);
    return wg_norm_grad_jvp(&norm, c, tx, ty);
}

static wg_cost cost(const wg_call *c)
{
    const bool relu = !wg_absent(c->in[5]);
    wg_cost cost = wg_cost_each(c, 6, 3, 0, 2 * relu, 0);
    const double channels = (double)wg_extents(c->in[0])[1];
    cost.add += 2 * wg_joins_by_channel(c->in[0]);
    cost.mul += 3 * channels;
    cost.div = 2 * channels;
    return cost;
}

#define SHAPES(...) {WG_DIMS(__VA_ARGS__), WG_DIMS(3), WG_DIMS(3), WG_DIMS(3), WG_DIMS(__VA_ARGS__), WG_DIMS(__VA_ARGS__)}, .n = 6
#define LIMITS .low = {-1, -1, -1, 0.5, -1, -100}, .high = {1, 1, 1, 2, 1, 100}
const struct wg_op wg_op_batch_norm_grad = {
    .name = WG_REGISTERED("batch_norm_grad"),
    .n_in = 6,
    .n_out = 3,
    .optional = WG_IN(1) | WG_IN(5),
    .shape = shape,
    .kernels = KERNELS(batch_norm_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_IN(2) | WG_IN(3) | WG_IN(4) | WG_IN(5),
    .flat = WG_IN(5),
    .inplace = WG_IN(4),
    WG_SAMPLES({"rows", SHAPES(5, 3), LIMITS, .none = WG_IN(5)}, {"plain", SHAPES(2, 3, 2), LIMITS, .none = WG_IN(1) | WG_IN(5)},
               {"images", SHAPES(2, 3, 2, 2), LIMITS, .none = WG_IN(5)},
               {"positions", SHAPES(9, 3, 5, 7), LIMITS, .none = WG_IN(5)}, {"relu", SHAPES(10, 3), LIMITS},
               {"relu, images", SHAPES(2, 3, 5, 7), LIMITS}),
};
#undef LIMITS
#undef SHAPES
#endif
