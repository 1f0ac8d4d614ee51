/* Zeros. */
#include "init.h"

static wg_tensor *make(const struct nn_init *init)
{
    return wg_zeros(init->dtype, init->shape);
}

const struct nn_init_kind nn_init_zeros_kind = {.make = make};
