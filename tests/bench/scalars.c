/* Workload W7: graphs of scalars in f64, each a tensor of rank 0, as tapes of C++ operator overloading record them. Counted as
   operations are the additions, subtractions, multiplications, squares and tanh of the forward program, each once; the
   gradient's work and the leaves are not counted. */
#include <stdlib.h>

#include "bench.h"

enum { FACTORS = 1000, VARIABLES = 100000, INPUTS = 16, HIDDEN = 32 };

struct scalars {
    struct subject base;
    size_t n;
    wg_tensor **x;            /* the variables */
    wg_tensor *input[INPUTS]; /* the perceptron's constant inputs */
};

static void finish(void *subject)
{
    struct scalars *s = subject;
    for (size_t i = 0; i < s->n; i++)
        wg_free(s->x[i]);
    for (int i = 0; i < INPUTS; i++)
        wg_free(s->input[i]);
    free(s->x);
    subject_finish(&s->base);
}

static wg_status begin(struct scalars *s, size_t n)
{
    WG_TRY(subject_begin(&s->base, WG_F64));
    s->x = calloc(n, sizeof *s->x);
    return s->x ? WG_OK : failure();
}

static wg_status add_variable(struct scalars *s, wg_tensor *x)
{
    if (!x || !wg_set_requires_grad(x, true))
        return failure();
    s->x[s->n++] = x;
    return WG_OK;
}

/* Adds n variables, uniform in [low, high). */
static wg_status add_drawn(struct scalars *s, size_t n, double low, double high)
{
    wg_tensor *numbers = drawn(&s->base, WG_F64, WG_SHAPE((int64_t)n), low, high);
    const double *number = numbers ? wg_data(numbers) : NULL;
    wg_status status = number ? WG_OK : failure();
    for (size_t i = 0; i < n && status == WG_OK; i++)
        status = add_variable(s, wg_scalar(WG_F64, number[i]));
    wg_free(numbers);
    return status;
}

static wg_status remember_variables(struct scalars *s)
{
    return subject_remember(&s->base, s->x, s->n);
}

/* Computes the gradient with respect to every variable, in place of the previous one. */
static wg_status differentiate(struct scalars *s, wg_tensor *loss)
{
    for (size_t i = 0; i < s->n; i++)
        wg_clear_gradient(s->x[i]);
    WG_TRY(subject_report(&s->base, loss));
    return wg_backward(loss);
}

/* ---- a: the product of 1,000 scalars, 999 operations (Speelpenning, 1980) ---- */

static wg_status make_product(void *subject, const void *settings)
{
    (void)settings;
    WG_TRY(begin(subject, FACTORS));
    WG_TRY(add_drawn(subject, FACTORS, 0.9, 1.1));
    return remember_variables(subject);
}

static wg_status product(void *subject)
{
    struct scalars *s = subject;
    WG_TAPE(tape);
    wg_tensor *y = s->x[0];
    for (int i = 1; i < FACTORS; i++)
        y = wg_mul(y, s->x[i]);
    return differentiate(s, y);
}

/* ---- b: Σ 100 (v - u²)² + (1 - u)² over neighbours u, v: eight operations each; the first has one less, as it is not added to
   anything ---- */

static wg_status make_rosenbrock(void *subject, const void *settings)
{
    (void)settings;
    WG_TRY(begin(subject, VARIABLES));
    for (int i = 0; i < VARIABLES; i++)
        WG_TRY(add_variable(subject, wg_scalar(WG_F64, 2.0 * i / (VARIABLES - 1) - 1)));
    return remember_variables(subject);
}

static wg_tensor *rosenbrock_term(wg_tensor *u, wg_tensor *v)
{
    wg_tensor *valley = wg_mul_scalar(wg_square(wg_sub(v, wg_square(u))), 100);
    return wg_add(valley, wg_square(wg_add_scalar(u, -1)));
}

static wg_status rosenbrock(void *subject)
{
    struct scalars *s = subject;
    WG_TAPE(tape);
    wg_tensor *y = rosenbrock_term(s->x[0], s->x[1]);
    for (int i = 1; i + 1 < VARIABLES; i++)
        y = wg_add(y, rosenbrock_term(s->x[i], s->x[i + 1]));
    return differentiate(s, y);
}

/* ---- c: a 16-32-1 perceptron with tanh, with respect to its weights: a multiplication and an addition for each weight, and the
   tanh ---- */

enum { PER_UNIT = INPUTS + 1, WEIGHTS = HIDDEN * PER_UNIT + HIDDEN + 1 }; /* each unit's bias precedes its weights */

static wg_status make_perceptron(void *subject, const void *settings)
{
    struct scalars *s = subject;
    (void)settings;
    WG_TRY(begin(s, WEIGHTS));
    WG_TRY(add_drawn(s, HIDDEN * PER_UNIT, -0.25, 0.25));
    WG_TRY(add_drawn(s, HIDDEN + 1, -0.2, 0.2));
    for (int i = 0; i < INPUTS; i++) {
        s->input[i] = wg_scalar(WG_F64, (i + 0.5) / INPUTS);
        if (!s->input[i])
            return failure();
    }
    return remember_variables(s);
}

/* bias + Σ w x */
static wg_tensor *unit(wg_tensor *const *w, wg_tensor *const *x, int n)
{
    wg_tensor *y = w[0];
    for (int i = 0; i < n; i++)
        y = wg_add(y, wg_mul(w[1 + i], x[i]));
    return y;
}

static wg_status perceptron(void *subject)
{
    struct scalars *s = subject;
    wg_tensor *hidden[HIDDEN];
    WG_TAPE(tape);
    for (int i = 0; i < HIDDEN; i++)
        hidden[i] = wg_tanh(unit(s->x + i * PER_UNIT, s->input, INPUTS));
    return differentiate(s, unit(s->x + HIDDEN * PER_UNIT, hidden, HIDDEN));
}

#define SCALARS(id, title, make_it, function, operations)       \
    const struct workload id = {.name = title,                  \
                                .size = sizeof(struct scalars), \
                                .make = make_it,                \
                                .step = function,               \
                                .finish = finish,               \
                                .counted = "operations",        \
                                .per = "ns_per_op",             \
                                .count = operations}

SCALARS(w7a, "W7a", make_product, product, FACTORS - 1);
SCALARS(w7b, "W7b", make_rosenbrock, rosenbrock, 8.0 * (VARIABLES - 1) - 1);
SCALARS(w7c, "W7c", make_perceptron, perceptron, 2.0 * (HIDDEN * INPUTS + HIDDEN) + HIDDEN);
