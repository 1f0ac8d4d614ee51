/* The normal distribution. */
#include "init.h"

#include "wengert/ops.h"

static wg_tensor *make(const struct nn_init *init)
{
    const wg_init_normal_options *o = init->options;
    return wg_normal(init->generator, init->dtype, init->shape, o->mean, o->deviation);
}

const struct nn_init_kind nn_init_normal_kind = {.make = make};
