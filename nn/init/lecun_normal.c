/* N(1/fan). */
#include "init.h"

#include <math.h>

static wg_tensor *make(const struct nn_init *init)
{
    const wg_init_lecun_normal_options *o = init->options;
    return nn_init_normal(init, 1 / sqrt(nn_init_fan(init, o->fan)));
}

const struct nn_init_kind nn_init_lecun_normal_kind = NN_INIT_OF_WEIGHT(make);
