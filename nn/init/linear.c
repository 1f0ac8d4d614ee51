/* U(1/(3 fan_in)), on ±1/√fan_in. */
#include "init.h"

#include <math.h>

static wg_tensor *make(const struct nn_init *init)
{
    return nn_init_uniform(init, 1 / sqrt(3 * nn_init_fan(init, WG_FAN_IN)));
}

const struct nn_init_kind nn_init_linear_kind = NN_INIT_OF_WEIGHT(make);
