/* The uniform distribution on [low, high). */
#include "init.h"

#include "wengert/ops.h"

static wg_tensor *make(const struct nn_init *init)
{
    const wg_init_uniform_options *o = init->options;
    return wg_uniform(init->generator, init->dtype, init->shape, o->low, o->high);
}

const struct nn_init_kind nn_init_uniform_kind = {.make = make};
