/* One value. */
#include "init.h"

static wg_tensor *make(const struct nn_init *init)
{
    return wg_full(init->dtype, init->shape, ((const wg_init_constant_options *)init->options)->value);
}

const struct nn_init_kind nn_init_constant_kind = {.make = make};
