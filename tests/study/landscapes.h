/* Losses whose landscapes are known, for the tests of the instruments. */
#ifndef TEST_LANDSCAPES_H
#define TEST_LANDSCAPES_H

#include "common.h"

/* A landscape over the plane: x[0] holds (x, y). */
struct plane {
    wg_tensor *at;
    wg_study_loss loss;
};

static inline wg_tensor *coordinate(wg_tensor *const *x, int64_t i)
{
    return wg_select(x[0], 0, i);
}

/* x² + y² */
static inline wg_tensor *bowl(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_square(x[0]));
}

/* -x² - y² */
static inline wg_tensor *dome(wg_tensor *const *x, size_t n, void *context)
{
    return wg_neg(bowl(x, n, context));
}

/* x² - y² */
static inline wg_tensor *saddle(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sub(wg_square(coordinate(x, 0)), wg_square(coordinate(x, 1)));
}

/* x³ - 3xy² */
static inline wg_tensor *monkey(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *a = coordinate(x, 0), *b = coordinate(x, 1);
    return wg_sub(wg_pow_scalar(a, 3), wg_mul_scalar(wg_mul(a, wg_square(b)), 3));
}

/* x², the same for every y */
static inline wg_tensor *valley(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_square(coordinate(x, 0));
}

/* x⁴/4 - x³/3 - x² for y = 0: a local minimum at -1, a local maximum at 0, the global minimum at 2; and y². */
static inline wg_tensor *two_valleys(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *a = coordinate(x, 0), *b = coordinate(x, 1);
    wg_tensor *y = wg_sub(wg_mul_scalar(wg_pow_scalar(a, 4), 0.25), wg_mul_scalar(wg_pow_scalar(a, 3), 1.0 / 3));
    return wg_add(wg_sub(y, wg_square(a)), wg_square(b));
}

/* max(|x| - 1, 0)² + max(|y| - 1, 0)²: a plateau around 0 */
static inline wg_tensor *plateau(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_square(wg_relu(wg_add_scalar(wg_abs(x[0]), -1))));
}

/* 2x - 3y + 1, its own tangent plane */
static inline wg_tensor *tilted(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_add_scalar(wg_sub(wg_mul_scalar(coordinate(x, 0), 2), wg_mul_scalar(coordinate(x, 1), 3)), 1);
}

static inline struct plane plane_at(wg_function *f, double x, double y)
{
    struct plane p = {.at = made(wg_from(((double[]){x, y}), WG_SHAPE(2)))};
    p.loss = (wg_study_loss){.f = f};
    return p;
}

/* The loss refers to the struct's own list, so it is completed where the struct stands. */
#define PLANE(name, f, x, y)               \
    struct plane name = plane_at(f, x, y); \
    name.loss.params = (wg_tensor_list)    \
    {                                      \
        1, &name.at, NULL                  \
    }

/* ½ xᵀ diag(d) x over several parameters: n - n/3 elements in the first, the others in the second, so that the Hessian has the
   eigenvalues d. context: d, f64 (n). */
static inline wg_tensor *quadratic(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *all = wg_concat((wg_tensor *[]){x[0], x[n - 1]}, 2, 0);
    return wg_mul_scalar(wg_sum(wg_mul((wg_tensor *)context, wg_square(all))), 0.5);
}

/* A network on data: the mean squared error of an MLP with tanh. The closure reaches the parameters through the network. */
struct fit {
    wg_nn_module *net;
    wg_tensor *x, *y;
};

static inline wg_tensor *squared_error(wg_tensor *const *params, size_t n, void *context)
{
    (void)params, (void)n;
    const struct fit *fit = context;
    return wg_mean(wg_square(wg_sub(wg_nn_apply(fit->net, fit->x), fit->y)));
}

static inline struct fit fit_make(wg_sizes sizes, wg_dtype dtype, int64_t rows)
{
    struct fit fit = {.net = wg_nn_mlp(sizes, .activation = WG_ACTIVATION_TANH, .seed = 1, .dtype = dtype),
                      .x = numbers(dtype, WG_SHAPE(rows, sizes.size[0]), 2),
                      .y = numbers(dtype, WG_SHAPE(rows, sizes.size[sizes.count - 1]), 3)};
    assert_non_null(fit.net);
    return fit;
}

static inline void fit_free(struct fit *fit)
{
    wg_nn_destroy(fit->net);
    wg_free(fit->x);
    wg_free(fit->y);
}

#define FIT_LOSS(fit)                                                                \
    {                                                                                \
        .f = squared_error, .context = &(fit), .params = wg_nn_parameters((fit).net) \
    }

#endif
