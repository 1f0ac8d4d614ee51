/* The kinds of ops in random programs: each is a function that draws its operands and applies the op. */
#ifndef RANDOM_GRAPHS_KINDS_H
#define RANDOM_GRAPHS_KINDS_H

#include "planted.h"
#include "simple_kinds.h"

/* ---- kinks ---- */

static wg_tensor *kind_clamp(struct run *p)
{
    wg_tensor *x = apart(p, operand(p));
    decide_above(p, x, -0.6);
    decide_above(p, x, 0.4);
    return draw(p, 2) ? wg_clamp(x, -0.6, 0.4) : wg_hardtanh(x, .low = -0.6, .high = 0.4);
}

/* The maximum or minimum along axes; the decision is which elements those are. */
static wg_tensor *kind_max(struct run *p)
{
    wg_tensor *x = apart(p, operand(p));
    wg_reduce_options o = draw_axes(p, x);
    const bool least = draw(p, 2), keep = o.keepdims;
    o.keepdims = true;
    if (p->decide)
        decide(p, made(wg_eq(x, least ? wg_min_with(x, o) : wg_max_with(x, o))));
    o.keepdims = keep;
    return least ? wg_min_with(x, o) : wg_max_with(x, o);
}

static wg_tensor *kind_norm_1_and_inf(struct run *p)
{
    wg_tensor *x = apart(p, operand(p));
    wg_reduce_options o = draw_axes(p, x);
    o.keepdims = true;
    decide_above(p, x, 0);
    if (p->decide)
        decide(p, made(wg_eq(wg_abs(x), wg_max_with(wg_abs(x), o))));
    return wg_norm_with(x, OVER(wg_norm_options, o, .p = draw(p, 2) ? 1 : (double)INFINITY));
}

static wg_tensor *kind_maxout(struct run *p)
{
    wg_tensor *x = apart(p, of_rank_from(p, 1));
    const int axis = draw_axis(p, x);
    x = wg_concat((wg_tensor *[]){x, wg_cos(x)}, 2, axis); /* makes the extent even */
    wg_shape s = wg_shape_of(x);
    s.extent[axis] /= 2;
    memmove(s.extent + axis + 2, s.extent + axis + 1, (size_t)(s.rank - axis - 1) * sizeof *s.extent);
    s.extent[axis + 1] = 2;
    s.rank++;
    if (p->decide)
        decide(p, made(wg_argmax(wg_reshape(x, s), .axis = axis + 1)));
    return wg_maxout(x, axis, 2);
}

static wg_tensor *kind_sort(struct run *p)
{
    wg_tensor *x = apart(p, of_rank_from(p, 1)), *order = NULL;
    const int axis = draw_axis(p, x);
    wg_tensor *y = wg_sort(x, .axis = axis, .descending = draw(p, 2), .indices = &order);
    decide(p, made(order));
    return y;
}

static wg_tensor *kind_topk(struct run *p)
{
    wg_tensor *x = apart(p, of_rank_from(p, 1)), *order = NULL;
    const int axis = draw_axis(p, x), k = 1 + draw(p, wg_extent(x, axis));
    wg_tensor *y = wg_topk(x, k, .axis = axis, .largest = draw(p, 2), .indices = &order);
    decide(p, made(order));
    return y;
}

static wg_tensor *kind_max_pool2d(struct run *p)
{
    wg_tensor *x = apart(p, of_rank(p, 4, most_extent(p)));
    const wg_pool_options o = {.size = WG_PAIR(2, 2),
                               .stride = WG_PAIR(1 + draw(p, 2), 1),
                               .padding = WG_PAIR(1, draw(p, 2) | (wg_extent(x, 3) < 2)),
                               .dilation = WG_PAIR(1, 1)};
    if (p->decide) {
        wg_tensor *places = made(wg_zeros(WG_F64, wg_shape_of(x)));
        double *data = wg_data_mut(places);
        for (int64_t i = 0; i < wg_numel(places); i++)
            data[i] = (double)i;
        decide(p, made(wg_max_pool2d_pick(x, places, o)));
    }
    return wg_max_pool2d_with(x, o);
}

