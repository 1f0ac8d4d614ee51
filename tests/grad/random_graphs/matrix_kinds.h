/* Products, linear algebra, convolutions, normalisation and losses as kinds of ops in random programs. */
#ifndef RANDOM_GRAPHS_MATRIX_KINDS_H
#define RANDOM_GRAPHS_MATRIX_KINDS_H

#include "program.h"

static inline wg_tensor *transposed(wg_tensor *x)
{
    static const wg_axes order[MOST_RANK + 1] = {{.count = 0},
                                                 {.count = 1},
                                                 {.count = 2, .axis = {1, 0}},
                                                 {.count = 3, .axis = {0, 2, 1}},
                                                 {.count = 4, .axis = {0, 1, 3, 2}}};
    return wg_permute(x, order[wg_rank(x)]);
}

/* ---- products ---- */

static wg_tensor *kind_matmul(struct run *p)
{
    wg_tensor *a = of_rank(p, 2 + draw(p, 3), most_extent(p)), *b = of_shape(p, a);
    return wg_matmul(a, transposed(b));
}

static wg_tensor *kind_matmul_broadcast(struct run *p)
{
    wg_tensor *a = of_rank(p, 3, most_extent(p));
    const int columns = 1 + draw(p, 3);
    wg_tensor *b = draw(p, 2) ? drawn(p, WG_SHAPE(wg_extent(a, 2), columns)) : drawn(p, WG_SHAPE(2, 1, wg_extent(a, 2), columns));
    return draw(p, 2) ? wg_matmul(a, b) : wg_matmul(transposed(b), transposed(a));
}

static wg_tensor *kind_matvec(struct run *p)
{
    wg_tensor *a = of_rank(p, 2, most_extent(p));
    if (draw(p, 2))
        return wg_matmul(a, drawn(p, WG_SHAPE(wg_extent(a, 1))));
    return wg_matmul(drawn(p, WG_SHAPE(wg_extent(a, 0))), a);
}

static wg_tensor *kind_addmm(struct run *p)
{
    wg_tensor *a = of_rank(p, 2, most_extent(p)), *b = of_shape(p, a);
    return wg_addmm(drawn(p, WG_SHAPE(wg_extent(a, 0), wg_extent(a, 0))), a, transposed(b));
}

static wg_tensor *kind_linear(struct run *p)
{
    wg_tensor *x = of_rank(p, 2 + draw(p, 2), most_extent(p)), *w = drawn(p, WG_SHAPE(3, wg_extent(x, -1)));
    return wg_linear(x, w, draw(p, 2) ? drawn(p, WG_SHAPE(3)) : WG_NONE);
}

static wg_tensor *kind_dot(struct run *p)
{
    wg_tensor *a = wg_reshape(operand(p), WG_SHAPE(-1)), *b = of_shape(p, a);
    return wg_dot(a, b);
}

static wg_tensor *kind_outer(struct run *p)
{
    wg_tensor *a = of_rank(p, 1, most_extent(p)), *b = of_rank(p, 1, most_extent(p));
    return wg_outer(a, b);
}

static wg_tensor *kind_einsum(struct run *p)
{
    static const char *const equation[] = {"ij,kj->ik",       "ij,ij->i",  "ij,ij",    "ij,ik->jk",
                                           "...j,...j->j...", "ij,ij->ji", "ij,kl->jl"};
    wg_tensor *a = of_rank(p, 2, most_extent(p)), *b = of_shape(p, a);
    return wg_einsum(equation[draw(p, sizeof equation / sizeof *equation)], (wg_tensor *[]){a, b}, 2);
}

static wg_tensor *kind_einsum_diagonal(struct run *p)
{
    wg_tensor *a = of_rank(p, 2, most_extent(p));
    return wg_einsum(draw(p, 2) ? "ii->i" : "ii", (wg_tensor *[]){wg_matmul(a, transposed(a))}, 1);
}

/* ---- linear algebra ---- */

