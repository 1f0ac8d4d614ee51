/* The normal distribution. */
#include "init.h"

#include "wengert/ops.h"

static wg_tensor *make(const struct nn_init *init)
{
    const wg_init_normal_options *o = init->options;
    const double largest = nn_init_largest_draw(o->mean, o->deviation);
    if (!nn_init_are_numbers(init, largest, "a mean and a deviation"))
        return NULL;
    return wg_normal(init->generator, init->dtype, init->shape, o->mean, o->deviation);
}

const struct nn_init_kind nn_init_normal_kind = {.make = make};
