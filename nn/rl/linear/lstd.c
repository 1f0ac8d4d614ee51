/* Least-squares temporal differences, and quadratic features. */
#include <math.h>
#include <stdlib.h>

#include "linear.h"
#include "wengert/error.h"
#include "wengert/ops.h"

struct question {
    wg_tensor *x, *next, *r;
    wg_rl_lstd_options options;
};

static wg_status result(wg_tensor *made, wg_tensor **out)
{
    *out = made;
    return made ? WG_OK : nn_first_error(WG_E_MEMORY);
}

/* ---- quadratic features ---- */

/* The upper triangle of z zᵀ, row by row: z_i z_j for i ≤ j. */
static wg_status quadratic(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    wg_tensor *both[] = {q->x, q->next}, *z = q->next == WG_NONE ? q->x : wg_concat(both, 2, 1);
    if (!z)
        return nn_first_error(WG_E_MEMORY);
    const int64_t rows = wg_extent(z, 0), n = wg_extent(z, 1);
    wg_tensor **part = calloc((size_t)n + 2, sizeof *part);
    if (!part)
        return nn_no_memory("rl_quadratic_features");
    part[0] = wg_ones(wg_dtype_of(z), WG_SHAPE(rows, 1)), part[1] = z;
    bool made = part[0] != NULL;
    for (int64_t i = 0; i < n && made; i++) {
        part[2 + i] = wg_mul(wg_slice(z, 1, i, i + 1, 1), wg_slice(z, 1, i, n, 1));
        made = part[2 + i] != NULL;
    }
    *out = made ? wg_concat(part, (size_t)n + 2, 1) : NULL;
    free(part);
    return *out ? WG_OK : nn_first_error(WG_E_MEMORY);
}

wg_tensor *wg_rl_quadratic_features(wg_tensor *s, wg_tensor *a)
{
    const char *op = "rl_quadratic_features";
    const struct question q = {.x = s, .next = a};
    wg_tensor *out = NULL;
    if (linear_check(s, 2, op, "s") != WG_OK || (a != WG_NONE && linear_check(a, 2, op, "a") != WG_OK))
        return NULL;
    return exact_run(quadratic, &q, &out, 1, op) == WG_OK ? out : NULL;
}

/* ---- least squares ---- */

static wg_status solve(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    const char *op = "rl_lstd";
    const int64_t n = wg_extent(q->x, 0), k = wg_extent(q->x, 1);
    if (n < k && q->options.ridge == 0)
        return wg_error_set(WG_E_NUMERIC, op, "%s: %lld transitions do not determine %lld weights: raise .ridge", op, (long long)n,
                            (long long)k);
    const double share = 1 / (double)n;
    wg_tensor *xt = wg_transpose(q->x, 0, 1), *difference = q->x;
    if (q->next != WG_NONE) {
        wg_tensor *follows = wg_mul_scalar(q->next, q->options.gamma);
        if (q->options.terminated != WG_NONE)
            follows = wg_mul(follows, wg_add_scalar(wg_neg(wg_reshape(q->options.terminated, WG_SHAPE(n, 1))), 1));
        difference = wg_sub(q->x, follows);
    }
    wg_tensor *left = wg_mul_scalar(wg_matmul(xt, difference), share),
              *right = wg_mul_scalar(wg_matmul(xt, exact_column(q->r)), share);
    if (q->options.ridge > 0)
        left = wg_add(left, wg_mul_scalar(exact_eye(k), q->options.ridge));
    wg_tensor *w = wg_solve(left, right);
    return result(w ? wg_reshape(w, WG_SHAPE(k)) : NULL, out);
}

static wg_status check(const struct question *q, const char *op)
{
    WG_TRY(exact_check(q->x, WG_SHAPE(-1, -1), op, "features"));
    const int64_t n = wg_extent(q->x, 0);
    if (q->next != WG_NONE)
        WG_TRY(exact_check(q->next, WG_SHAPE(n, wg_extent(q->x, 1)), op, "next features"));
    WG_TRY(exact_check(q->r, WG_SHAPE(n), op, "rewards"));
    if (q->options.terminated != WG_NONE)
        WG_TRY(exact_check(q->options.terminated, WG_SHAPE(n), op, "terminated"));
    WG_TRY(linear_check_gamma(q->options.gamma, op));
    return linear_check_rate(q->options.ridge, op, "ridge");
}

wg_tensor *wg_rl_lstd_with(wg_tensor *features, wg_tensor *next, wg_tensor *rewards, wg_rl_lstd_options options)
{
    const char *op = "rl_lstd";
    const struct question q = {features, next, rewards, options};
    wg_tensor *out = NULL;
    if (check(&q, op) != WG_OK)
        return NULL;
    return exact_run(solve, &q, &out, 1, op) == WG_OK ? out : NULL;
}
