/* The Kronecker factors of a layer: sums of outer products over its rows, and the damped inverses of their averages. A matrix of
   each group has a row of the layer as a column: (groups, dim, rows). */
#include <math.h>
#include <stdio.h>

#include "kfac.h"
#include "wengert/error.h"
#include "wengert/op.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

/* ---- sums of outer products ---- */

/* (R,n) as (1,n,R) */
static wg_tensor *linear_columns(wg_tensor *x)
{
    const int rank = wg_rank(x);
    const int64_t n = wg_extent(x, -1), rows = n > 0 ? wg_numel(x) / n : 0;
    wg_tensor *flat = rank == 2 ? x : wg_reshape(x, WG_SHAPE(rows, n));
    return wg_unsqueeze(wg_transpose(flat, 0, 1), 0);
}

/* (N, groups · d, …), whose other axes have L elements, as (groups, d, N · L) */
static wg_tensor *grouped_columns(wg_tensor *x, int64_t groups)
{
    if (!x)
        return NULL;
    const int64_t n = wg_extent(x, 0), d = wg_extent(x, 1) / groups,
                  places = wg_extent(x, 2) * (wg_rank(x) > 3 ? wg_extent(x, 3) : 1);
    wg_tensor *split = wg_reshape(x, WG_SHAPE(n, groups, d, places));
    return wg_reshape(wg_permute(split, WG_AXES(1, 2, 0, 3)), WG_SHAPE(groups, d, n * places));
}

/* x as the convolution reads it, the padding that is not zeros with it (wg_nn_conv2d). */
static wg_tensor *windows(const wg_nn_conv2d_options *o, wg_tensor *x)
{
    const int64_t both[] = {0, 0, o->padding.at[0], o->padding.at[1]};
    const wg_sizes sizes = {4, both};
    wg_unfold_options options = {.padding = WG_PAIR(0, 0)};
    options.size.at[0] = o->size;
    options.size.at[1] = o->columns > 0 ? o->columns : o->size;
    options.stride = o->stride;
    options.dilation = o->dilation;
    if (o->padding_mode == WG_PADDING_ZEROS)
        options.padding = o->padding;
    else
        x = wg_pad_mode(x, sizes, sizes, o->padding_mode);
    return wg_unfold_with(x, options);
}

/* m mᵀ, with a row of ones below m if there is a bias. The ones are not made: what they add is a sum, and the number of columns. */
static wg_tensor *outer(wg_tensor *m, bool ones)
{
    wg_tensor *square = wg_matmul(m, wg_transpose(m, 1, 2));
    if (!ones || !square)
        return square;
    wg_tensor *sum = wg_sum(m, .axis = 2, .keepdims = true);
    wg_tensor *count = wg_full(wg_dtype_of(m), WG_SHAPE(wg_extent(m, 0), 1, 1), (double)wg_extent(m, 2));
    wg_tensor *above[] = {square, sum}, *below[] = {wg_transpose(sum, 1, 2), count};
    wg_tensor *half[] = {wg_concat(above, 2, 2), wg_concat(below, 2, 2)};
    return half[0] && half[1] ? wg_concat(half, 2, 1) : NULL;
}

wg_tensor *kfac_input_factor(const struct layer *layer, const wg_nn_call *call, double *rows)
{
    wg_tensor *x = call->in[0];
    wg_tensor *m = layer->convolution ? grouped_columns(windows(call->options, x), layer->groups) : linear_columns(x);
    if (!m)
        return NULL;
    *rows = (double)wg_extent(m, 2);
    return outer(m, layer->bias != NULL);
}

wg_tensor *kfac_result_factor(const struct layer *layer, wg_tensor *g)
{
    wg_tensor *m = layer->convolution ? grouped_columns(g, layer->groups) : linear_columns(g);
    return m ? outer(m, false) : NULL;
}

/* ---- the op of inverses: operands are A, G, the old inverses, the step and the damping ---- */

struct inverses {
    double frequency;
};

static wg_status give(const wg_call *c, int i, const wg_tensor *value)
{
    void *to = wg_data_mut(c->out[i]);
    return value && to ? wg_read_raw(value, to) : wg_error_if_null(NULL);
}

