/* Adam, and AdamW, which decays the weights apart from the gradient. */
#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_status check(const wg_group_options *options)
{
    const double beta[2] = {options->beta1, options->beta2};
    for (int i = 0; i < 2; i++)
        if (!(beta[i] >= 0 && beta[i] < 1))
            return wg_error_set(WG_E_ARGUMENT, "adam", "adam: beta%d %g is not in 0..1, below 1", i + 1, beta[i]);
    WG_TRY(check_rate("adam", "eps", options->eps));
    if (options->momentum != 0 || options->dampening != 0 || options->nesterov)
        return wg_error_set(WG_E_ARGUMENT, "adam", "adam: momentum, dampening and nesterov are settings of sgd");
    return WG_OK;
}

static bool needs_state(const wg_group_options *options, int index)
{
    (void)options;
    return index < 2;
}

static wg_status update(const struct parameter *p, wg_tensor *gradient, wg_tensor *lr, const wg_group_options *options)
{
    return wg_adam_update(p->tensor, p->state[0], p->state[1], gradient, lr, p->count, options->beta1, options->beta2, options->eps,
                          options->weight_decay, options->decoupled);
}

static const struct optim_rule rule = {
    .name = "adam", .state_name = {"m", "v"}, .check = check, .needs_state = needs_state, .update = update};

wg_optim *wg_adam_with(wg_tensor_list params, wg_adam_options options)
{
    const wg_group_options group = {.lr = options.lr,
                                    .weight_decay = options.weight_decay,
                                    .beta1 = options.beta1,
                                    .beta2 = options.beta2,
                                    .eps = options.eps,
                                    .decoupled = options.decoupled};
    return optim_create(&rule, params, group, options.keep_grads);
}
