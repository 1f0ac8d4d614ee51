/* The gains of activations. */
#include <math.h>

#include "../layer/layers.h"
#include "init.h"
#include "wengert/error.h"

double wg_nn_gain_with(wg_activation activation, wg_nn_gain_options options)
{
    const char *op = "nn_gain";
    if ((unsigned)activation >= WG_ACTIVATION_COUNT_) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: there is no activation %d", op, (int)activation);
        return (double)NAN;
    }
    if (!nn_option_is_set(options.slope))
        return nn_gain_of(activation);
    if (activation == WG_ACTIVATION_LEAKY_RELU && isfinite(options.slope))
        return sqrt(2 / (1 + options.slope * options.slope));
    (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s slope for %s, got %g", op,
                       activation == WG_ACTIVATION_LEAKY_RELU ? "a finite" : "no", wg_activation_names[activation], options.slope);
    return (double)NAN;
}