static wg_tensor *kind_huber(struct run *p)
{
    wg_tensor *x = apart(p, operand(p)), *t = of_shape(p, x);
    const double delta = draw_real(p, 0.2, 0.8);
    const wg_reduction reduction = draw(p, 2) ? WG_REDUCTION_NONE : WG_REDUCTION_MEAN;
    if (p->decide)
        decide_above(p, made(wg_abs(wg_sub(x, t))), delta);
    return wg_huber(x, t, .delta = delta, .reduction = reduction);
}

/* ---- shapes ---- */

/* Permutes the extents: the same elements in another shape. */
static wg_tensor *kind_reshape(struct run *p)
{
    wg_tensor *x = operand(p);
    wg_shape s = wg_shape_of(x);
    for (int i = s.rank - 1; i > 0; i--) {
        const int j = draw(p, i + 1);
        const int64_t was = s.extent[i];
        s.extent[i] = s.extent[j];
        s.extent[j] = was;
    }
    if (s.rank > 0)
        s.extent[draw(p, s.rank)] = -1;
    return draw(p, 4) ? wg_reshape(x, s) : wg_reshape(x, WG_SHAPE(-1));
}

static wg_tensor *kind_permute(struct run *p)
{
    wg_tensor *x = operand(p);
    wg_axes order = {.count = wg_rank(x), .axis = {0, 1, 2, 3, 4, 5, 6, 7}};
    for (int i = wg_rank(x) - 1; i > 0; i--) {
        const int j = draw(p, i + 1);
        const int8_t was = order.axis[i];
        order.axis[i] = order.axis[j];
        order.axis[j] = was;
    }
    return wg_permute(x, order);
}

static wg_tensor *kind_slice(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1);
    const int axis = draw_axis(p, x), step = 1 + draw(p, 2);
    const int64_t extent = wg_extent(x, axis), start = draw(p, extent);
    if (draw(p, 2))
        return wg_slice(x, axis, start - (draw(p, 2) ? extent : 0), extent, step);
    return wg_slice(x, axis, start, -extent - 1, -step);
}

static wg_tensor *kind_split(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1), *parts[2];
    const int axis = draw_axis(p, x);
    const int64_t sizes[] = {(wg_extent(x, axis) + 1) / 2, wg_extent(x, axis) / 2};
    if (sizes[1] == 0)
        return wg_copy(x);
    return wg_split(x, axis, sizes, 2, parts) == WG_OK ? parts[draw(p, 2)] : NULL;
}

static wg_tensor *kind_broadcast_to(struct run *p)
{
    wg_tensor *x = merged(operand(p), MOST_RANK - 1);
    wg_shape s = wg_shape_of(x);
    const bool expand = draw(p, 2);
    for (int i = 0; i < s.rank; i++)
        s.extent[i] = s.extent[i] == 1 ? 1 + draw(p, 3) : expand ? -1 : s.extent[i];
    memmove(s.extent + 1, s.extent, (size_t)s.rank * sizeof *s.extent);
    s.extent[0] = 1 + draw(p, 2);
    s.rank++;
    return expand ? wg_expand(x, s) : wg_broadcast_to(x, s);
}

static wg_tensor *kind_squeeze(struct run *p)
{
    wg_tensor *x = operand(p);
    for (int i = 0; i < wg_rank(x); i++)
        if (wg_extent(x, i) == 1 && draw(p, 2))
            return wg_squeeze(x, i);
    return wg_squeeze(x, WG_ALL);
}

static wg_tensor *kind_unsqueeze(struct run *p)
{
    wg_tensor *x = merged(operand(p), MOST_RANK - 1);
    return wg_unsqueeze(x, draw(p, wg_rank(x) + 1));
}

static wg_tensor *kind_flip(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1);
    return wg_flip(x, draw_axis(p, x));
}

