/* Actions: functions that are differentiated as a whole, and checkpoints. */
#include "world.h"

/* The behaviour of a function, determined by its seed so that it can run again, and a tensor that it captures. */
struct behaviour {
    uint64_t seed;
    int way;
    wg_tensor *captured;
};

static uint64_t next(uint64_t *state)
{
    return *state = *state * 6364136223846793005u + 1442695040888963407u;
}

wg_tensor *random_expression(uint64_t seed, wg_tensor *const *x, size_t n)
{
    wg_tensor *y = x[0];
    for (uint64_t steps = 1 + (next(&seed) >> 33) % 5; steps > 0; steps--) {
        wg_tensor *other = x[(next(&seed) >> 33) % n];
        switch ((next(&seed) >> 33) % 10) {
        case 0:
            y = wg_add(y, other);
            break;
        case 1:
            y = wg_mul(y, other);
            break;
        case 2:
            y = wg_tanh(y);
            break;
        case 3:
            y = wg_cast(y, WG_F64);
            break;
        case 4:
            y = wg_cast(y, WG_F32);
            break;
        case 5:
            y = wg_square(wg_donate(y));
            break;
        case 6:
            y = wg_sum(y, .axis = 0, .keepdims = true);
            break;
        case 7:
            y = wg_add(y, wg_normal(wg_generator_default(), wg_dtype_of(y), WG_SCALAR, 0, 1));
            break;
        case 8:
            y = wg_sigmoid(wg_mul_scalar(y, 0.5));
            break;
        default:
            y = wg_detach(y);
        }
    }
    return y;
}

static wg_tensor *f(wg_tensor *const *x, size_t n, void *context)
{
    const struct behaviour *b = context;
    switch (b->way) {
    case 1:
        return NULL;
    case 2:
        wg_tape_open();
        return wg_sum(x[0]);
    case 3: {
        wg_tensor *own = wg_keep(x[0]);
        wg_tensor *y = wg_mul(x[0], own);
        wg_free(own);
        return y;
    }
    case 4:
        return wg_mul(x[0], b->captured);
    case 5:
        return x[n - 1];
    case 6:
        return b->captured;
#ifndef FUZZ_SANITIZED /* a sanitizer would report the use of a dangling handle, as it should */
    case 7: {
        WG_TAPE(inner);
        return wg_sum(x[0]); /* closed with the inner tape */
    }
#endif
    default:
        return wg_sum(random_expression(b->seed, x, n));
    }
}

static void make(struct world *w, struct behaviour *b, wg_tensor **x)
{
    *b = (struct behaviour){draw(w), chance(w, 70) ? 0 : below(w, 8), any_handle(w)};
    x[0] = any_handle(w);
    x[1] = any_handle(w);
    say(w, "way %d of %p %p\n", b->way, (void *)x[0], (void *)x[1]);
}

/* Adopts the results of a successful call: WG_NONE for an operand without a derivative. */
static void adopt_all(struct world *w, wg_tensor **t, int n)
{
    for (int i = 0; i < n; i++)
        adopt(w, t[i]);
}

static void vjp(struct world *w)
{
    struct behaviour b;
    wg_tensor *x[2], *y = NULL, *g[2] = {0};
    make(w, &b, x);
    const int n = 1 + below(w, 2);
    if (judged(w, wg_vjp(f, &b, x, (size_t)n, chance(w, 80) ? WG_NONE : any_handle(w), &y, g)) != WG_OK)
        return;
    adopt_all(w, &y, 1);
    adopt_all(w, g, n);
}

static void jvp(struct world *w)
{
    struct behaviour b;
    wg_tensor *x[2], *t[2], *y = NULL, *ty = NULL;
    make(w, &b, x);
    const int n = 1 + below(w, 2);
    for (int i = 0; i < n; i++)
        t[i] = chance(w, 70) ? x[i] : WG_NONE;
    if (judged(w, wg_jvp(f, &b, x, (size_t)n, t, &y, &ty)) != WG_OK)
        return;
    adopt_all(w, &y, 1);
    adopt_all(w, &ty, 1);
}

static void hvp(struct world *w)
{
    struct behaviour b;
    wg_tensor *x[2], *g[2] = {0}, *hv[2] = {0};
    make(w, &b, x);
    const int n = 1 + below(w, 2);
    if (judged(w, wg_hvp(f, &b, x, (size_t)n, x, NULL, g, hv)) != WG_OK)
        return;
    adopt_all(w, g, n);
    adopt_all(w, hv, n);
}

static void matrices(struct world *w)
{
    struct behaviour b;
    wg_tensor *x[2], *j[4] = {0};
    make(w, &b, x);
    const int n = 1 + below(w, 2);
    const bool hessian = chance(w, 40);
    if (judged(w, hessian ? wg_hessian(f, &b, x, (size_t)n, j) : wg_jacobian(f, &b, x, (size_t)n, j)) == WG_OK)
        adopt_all(w, j, hessian ? n * n : n);
}

/* The function's context must live as long as the tape: contexts are in a ring that is longer than a sequence. */
static void checkpoint(struct world *w)
{
    static struct behaviour behaviours[64];
    static int at;
    struct behaviour *b = &behaviours[at++ % 64];
    wg_tensor *x[2];
    make(w, b, x);
    adopt(w, wg_checkpoint(f, b, x, (size_t)(1 + below(w, 2))));
}

const struct action function_actions[] = {
    {"vjp", 3, vjp}, {"jvp", 3, jvp}, {"hvp", 3, hvp}, {"a matrix", 3, matrices}, {"checkpoint", 4, checkpoint}, {0},
};
