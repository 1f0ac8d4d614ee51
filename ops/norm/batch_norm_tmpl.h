/* The kernel of batch_norm and batch_norm_relu, for the element type being compiled. The includer defines NAME, the op, and
   RELU, whether relu follows. Three passes: μ, then σ² about μ, both in f64, then y. */
#include "ops/channel.h"
#include "ops/norm/rstd.h"

/* Per channel of a group: y = (x - mean) scale + shift. */
typedef struct {
    WIDE mean[T(GROUP)];
    REAL scale[T(GROUP)], shift[T(GROUP)];
} T(normal);

WG_INLINED void T(add_step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part)
{
    const ELEM *x = at[0];
    const int64_t sx = unit ? 1 : s[0];
    (void)each;
    (void)state;
    WG_LOOP(n)
        part[i] = part[i] + (WIDE)(REAL)x[i * sx];
}

WG_INLINED void T(square_step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part)
{
    const T(normal) *to = (const T(normal) *)state;
    const ELEM *x = at[0];
    const int64_t sx = unit ? 1 : s[0];
    WG_LOOP(n) {
        const WIDE d = (WIDE)(REAL)x[i * sx] - to->mean[each ? i : 0];
        part[i] = part[i] + d * d;
    }
}

/* x - mean is computed in f64: in f32 a large mean would cancel the digits of the difference. */
WG_INLINED void T(normal_step)(int64_t n, bool unit, ELEM *const *at, const int64_t *s, bool each, const void *state, WIDE *part)
{
    const T(normal) *to = (const T(normal) *)state;
    const ELEM *x = at[0];
    ELEM *y = at[1];
    const int64_t sx = unit ? 1 : s[0], sy = unit ? 1 : s[1];
    (void)part;
    WG_LOOP(n) {
        const int64_t k = each ? i : 0;
        const REAL r = (REAL)((WIDE)(REAL)x[i * sx] - to->mean[k]) * to->scale[k] + to->shift[k];
        y[i * sy] = RELU && r <= (REAL)0 ? (REAL)0 : r;
    }
}

/* One call, shared by the threads that compute its groups of channels; width is the number of channels in a group. */
typedef struct {
    const wg_call *call;
    T(pass) reading, writing;
    int64_t width;
} T(normalising);

/* Divides the sums of squares, which become the variances, and computes the reciprocal deviations, in one loop that vectorises. */
static inline void T(deviations)(int64_t n, WIDE *squares, WIDE count, WIDE eps, REAL *rstd)
{
    WG_LOOP(n) {
        squares[i] = squares[i] / count;
        rstd[i] = (REAL)T(norm_rstd)(squares[i] + eps);
    }
}

static void T(normalise)(const T(normalising) * all, int64_t first, int64_t w)
{
    const wg_call *c = all->call;
    const WIDE count = (WIDE)(all->reading.images * all->reading.positions);
    ELEM *means = (ELEM *)(void *)c->out[1]->data, *rstds = (ELEM *)(void *)c->out[2]->data;
    ELEM *variances = (ELEM *)(void *)c->out[3]->data;
    WIDE total[T(GROUP)];
    T(normal) to;
    T(sum_channels)(&all->reading, 1, first, w, 1, T(add_step), 0, total);
    for (int64_t k = 0; k < w; k++)
        to.mean[k] = total[k] / count;
    T(sum_channels)(&all->reading, 1, first, w, 1, T(square_step), &to, total);
    T(deviations)(w, total, count, (WIDE) * (const double *)c->params, to.scale);
    for (int64_t k = 0; k < w; k++) {
        means[(first + k) * wg_strides(c->out[1])[0]] = (REAL)to.mean[k];
        rstds[(first + k) * wg_strides(c->out[2])[0]] = to.scale[k];
        variances[(first + k) * wg_strides(c->out[3])[0]] = (REAL)total[k];
        to.scale[k] = to.scale[k] * T(of_channel)(c->in[1], first + k, (REAL)1);
        to.shift[k] = T(of_channel)(c->in[2], first + k, (REAL)0);
    }
    T(each_element)(&all->writing, 2, first, w, T(normal_step), &to);
}

static void T(normalise_groups)(int64_t first, int64_t last, void *context)
{
    const T(normalising) *all = (const T(normalising) *)context;
    for (int64_t channel = first * all->width; channel < all->reading.channels && channel < last * all->width;
         channel += all->width)
        T(normalise)(all, channel, WG_LEAST(all->reading.channels - channel, all->width));
}

static wg_status T(NAME)(const wg_call *c)
{
    const wg_tensor *t[2] = {c->in[0], c->out[0]};
    T(normalising) all;
    all.call = c;
    T(pass_over)(&all.reading, 1, t);
    T(pass_over)(&all.writing, 2, t);
    all.width = WG_LEAST(T(channels_of)(&all.reading), T(channels_of)(&all.writing));
    wg_parallel(wg_kernel_threads(4 * (double)c->in[0]->numel), (all.reading.channels + all.width - 1) / all.width,
                T(normalise_groups), &all);
    return WG_OK;
}

#undef NAME
#undef RELU