static wg_tensor *kind_diagonal(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 2);
    return wg_diagonal(x, .offset = draw(p, wg_extent(x, -1)));
}

static wg_tensor *kind_diag(struct run *p)
{
    wg_tensor *x = of_rank(p, 1, most_extent(p));
    return wg_diag(x, .offset = draw(p, 3) - 1);
}

static wg_tensor *kind_tril(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 2);
    const int offset = draw(p, 3) - 1;
    return draw(p, 2) ? wg_tril(x, .offset = offset) : wg_triu(x, .offset = offset);
}

static wg_tensor *kind_concat(struct run *p)
{
    wg_tensor *a = of_rank_from(p, 1), *b = of_shape(p, a);
    const int axis = draw_axis(p, a);
    return wg_concat((wg_tensor *[]){a, b, a}, 2 + (size_t)draw(p, 2), axis);
}

static wg_tensor *kind_stack(struct run *p)
{
    wg_tensor *a = operand(p), *b = of_shape(p, a);
    return wg_stack((wg_tensor *[]){a, b}, 2, draw(p, wg_rank(a) + 1));
}

static wg_tensor *kind_repeat(struct run *p)
{
    wg_tensor *x = operand(p);
    int64_t times[WG_MAX_RANK];
    for (int i = 0; i < wg_rank(x); i++)
        times[i] = 1 + draw(p, 2);
    return wg_repeat(x, (wg_sizes){wg_rank(x), times});
}

static wg_tensor *kind_pad(struct run *p)
{
    wg_tensor *x = operand(p);
    int64_t before[WG_MAX_RANK], after[WG_MAX_RANK];
    for (int i = 0; i < wg_rank(x); i++) {
        before[i] = draw(p, 2);
        after[i] = draw(p, 2);
    }
    return wg_pad(x, (wg_sizes){wg_rank(x), before}, (wg_sizes){wg_rank(x), after}, draw_real(p, -1, 1));
}

static wg_tensor *kind_cumsum(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1);
    const int axis = draw_axis(p, x);
    return wg_cumsum(x, axis, .reverse = draw(p, 2));
}

/* ---- indices ---- */

static wg_tensor *kind_gather(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1);
    const int axis = draw_axis(p, x);
    wg_shape s = wg_shape_of(x);
    s.extent[axis] = 1 + draw(p, 3);
    return wg_gather(x, axis, indices(p, s, wg_extent(x, axis)));
}

static wg_tensor *kind_scatter_add(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1), *src = of_shape(p, x);
    const int axis = draw_axis(p, x);
    return wg_scatter_add(x, axis, indices(p, wg_shape_of(x), wg_extent(x, axis)), src);
}

static wg_tensor *kind_index_select(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1);
    const int axis = draw_axis(p, x), n = 1 + draw(p, 5);
    return wg_index_select(x, axis, indices(p, WG_SHAPE(n), wg_extent(x, axis)));
}

static wg_tensor *kind_index_add(struct run *p)
{
    wg_tensor *x = of_rank_from(p, 1), *src = of_shape(p, x);
    const int axis = draw_axis(p, x);
    return wg_index_add(x, axis, indices(p, WG_SHAPE(wg_extent(x, axis)), wg_extent(x, axis)), src);
}

static wg_tensor *kind_embedding(struct run *p)
{
    wg_tensor *x = of_rank(p, 2, most_extent(p));
    return wg_embedding(x, indices(p, WG_SHAPE(2, 3), wg_extent(x, 0)));
}

/* The mask is drawn from the op's own generator, so it is the same in every run. */
static wg_tensor *kind_dropout(struct run *p)
{
    wg_tensor *x = operand(p);
    const uint64_t seed = (uint64_t)draw(p, 1000);
    wg_tensor *generator = find_shared(p);
    if (!generator)
        generator = share(p, made(wg_generator(seed, 1)));
    wg_tensor *y = wg_dropout(x, generator, 0.3);
    if (!p->shared)
        wg_free(generator);
    return y;
}

