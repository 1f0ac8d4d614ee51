/* One step of gradient descent as in PyTorch: g ← g + λp; v ← μv + (1-τ)g, but v ← g at the first step; d ← g + μv with
   nesterov, v without, g without momentum; p ← p - lr d. */
#include "ops/kernel.h"

#ifndef WG_SGD_PARAMS
#define WG_SGD_PARAMS
struct wg_sgd_params {
    double momentum, dampening, weight_decay;
    bool nesterov;
};
#endif

#ifdef REAL
/* The coefficients of one step. */
typedef struct {
    REAL lr, momentum, share, decay;
    bool first, nesterov, decays;
} T(sgd_step);

static inline __attribute__((always_inline)) void T(sgd_elements)(int64_t n, char *const *at, int64_t sp, int64_t sv, int64_t sg,
                                                                  bool momentum, const T(sgd_step) k)
{
    ELEM *p = (ELEM *)(void *)at[0], *velocity = (ELEM *)(void *)at[1];
    const ELEM *gradient = (const ELEM *)(const void *)at[2];
    WG_LOOP(n) {
        const REAL x = p[i * sp];
        REAL g = gradient[i * sg];
        if (k.decays)
            g = g + k.decay * x;
        if (momentum) {
            REAL v = g; /* the first step does not read the buffer */
            if (!k.first)
                v = k.momentum * (REAL)velocity[i * sv] + k.share * g;
            velocity[i * sv] = v;
            g = k.nesterov ? g + k.momentum * v : v;
        }
        p[i * sp] = x - k.lr * g;
    }
}

/* Contiguous operands have a loop with constant strides, which the compiler vectorises. */
static void T(sgd_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const T(sgd_step) *k = (const T(sgd_step) *)params;
    if (!at[1] && s[0] == 1 && s[2] == 1)
        T(sgd_elements)(n, at, 1, 0, 1, false, *k);
    else if (!at[1])
        T(sgd_elements)(n, at, s[0], 0, s[2], false, *k);
    else if (s[0] == 1 && s[1] == 1 && s[2] == 1)
        T(sgd_elements)(n, at, 1, 1, 1, true, *k);
    else
        T(sgd_elements)(n, at, s[0], s[1], s[2], true, *k);
}

static wg_status T(sgd_update)(const wg_call *c)
{
    const struct wg_sgd_params *p = (const struct wg_sgd_params *)c->params;
    const double lr = *(const double *)(const void *)c->in[3]->data, count = *(const double *)(const void *)c->in[4]->data;
    T(sgd_step) step;
    step.lr = (REAL)lr;
    step.momentum = (REAL)p->momentum;
    step.share = (REAL)(1 - p->dampening);
    step.decay = (REAL)p->weight_decay;
    step.first = count <= 1;
    step.nesterov = p->nesterov;
    step.decays = p->weight_decay != 0;
    return wg_map_in_place(c, sizeof(ELEM), T(sgd_row), &step);
}
#else
#define KERNEL_FILE "ops/update/sgd_update.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    (void)out;
    WG_TRY(wg_check_same_layout(c, 3));
    WG_TRY(wg_check_scalar(c, 3));
    return wg_check_scalar(c, 4);
}

wg_status wg_sgd_update(wg_tensor *p, wg_tensor *v, wg_tensor *g, wg_tensor *lr, wg_tensor *count, double momentum,
                        double dampening, double weight_decay, bool nesterov)
{
    const struct wg_sgd_params params = {momentum, dampening, weight_decay, nesterov};
    wg_tensor *in[5] = {p, v, g, lr, count};
    WG_TRY(wg_check_number("sgd_update", "momentum", momentum, WG_NOT_NEGATIVE));
    WG_TRY(wg_check_number("sgd_update", "dampening", dampening, WG_CLOSED(-1, 1)));
    WG_TRY(wg_check_number("sgd_update", "weight_decay", weight_decay, WG_NOT_NEGATIVE));
    return wg_invoke(&wg_op_sgd_update, &params, in, 5, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    const struct wg_sgd_params *p = c->params;
    const bool momentum = !wg_absent(c->in[1]), first = momentum && *(const double *)(const void *)c->in[4]->data <= 1;
    const int fused = 1 + (p->weight_decay != 0) + (momentum && p->nesterov) + (momentum && !first);
    /* each is a multiplication and an addition; the momentum update has one more multiplication */
    wg_cost cost = wg_cost_update(c, fused, fused + (momentum && !first), 0, 0);
    if (first)
        cost.bytes_read -= (double)c->in[1]->numel * (double)wg_dtype_size((wg_dtype)c->in[1]->dtype);
    return cost;
}

#define SHAPES {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4), {0}, {0}}, .n = 5, .dtype = {[3] = WG_F64, [4] = WG_F64}
const struct wg_op wg_op_sgd_update = {
    .name = WG_REGISTERED("sgd_update"),
    .params_size = sizeof(struct wg_sgd_params),
    WG_PARAMS(WG_PARAM_UNLESS(0, REAL, struct wg_sgd_params, momentum), WG_PARAM_UNLESS(0, REAL, struct wg_sgd_params, dampening),
              WG_PARAM_UNLESS(0, REAL, struct wg_sgd_params, weight_decay),
              WG_PARAM_UNLESS(0, BOOL, struct wg_sgd_params, nesterov)),
    .n_in = 5,
    .optional = WG_IN(1),
    .shape = shape,
    .kernels = KERNELS(sgd_update),
    .cost = cost,
    .writes = WG_IN(0) | WG_IN(1),
    WG_SAMPLES({"plain", SHAPES, .low = {-1, -1, -1, 0.01, 2}, .high = {1, 1, 1, 0.1, 5},
                .params = &(const struct wg_sgd_params){0, 0, 0, false}, .none = WG_IN(1)},
               {"decay", SHAPES, .low = {-1, -1, -1, 0.01, 2}, .high = {1, 1, 1, 0.1, 5},
                .params = &(const struct wg_sgd_params){0, 0, 0.01, false}, .none = WG_IN(1)},
               {"momentum", SHAPES, .low = {-1, -1, -1, 0.01, 2}, .high = {1, 1, 1, 0.1, 5},
                .params = &(const struct wg_sgd_params){0.9, 0.1, 0.01, false}},
               {"first step", SHAPES, .low = {-1, -1, -1, 0.01, 1}, .high = {1, 1, 1, 0.1, 1},
                .params = &(const struct wg_sgd_params){0.9, 0.1, 0, false}},
               {"nesterov", SHAPES, .low = {-1, -1, -1, 0.01, 2}, .high = {1, 1, 1, 0.1, 5},
                .params = &(const struct wg_sgd_params){0.9, 0, 0.01, true}}),
};
#undef SHAPES
#endif
