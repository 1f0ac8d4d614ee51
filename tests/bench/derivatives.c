/* What second derivatives cost: the Hessian of a 2-10-1 tanh network (41 parameters, 64 points, f64), and a Hessian-vector product of
   784-256-128-10 (batch 128, f32) beside its gradient. derivatives_torch.py does the same in PyTorch.
   usage: bench-derivatives [THREADS]    medians of a few hundred runs, in microseconds */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wengert.h"

enum { LAYERS = 3, WEIGHTS = 2 * LAYERS, SMALL = 4, RUNS = 300 };

struct data {
    wg_tensor *points, *targets;
};

static wg_tensor *small_network(wg_tensor *const *p, size_t n, void *context)
{
    const struct data *data = context;
    (void)n;
    wg_tensor *h = wg_tanh(wg_linear(data->points, p[0], p[1]));
    return wg_mean(wg_square(wg_sub(wg_linear(h, p[2], p[3]), data->targets)));
}

static wg_tensor *classifier(wg_tensor *const *p, size_t n, void *context)
{
    const struct data *data = context;
    wg_tensor *h = data->points;
    (void)n;
    for (int i = 0; i < LAYERS; i++) {
        h = wg_linear(h, p[2 * i], p[2 * i + 1]);
        h = i + 1 < LAYERS ? wg_relu(h) : h;
    }
    return wg_cross_entropy(h, data->targets);
}

static wg_tensor *drawn(wg_dtype dtype, wg_shape shape)
{
    return wg_normal(wg_default_generator(), dtype, shape, 0, 0.05);
}

static wg_tensor *parameter(wg_dtype dtype, wg_shape shape)
{
    return wg_require_grad(drawn(dtype, shape), true);
}

static void free_all(wg_tensor **t, int n)
{
    for (int i = 0; i < n; i++)
        wg_free(t[i]);
}

/* ---- timing ---- */

static double microseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct subject {
    struct data data;
    wg_tensor *p[WEIGHTS], *v[WEIGHTS];
};
typedef wg_status timed(struct subject *s);

static double median_of(timed *what, struct subject *s)
{
    static double sample[RUNS];
    for (int i = 0; i < RUNS; i++) {
        const double start = microseconds();
        if (what(s) != WG_OK)
            exit(wg_report(stderr));
        sample[i] = microseconds() - start;
    }
    qsort(sample, RUNS, sizeof *sample, ascending);
    return sample[RUNS / 2];
}

static wg_status hessian(struct subject *s)
{
    wg_tensor *h[SMALL * SMALL];
    const wg_status status = wg_hessian(small_network, &s->data, s->p, SMALL, h);
    if (status == WG_OK)
        free_all(h, SMALL * SMALL);
    return status;
}

static wg_status gradient(struct subject *s)
{
    wg_tensor *g[WEIGHTS];
    WG_TAPE(tape);
    return wg_grad_many(classifier(s->p, WEIGHTS, &s->data), s->p, WEIGHTS, g);
}

static wg_status product(struct subject *s)
{
    wg_tensor *hv[WEIGHTS];
    const wg_status status = wg_hvp(classifier, &s->data, s->p, WEIGHTS, s->v, NULL, NULL, hv);
    if (status == WG_OK)
        free_all(hv, WEIGHTS);
    return status;
}

int main(int argc, char **argv)
{
    static const int64_t width[LAYERS + 1] = {784, 256, 128, 10};
    struct subject s = {.data = {drawn(WG_F64, WG_SHAPE(64, 2)), drawn(WG_F64, WG_SHAPE(64, 1))},
                        .p = {parameter(WG_F64, WG_SHAPE(10, 2)), parameter(WG_F64, WG_SHAPE(10)),
                              parameter(WG_F64, WG_SHAPE(1, 10)), parameter(WG_F64, WG_SHAPE(1))}};
    if (wg_set_threads(argc > 1 ? atoi(argv[1]) : 1) != WG_OK)
        return wg_report(stderr);
    printf("Hessian, 41 parameters      %8.1f us\n", median_of(hessian, &s));
    free_all(s.p, SMALL);
    wg_free(s.data.points), wg_free(s.data.targets);

    s.data = (struct data){drawn(WG_F32, WG_SHAPE(128, 784)), wg_zeros(WG_I64, WG_SHAPE(128))};
    for (int i = 0; i < LAYERS; i++) {
        s.p[2 * i] = parameter(WG_F32, WG_SHAPE(width[i + 1], width[i]));
        s.p[2 * i + 1] = parameter(WG_F32, WG_SHAPE(width[i + 1]));
        s.v[2 * i] = drawn(WG_F32, WG_SHAPE(width[i + 1], width[i]));
        s.v[2 * i + 1] = drawn(WG_F32, WG_SHAPE(width[i + 1]));
    }
    const double one = median_of(gradient, &s), two = median_of(product, &s);
    printf("gradient, 784-256-128-10    %8.1f us\n", one);
    printf("Hessian-vector product      %8.1f us   %.2f gradients\n", two, two / one);
    free_all(s.p, WEIGHTS);
    free_all(s.v, WEIGHTS);
    wg_free(s.data.points), wg_free(s.data.targets);
    return 0;
}