/* (n,n), symmetric, with eigenvalues far from each other and from 0: aaᵀ/20 + diag(1, 3, 5, …), the elements of a below 1. */
static wg_tensor *definite(struct run *p)
{
    wg_tensor *a = wg_tanh(of_rank(p, 2, most_extent(p)));
    const int64_t n = wg_extent(a, 0);
    double *data = malloc((size_t)n * sizeof *data + 1);
    assert_non_null(data);
    for (int64_t i = 0; i < n; i++)
        data[i] = 1 + 2 * (double)i;
    wg_tensor *diagonal = host_numbers(p, data, WG_F64, WG_SHAPE(n));
    return wg_add(wg_mul_scalar(wg_matmul(a, transposed(a)), 0.05), wg_diag(diagonal));
}

/* The same with a different upper triangle: regular, not symmetric. */
static wg_tensor *regular(struct run *p)
{
    wg_tensor *a = definite(p);
    return wg_add(a, wg_triu(wg_mul_scalar(wg_tanh(drawn(p, wg_shape_of(a))), 0.3), .offset = 1));
}

static wg_tensor *kind_cholesky(struct run *p)
{
    return wg_cholesky(definite(p));
}

static wg_tensor *kind_triangular_solve(struct run *p)
{
    wg_tensor *a = regular(p), *b = drawn(p, WG_SHAPE(wg_extent(a, 0), 2));
    const bool upper = draw(p, 2);
    return wg_triangular_solve(a, b, .upper = upper, .transposed = draw(p, 2));
}

static wg_tensor *kind_solve(struct run *p)
{
    wg_tensor *a = regular(p), *b = drawn(p, WG_SHAPE(wg_extent(a, 0), 2));
    return wg_solve(a, b);
}

static wg_tensor *kind_inverse(struct run *p)
{
    return wg_inverse(regular(p));
}

static wg_tensor *kind_logdet(struct run *p)
{
    return wg_logdet(regular(p));
}

static wg_tensor *kind_qr(struct run *p)
{
    wg_tensor *q, *r;
    if (wg_qr(regular(p), &q, &r) != WG_OK)
        return NULL;
    const int which = draw(p, 3);
    return which == 0 ? q : which == 1 ? r : wg_add(q, r);
}

static wg_tensor *kind_eigh(struct run *p)
{
    wg_tensor *values, *vectors;
    if (wg_eigh(definite(p), &values, &vectors) != WG_OK)
        return NULL;
    const int which = draw(p, 3);
    return which == 0 ? values : which == 1 ? vectors : wg_mul(vectors, values);
}

/* ---- images ---- */

static wg_tensor *kind_conv2d(struct run *p)
{
    wg_tensor *x = of_rank(p, 4, most_extent(p));
    const int64_t groups = wg_extent(x, 1) % 2 == 0 ? 1 + draw(p, 2) : 1;
    const int height = 1 + draw(p, 2), width = 1 + draw(p, 3), bias = draw(p, 2);
    wg_tensor *w = drawn(p, WG_SHAPE(2, wg_extent(x, 1) / groups, height, width)), *b = bias ? drawn(p, WG_SHAPE(2)) : WG_NONE;
    const int64_t stride = 1 + draw(p, 2);
    return wg_conv2d(x, w, b, .stride = WG_PAIR(stride, 1), .padding = WG_PAIR(1, 1), .groups = groups);
}

static wg_tensor *kind_conv1d(struct run *p)
{
    wg_tensor *x = of_rank(p, 3, most_extent(p)), *w = drawn(p, WG_SHAPE(3, wg_extent(x, 1), 2));
    const int64_t dilation = 1 + draw(p, 2);
    return wg_conv1d(x, w, drawn(p, WG_SHAPE(3)), .padding = 1, .dilation = dilation);
}

static wg_tensor *kind_conv_transpose2d(struct run *p)
{
    wg_tensor *x = of_rank(p, 4, most_extent(p)), *w = drawn(p, WG_SHAPE(wg_extent(x, 1), 2, 2, 2));
    const int64_t stride = 1 + draw(p, 2);
    return wg_conv_transpose2d(x, w, drawn(p, WG_SHAPE(2)), .stride = WG_PAIR(stride, 1));
}

static wg_tensor *kind_avg_pool2d(struct run *p)
{
    wg_tensor *x = of_rank(p, 4, most_extent(p));
    const int64_t stride = 1 + draw(p, 2);
    if (draw(p, 2))
        return wg_adaptive_avg_pool2d(x, 2, 1 + draw(p, 3));
    return wg_avg_pool2d(x, .padding = WG_PAIR(1, 1), .stride = WG_PAIR(stride, stride));
}

