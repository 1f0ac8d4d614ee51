/* Workloads W16: one step of an optimizer on given gradients, of 10 million parameters in 40 tensors and of 2,000 in 20. */
#include "bench.h"

enum { MOST_TENSORS = 40 };

struct rule_settings {
    wg_optim *(*make)(wg_tensor_list params);
    int64_t tensors, extents[2];
};

struct optimizing {
    struct subject base;
    wg_optim *opt;
    wg_tensor *p[MOST_TENSORS];
    int64_t n;
};

static wg_status make(void *subject, const void *settings)
{
    struct optimizing *o = subject;
    const struct rule_settings *of = settings;
    WG_TRY(subject_begin(&o->base, WG_F32));
    for (o->n = 0; o->n < of->tensors; o->n++) {
        wg_tensor *p = o->p[o->n] = DRAWN(&o->base, of->extents[0], of->extents[1]),
                  *g = DRAWN(&o->base, of->extents[0], of->extents[1]);
        if (!p || !g || !wg_set_requires_grad(p, true))
            return failure();
        WG_TRY(wg_add_gradient(p, g));
        wg_free(g);
    }
    const wg_tensor_list params = {(size_t)o->n, o->p, NULL};
    o->opt = of->make(params);
    WG_TRY(o->opt ? WG_OK : failure());
    WG_TRY(subject_remember_list(&o->base, params));
    return subject_remember_list(&o->base, wg_optim_state(o->opt));
}

/* The loss is Σp of the first tensor, before the step. */
static wg_status step(void *subject)
{
    struct optimizing *o = subject;
    if (!o->base.report)
        return wg_optim_step(o->opt);
    WG_TAPE(tape);
    WG_NO_GRAD;
    WG_TRY(subject_report(&o->base, wg_sum(o->p[0])));
    return wg_optim_step(o->opt);
}

static void finish(void *subject)
{
    struct optimizing *o = subject;
    wg_optim_destroy(o->opt);
    for (int64_t i = 0; i < MOST_TENSORS; i++)
        wg_free(o->p[i]);
    subject_finish(&o->base);
}

#define MAKER(rule, ...)                                \
    static wg_optim *make_##rule(wg_tensor_list params) \
    {                                                   \
        return __VA_ARGS__;                             \
    }
#define RULE(rule, ...)                                                   \
    MAKER(rule, wg_optim_##rule(params, .keep_grads = true, __VA_ARGS__)) \
    SIZE(rule, 1e7, 40, 500, 500)                                         \
    SIZE(rule, 2e3, 20, 10, 10)
#define SIZE(rule, count_, tensors, rows, columns)                                                          \
    static const struct rule_settings rule##_##count_##_settings = {make_##rule, tensors, {rows, columns}}; \
    const struct workload w16_##rule##_##count_ = {.name = "W16_" #rule "_" #count_,                        \
                                                   .size = sizeof(struct optimizing),                       \
                                                   .make = make,                                            \
                                                   .step = step,                                            \
                                                   .finish = finish,                                        \
                                                   .settings = &rule##_##count_##_settings,                 \
                                                   .counted = "parameters",                                 \
                                                   .per = "ns_per_parameter",                               \
                                                   .count = count_};

RULE(sgd, .momentum = 0.9)
RULE(adam, .weight_decay = 0)
RULE(adamw, .weight_decay = 0.01)
RULE(rmsprop, .lr = 1e-3)
RULE(lion, .weight_decay = 0.01)
RULE(lamb, .weight_decay = 0.01)
RULE(adafactor, .lr = 0.01)

/* Its products take square matrices of 1024 rows, and 10 of them are 10.5 million parameters. */
MAKER(muon, wg_optim_muon(params, .keep_grads = true, .lr = 0.02))
SIZE(muon, 1e7, 10, 1024, 1024)
SIZE(muon, 2e3, 20, 10, 10)

/* The rules of two kernels as chains of stages. */
#define CHAIN(...) \
    wg_optim_chain_with(params, (wg_stage *[]){__VA_ARGS__}, sizeof((wg_stage *[]){__VA_ARGS__}) / sizeof(wg_stage *), true)
MAKER(chain_sgd, CHAIN(wg_stage_momentum(.momentum = 0.9), wg_stage_rate(.lr = 0.01)))
SIZE(chain_sgd, 1e7, 40, 500, 500)
SIZE(chain_sgd, 2e3, 20, 10, 10)
MAKER(chain_adamw, CHAIN(wg_stage_adam(), wg_stage_decay(.weight_decay = 0.01), wg_stage_rate(.lr = 1e-3)))
SIZE(chain_adamw, 1e7, 40, 500, 500)
SIZE(chain_adamw, 2e3, 20, 10, 10)
