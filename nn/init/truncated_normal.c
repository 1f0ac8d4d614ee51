/* The normal distribution between two bounds. */
#include "init.h"

#include "wengert/ops.h"

static wg_tensor *make(const struct nn_init *init)
{
    const wg_init_truncated_normal_options *o = init->options;
    return wg_truncated_normal(init->generator, init->dtype, init->shape, o->mean, o->deviation, o->low, o->high);
}

const struct nn_init_kind nn_init_truncated_normal_kind = {.make = make};
