/* AdamW, Adam with decoupled weight decay: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_status update(const struct parameter *p, wg_tensor *gradient, wg_tensor *lr, const void *options)
{
    const wg_optim_adamw_options *o = options;
    return wg_adam_update(p->tensor, p->state[0], p->state[1], gradient, lr, p->count, o->beta1, o->beta2, o->eps, o->weight_decay,
                          true);
}

const struct optim_rule optim_adamw_rule = {.name = "adamw", .state_name = {"m", "v"}, .update = update};
