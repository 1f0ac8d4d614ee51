/* Stochastic gradient descent with momentum. */
#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_status check(const wg_group_options *options)
{
    WG_TRY(check_rate("sgd", "momentum", options->momentum));
    if (!(options->dampening <= 1 && options->dampening >= -1))
        return wg_error_set(WG_E_ARGUMENT, "sgd", "sgd: dampening %g is not in -1..1", options->dampening);
    if (options->nesterov && (options->momentum <= 0 || options->dampening != 0))
        return wg_error_set(WG_E_ARGUMENT, "sgd", "sgd: nesterov wants momentum above 0 and dampening 0, not %g and %g",
                            options->momentum, options->dampening);
    if (options->beta1 != 0 || options->beta2 != 0 || options->eps != 0 || options->decoupled)
        return wg_error_set(WG_E_ARGUMENT, "sgd", "sgd: beta1, beta2, eps and decoupled are settings of adam");
    return WG_OK;
}

static bool needs_state(const wg_group_options *options, int index)
{
    return index == 0 && options->momentum != 0;
}

static wg_status update(const struct parameter *p, wg_tensor *gradient, wg_tensor *lr, const wg_group_options *options)
{
    return wg_sgd_update(p->tensor, p->state[0], gradient, lr, p->count, options->momentum, options->dampening,
                         options->weight_decay, options->nesterov);
}

static const struct optim_rule rule = {
    .name = "sgd", .state_name = {"v"}, .check = check, .needs_state = needs_state, .update = update};

wg_optim *wg_sgd_with(wg_tensor_list params, wg_sgd_options options)
{
    const wg_group_options group = {.lr = options.lr,
                                    .weight_decay = options.weight_decay,
                                    .momentum = options.momentum,
                                    .dampening = options.dampening,
                                    .nesterov = options.nesterov};
    return optim_create(&rule, params, group, options.keep_grads);
}
