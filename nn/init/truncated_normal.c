/* The normal distribution between two bounds. */
#include "init.h"

#include <math.h>

#include "wengert/ops.h"

static wg_tensor *make(const struct nn_init *init)
{
    const wg_init_truncated_normal_options *o = init->options;
    const double largest = fmin(nn_init_largest_draw(o->mean, o->deviation), fmax(fabs(o->low), fabs(o->high)));
    if (!nn_init_are_numbers(init, largest, "a distribution"))
        return NULL;
    return wg_truncated_normal(init->generator, init->dtype, init->shape, o->mean, o->deviation, o->low, o->high);
}

const struct nn_init_kind nn_init_truncated_normal_kind = {.make = make};