/* ---- normalisation: eps is large, so that nearly constant rows are not amplified ---- */

static wg_tensor *kind_layer_norm(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1), *mean = NULL, *rstd = NULL;
    const bool affine = draw(p, 2);
    wg_tensor *gamma = affine ? drawn(p, WG_SHAPE(wg_extent(x, -1))) : WG_NONE;
    wg_tensor *beta = affine ? drawn(p, WG_SHAPE(wg_extent(x, -1))) : WG_NONE;
    wg_tensor *y = wg_layer_norm(x, .weight = gamma, .bias = beta, .eps = 0.1, .mean = &mean, .rstd = &rstd);
    const int which = draw(p, 4);
    return which == 0 ? mean : which == 1 ? rstd : y;
}

static wg_tensor *kind_batch_norm(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 2), *mean = NULL, *rstd = NULL, *variance = NULL;
    const wg_shape channels = WG_SHAPE(wg_extent(x, 1));
    wg_tensor *gamma = drawn(p, channels), *beta = drawn(p, channels);
    wg_tensor *y = wg_batch_norm(x, .weight = gamma, .bias = beta, .eps = 0.1, .mean = &mean, .rstd = &rstd, .variance = &variance);
    const int which = draw(p, 5);
    return which == 0 ? mean : which == 1 ? rstd : which == 2 ? variance : y;
}

static wg_tensor *kind_group_norm(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 2);
    const int64_t channels = wg_extent(x, 1);
    wg_tensor *gamma = drawn(p, WG_SHAPE(channels)), *beta = drawn(p, WG_SHAPE(channels));
    return wg_group_norm(x, channels % 2 == 0 ? 2 : 1, .weight = gamma, .bias = beta, .eps = 0.1);
}

static wg_tensor *kind_softmax(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1);
    return wg_softmax(x, .axis = draw_axis(p, x));
}

static wg_tensor *kind_log_softmax(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1);
    return wg_log_softmax(x, .axis = draw_axis(p, x));
}

static wg_tensor *kind_attention(struct run *p)
{
    wg_tensor *q = of_rank(p, 2 + draw(p, 2), most_extent(p)), *k = of_shape(p, q), *v = of_shape(p, q);
    return wg_attention(q, k, v, .causal = draw(p, 2));
}

/* ---- losses ---- */

static wg_reduction draw_reduction(struct run *p)
{
    static const wg_reduction all[] = {WG_REDUCTION_MEAN, WG_REDUCTION_SUM, WG_REDUCTION_BATCH_MEAN, WG_REDUCTION_NONE};
    return all[draw(p, 4)];
}

static wg_tensor *kind_cross_entropy(struct run *p)
{
    wg_tensor *x = of_rank(p, 2, most_extent(p)), *weight = wg_sigmoid(drawn(p, WG_SHAPE(wg_extent(x, 1))));
    wg_tensor *labels = indices(p, WG_SHAPE(wg_extent(x, 0)), wg_extent(x, 1));
    switch (draw(p, 4)) {
    case 0:
        return wg_cross_entropy(x, wg_softmax(of_shape(p, x), .axis = 1), .smoothing = 0.1);
    case 1:
        return wg_cross_entropy(x, labels, .weight = weight, .smoothing = 0.2, .reduction = WG_REDUCTION_NONE);
    case 2:
        return wg_nll(wg_log_softmax(x, .axis = 1), labels, .reduction = WG_REDUCTION_SUM);
    default:
        return wg_cross_entropy_labels(x, labels);
    }
}

static wg_tensor *kind_kl_div(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1), *t = of_shape(p, x);
    return wg_kl_div(wg_log_softmax(x), wg_softmax(t), .reduction = draw_reduction(p));
}

static wg_tensor *kind_mse(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1), *t = of_shape(p, x);
    return wg_mse(x, t, .reduction = draw_reduction(p));
}

static wg_tensor *kind_bce_with_logits(struct run *p)
{
    wg_tensor *x = operand(p), *t = of_shape(p, x);
    return wg_bce_with_logits(x, wg_sigmoid(t));
}

#endif