/* A factor is a sum of squares: what is not finite in it is so on the diagonal. */
static wg_status check_finite(const wg_call *c, double step)
{
    char text[160];
    for (int i = 0; i < 2; i++) {
        const double largest = wg_item(wg_max(wg_diagonal(c->in[i])));
        if (isfinite(largest))
            continue;
        if (wg_error_first())
            return wg_error_first()->code;
        snprintf(text, sizeof text, "step %.0f: the factor of the layer's %s is not finite", step, i == 0 ? "inputs" : "gradients");
        return wg_call_error(c, WG_E_NUMERIC, text);
    }
    return WG_OK;
}

/* A symmetric matrix of each group, by its eigenvalues (groups, dim), at least 0 but for round-off, and vectors. */
struct spectrum {
    wg_tensor *values, *vectors, *mean;
};

static wg_status spectrum_of(wg_tensor *factor, struct spectrum *s)
{
    wg_tensor *w = NULL;
    WG_TRY(wg_eigh(wg_cast(factor, WG_F64), &w, &s->vectors));
    s->values = wg_relu(w);
    s->mean = wg_mean(s->values, .axis = 1, .keepdims = true);
    return wg_error_if_null(s->mean);
}

/* v (w + shift)⁻¹ vᵀ */
static wg_tensor *shifted_inverse(const struct spectrum *s, wg_tensor *shift, wg_dtype dtype)
{
    wg_tensor *scale = wg_unsqueeze(wg_reciprocal(wg_add(s->values, shift)), 1);
    return wg_cast(wg_matmul(wg_mul(s->vectors, scale), wg_transpose(s->vectors, 1, 2)), dtype);
}

/* π = √(mean eigenvalue of A / that of G), each tr/dim; 1 where one of them is 0. */
static wg_status compute(const wg_call *c, double damping)
{
    struct spectrum a, g;
    WG_TRY(spectrum_of(c->in[0], &a));
    WG_TRY(spectrum_of(c->in[1], &g));
    const wg_dtype dtype = wg_dtype_of(c->in[0]);
    wg_tensor *root_a = wg_sqrt(a.mean), *root_g = wg_sqrt(g.mean), *one = wg_scalar(WG_F64, 1);
    wg_tensor *none = wg_eq(wg_mul(wg_sign(root_a), wg_sign(root_g)), wg_scalar(WG_F64, 0));
    wg_tensor *pi = wg_where(none, one, wg_div(root_a, wg_where(none, one, root_g)));
    const double root = sqrt(damping);
    WG_TRY(give(c, 0, shifted_inverse(&a, wg_mul_scalar(pi, root), dtype)));
    return give(c, 1, shifted_inverse(&g, wg_mul_scalar(wg_reciprocal(pi), root), dtype));
}

static wg_status run(const wg_call *c)
{
    const struct inverses *inverses = c->params;
    WG_NO_GRAD;
    const double step = wg_item(c->in[4]), damping = wg_item(c->in[5]);
    WG_TRY(check_finite(c, step));
    if (step == 1 || fmod(step, inverses->frequency) == 0) {
        if (!(damping > 0) || isinf(damping))
            return wg_call_error(c, WG_E_NUMERIC, "expected a damping above 0");
        return compute(c, damping);
    }
    WG_TRY(give(c, 0, c->in[2]));
    return give(c, 1, c->in[3]);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    for (int i = 0; i < 2; i++) {
        const wg_tensor *t = c->in[i];
        out[i] = (wg_spec){.dtype = wg_dtype_of(t), .rank = 3, .extent = {wg_extent(t, 0), wg_extent(t, 1), wg_extent(t, 2)}};
    }
    return WG_OK;
}

static const struct wg_op inverses_op = {.name = "kfac_inverses",
                                         .params_size = sizeof(struct inverses),
                                         .n_in = 6,
                                         .n_out = 2,
                                         .shape = shape,
                                         .kernels = {{.run = {run, run}}},
                                         .flags = WG_OP_ROW_MAJOR | WG_OP_NO_DERIVATIVE,
                                         .reason = "it is computed at some steps only, from statistics of all gradients so far"};

wg_status kfac_inverses(const wg_kfac *kfac, wg_tensor *const *state, wg_tensor *count, wg_tensor **inverse)
{
    const struct inverses inverses = {(double)kfac->options.frequency};
    wg_tensor *in[] = {state[A], state[G], state[A_INVERSE], state[G_INVERSE], count, kfac->damping};
    return wg_invoke(&inverses_op, &inverses, in, 6, inverse, 2);
}
