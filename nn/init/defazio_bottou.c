/* N(gain²/√(fan_in fan_out)). */
#include "init.h"

#include <math.h>

static wg_tensor *make(const struct nn_init *init)
{
    const wg_init_defazio_bottou_options *o = init->options;
    return nn_init_normal(init, o->gain / sqrt(sqrt(nn_init_fan(init, WG_FAN_IN) * nn_init_fan(init, WG_FAN_OUT))));
}

const struct nn_init_kind nn_init_defazio_bottou_kind = NN_INIT_OF_WEIGHT(make);
