/* Workloads W8, passes over long vectors, and W9, a long chain of operations on 16 elements, whose time is the cost of a node. */
#include "bench.h"

enum { LINKS = 10000 };

struct vectors {
    struct subject base;
    wg_tensor *x[3];
};

static wg_status make(void *subject, const void *settings)
{
    struct vectors *v = subject;
    const int64_t *extent = settings; /* the number of vectors, and their length */
    WG_TRY(subject_begin(&v->base, WG_F32));
    for (int64_t i = 0; i < extent[0]; i++) {
        v->x[i] = DRAWN(&v->base, extent[1]);
        if (!v->x[i] || !wg_set_requires_grad(v->x[i], true))
            return failure();
    }
    return subject_remember(&v->base, v->x, (size_t)extent[0]);
}

/* Σ tanh(a b + c) sigmoid(a) and its gradient with respect to all three. A tensor that is read once is overwritten or released
   at once. */
static wg_status passes(void *subject)
{
    struct vectors *v = subject;
    wg_tensor *a = v->x[0], *b = v->x[1], *c = v->x[2];
    wg_clear_gradient(a), wg_clear_gradient(b), wg_clear_gradient(c);
    WG_TAPE(tape);
    wg_tensor *t = wg_tanh(wg_donate(wg_add(wg_donate(wg_mul(a, b)), c)));
    wg_tensor *products = wg_mul(t, wg_sigmoid(a)), *loss = wg_sum(products);
    wg_drop(products);
    WG_TRY(subject_report(&v->base, loss));
    return wg_backward(loss);
}

static wg_status chain(void *subject)
{
    struct vectors *v = subject;
    wg_clear_gradient(v->x[0]);
    WG_TAPE(tape);
    wg_tensor *x = v->x[0];
    for (int i = 0; i < LINKS; i++)
        x = wg_add_scalar(wg_mul_scalar(x, 0.999), 0.001);
    wg_tensor *loss = wg_sum(x);
    WG_TRY(subject_report(&v->base, loss));
    return wg_backward(loss);
}

static void finish(void *subject)
{
    struct vectors *v = subject;
    for (int i = 0; i < 3; i++)
        wg_free(v->x[i]);
    subject_finish(&v->base);
}

static const int64_t three_of_1e6[] = {3, 1000000}, three_of_1e7[] = {3, 10000000}, one_of_16[] = {1, 16};

#define VECTORS(id, title, function, extent, what, unit, n)     \
    const struct workload id = {.name = title,                  \
                                .size = sizeof(struct vectors), \
                                .make = make,                   \
                                .step = function,               \
                                .finish = finish,               \
                                .settings = extent,             \
                                .counted = what,                \
                                .per = unit,                    \
                                .count = n}

VECTORS(w8_1e6, "W8_1e6", passes, three_of_1e6, "elements", "ns_per_element", 1e6);
VECTORS(w8_1e7, "W8_1e7", passes, three_of_1e7, "elements", "ns_per_element", 1e7);
VECTORS(w9, "W9", chain, one_of_16, "nodes", "ns_per_node", 2.0 * LINKS);
