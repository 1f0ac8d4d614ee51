/* One value. */
#include "init.h"

#include <math.h>

static wg_tensor *make(const struct nn_init *init)
{
    const double value = ((const wg_init_constant_options *)init->options)->value;
    return nn_init_are_numbers(init, fabs(value), "a value") ? wg_full(init->dtype, init->shape, value) : NULL;
}

const struct nn_init_kind nn_init_constant_kind = {.make = make};