static wg_tensor *some_function(wg_tensor *const *x, size_t n, void *context)
{
    (void)context;
    return wg_tanh(wg_mul(wg_sin(x[0]), wg_add(x[n - 1], x[0])));
}

static wg_tensor *kind_checkpoint(struct run *p)
{
    wg_tensor *a = operand(p), *b = partner(p, a);
    return wg_checkpoint(some_function, NULL, (wg_tensor *[]){a, b}, 2);
}

#include "matrix_kinds.h"

/* ---- the table ---- */

#define KIND(name, expression) {#name, kind_##name},
/* clang-format off */
static const struct kind kinds[] = {
    UNARY_KINDS(KIND) ZERO_KINK_KINDS(KIND) STEP_KINDS(KIND) BINARY_KINDS(KIND) CROSSING_KINDS(KIND) REDUCTION_KINDS(KIND)
    {"clamp", kind_clamp}, {"max", kind_max}, {"norm_1_and_inf", kind_norm_1_and_inf}, {"maxout", kind_maxout},
    {"sort", kind_sort}, {"topk", kind_topk}, {"max_pool2d", kind_max_pool2d}, {"huber", kind_huber}, {"reshape", kind_reshape},
    {"permute", kind_permute}, {"slice", kind_slice}, {"split", kind_split}, {"broadcast_to", kind_broadcast_to},
    {"squeeze", kind_squeeze}, {"unsqueeze", kind_unsqueeze}, {"flip", kind_flip}, {"diagonal", kind_diagonal},
    {"diag", kind_diag}, {"tril", kind_tril}, {"concat", kind_concat}, {"stack", kind_stack}, {"repeat", kind_repeat},
    {"pad", kind_pad}, {"cumsum", kind_cumsum}, {"gather", kind_gather}, {"scatter_add", kind_scatter_add},
    {"index_select", kind_index_select}, {"index_add", kind_index_add}, {"embedding", kind_embedding}, {"matmul", kind_matmul},
    {"matmul_broadcast", kind_matmul_broadcast}, {"matvec", kind_matvec}, {"addmm", kind_addmm}, {"linear", kind_linear},
    {"dot", kind_dot}, {"outer", kind_outer}, {"einsum", kind_einsum}, {"einsum_diagonal", kind_einsum_diagonal},
    {"cholesky", kind_cholesky}, {"triangular_solve", kind_triangular_solve}, {"solve", kind_solve}, {"inverse", kind_inverse},
    {"logdet", kind_logdet}, {"qr", kind_qr}, {"eigh", kind_eigh}, {"conv2d", kind_conv2d}, {"conv1d", kind_conv1d},
    {"conv_transpose2d", kind_conv_transpose2d}, {"avg_pool2d", kind_avg_pool2d}, {"layer_norm", kind_layer_norm},
    {"batch_norm", kind_batch_norm}, {"group_norm", kind_group_norm}, {"softmax", kind_softmax},
    {"log_softmax", kind_log_softmax}, {"attention", kind_attention}, {"cross_entropy", kind_cross_entropy},
    {"kl_div", kind_kl_div}, {"mse", kind_mse}, {"bce_with_logits", kind_bce_with_logits}, {"dropout", kind_dropout},
    {"checkpoint", kind_checkpoint}, {"planted", kind_planted},
};
/* clang-format on */

/* The planted kind is last. Before it are the kinds that a trace changes: dropout draws again in a rerun, and a checkpoint has
   no effect on a traced tape, so gradients are added in another order. */
enum { KINDS_PLANTED = sizeof kinds / sizeof *kinds, KINDS = KINDS_PLANTED - 1, KINDS_TRACEABLE = KINDS - 2 };

static const struct kind *draw_kind(struct run *p)
{
    const int i = draw(p, p->program->kinds);
    if (p->uses)
        p->uses[i]++;
    return &kinds[i];
}

#endif
