/* One step of Adam (Kingma, Ba, 2015): g ← g + λp; m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; p ← p - lr/(1-β₁ᵗ) m / (√v/k + ε) with
   k = √(1-β₂ᵗ). The last is computed as lr k/(1-β₁ᵗ) m / (√v + εk), as their section 2 recommends: one division per element
   instead of two. Decoupled weight decay (Loshchilov, Hutter, 2019) replaces the first assignment by p ← p (1 - lr λ). */
#include "ops/kernel.h"

#ifndef WG_ADAM_PARAMS
#define WG_ADAM_PARAMS
struct wg_adam_params {
    double beta1, beta2, eps, weight_decay;
    bool decoupled;
};
#endif

#ifdef REAL
/* The coefficients of one step, computed in f64. */
typedef struct {
    REAL beta1, beta2, rest1, rest2, rate, eps, decay;
    bool decoupled, decays;
} T(adam_step);

static inline __attribute__((always_inline)) void T(adam_elements)(int64_t n, char *const *at, int64_t sp, int64_t sm, int64_t sv,
                                                                   int64_t sg, const T(adam_step) k)
{
    ELEM *p = (ELEM *)(void *)at[0], *first = (ELEM *)(void *)at[1], *second = (ELEM *)(void *)at[2];
    const ELEM *gradient = (const ELEM *)(const void *)at[3];
    WG_LOOP(n) {
        REAL x = p[i * sp], g = gradient[i * sg];
        if (k.decays) {
            if (k.decoupled)
                x = x * k.decay;
            else
                g = g + k.decay * x;
        }
        const REAL m = k.beta1 * (REAL)first[i * sm] + k.rest1 * g;
        const REAL v = k.beta2 * (REAL)second[i * sv] + k.rest2 * g * g;
        first[i * sm] = m;
        second[i * sv] = v;
        p[i * sp] = x - k.rate * (m / (R(sqrt)(v) + k.eps));
    }
}

/* Contiguous operands have a loop with constant strides, which the compiler vectorises. */
static void T(adam_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const T(adam_step) *k = (const T(adam_step) *)params;
    if (s[0] == 1 && s[1] == 1 && s[2] == 1 && s[3] == 1)
        T(adam_elements)(n, at, 1, 1, 1, 1, *k);
    else
        T(adam_elements)(n, at, s[0], s[1], s[2], s[3], *k);
}

static wg_status T(adam_update)(const wg_call *c)
{
    const struct wg_adam_params *p = (const struct wg_adam_params *)c->params;
    const double lr = *(const double *)(const void *)c->in[4]->data, count = *(const double *)(const void *)c->in[5]->data;
    const double root = sqrt(1 - pow(p->beta2, count));
    T(adam_step) step;
    step.beta1 = (REAL)p->beta1;
    step.beta2 = (REAL)p->beta2;
    step.rest1 = (REAL)(1 - p->beta1);
    step.rest2 = (REAL)(1 - p->beta2);
    step.rate = (REAL)(lr * root / (1 - pow(p->beta1, count)));
    step.eps = (REAL)(p->eps * root);
    step.decoupled = p->decoupled;
    step.decays = p->weight_decay != 0;
    step.decay = (REAL)(p->decoupled ? 1 - lr * p->weight_decay : p->weight_decay);
    return wg_map_in_place(c, sizeof(ELEM), T(adam_row), &step);
}
#else
#define KERNEL_FILE "ops/update/adam_update.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    (void)out;
    WG_TRY(wg_check_same_layout(c, 4));
    WG_TRY(wg_check_scalar(c, 4));
    return wg_check_scalar(c, 5);
}

wg_status wg_adam_update(wg_tensor *p, wg_tensor *m, wg_tensor *v, wg_tensor *g, wg_tensor *lr, wg_tensor *count, double beta1,
                         double beta2, double eps, double weight_decay, bool decoupled)
{
    const struct wg_adam_params params = {beta1, beta2, eps, weight_decay, decoupled};
    wg_tensor *in[6] = {p, m, v, g, lr, count};
    WG_TRY(wg_check_number("adam_update", "beta1", beta1, WG_BELOW(0, 1)));
    WG_TRY(wg_check_number("adam_update", "beta2", beta2, WG_BELOW(0, 1)));
    WG_TRY(wg_check_number("adam_update", "eps", eps, WG_NOT_NEGATIVE));
    WG_TRY(wg_check_number("adam_update", "weight_decay", weight_decay, WG_NOT_NEGATIVE));
    return wg_invoke(&wg_op_adam_update, &params, in, 6, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    const struct wg_adam_params *p = c->params;
    const int decays = p->weight_decay != 0, coupled = decays && !p->decoupled;
    return wg_cost_update(c, 4 + coupled, 6 + decays, 1, 1);
}

#define SHAPES                                                              \
    {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4), {0}, {0}}, \
        .n = 6, .dtype = {[4] = WG_F64, [5] = WG_F64}, .low = {-1, -1, 0.1, -1, 0.01, 1}, .high = {1, 1, 1, 1, 0.1, 5}
const struct wg_op wg_op_adam_update = {
    .name = WG_REGISTERED("adam_update"),
    .params_size = sizeof(struct wg_adam_params),
    WG_PARAMS(WG_PARAM(REAL, struct wg_adam_params, beta1), WG_PARAM(REAL, struct wg_adam_params, beta2),
              WG_PARAM(REAL, struct wg_adam_params, eps), WG_PARAM_UNLESS(0, REAL, struct wg_adam_params, weight_decay),
              WG_PARAM_UNLESS(0, BOOL, struct wg_adam_params, decoupled)),
    .n_in = 6,
    .shape = shape,
    .kernels = KERNELS(adam_update),
    .cost = cost,
    .writes = WG_IN(0) | WG_IN(1) | WG_IN(2),
    WG_SAMPLES({"plain", SHAPES, .params = &(const struct wg_adam_params){0.9, 0.999, 1e-8, 0, false}},
               {"decay", SHAPES, .params = &(const struct wg_adam_params){0.9, 0.999, 1e-8, 0.01, false}},
               {"decoupled decay", SHAPES, .params = &(const struct wg_adam_params){0.9, 0.999, 1e-8, 0.01, true}}),
};
#undef SHAPES
#endif
