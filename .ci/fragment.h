/* What stands around a fragment of C in the documents: the variables that it may use, and a main that runs it. A fragment that returns
   an error fails. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert.h>

#define FRAGMENT static wg_status fragment(void)

static wg_tensor *x;      /* f32 (4, 2), data */
static wg_tensor *y;      /* f32 (4, 1), targets 0 or 1 */
static wg_tensor *w;      /* f32 (1, 2), requires a gradient */
static wg_tensor *b;      /* f32 (1), requires a gradient */
static wg_nn_module *net; /* 2 inputs, 1 output */
static wg_optim *opt;     /* Adam on net's parameters */

static wg_status fragment(void);

int main(void)
{
    const float in[] = {0, 0, 0, 1, 1, 0, 1, 1}, want[] = {0, 1, 1, 0}, weight[] = {0.5f, -0.25f}, bias[] = {0.125f};
    x = wg_from(in, WG_SHAPE(4, 2));
    y = wg_from(want, WG_SHAPE(4, 1));
    w = wg_set_requires_grad(wg_from(weight, WG_SHAPE(1, 2)), true);
    b = wg_set_requires_grad(wg_from(bias, WG_SHAPE(1)), true);
    net = wg_nn_mlp(WG_SIZES(2, 8, 1), .activation = WG_ACTIVATION_TANH, .seed = 1);
    opt = wg_optim_adam(wg_nn_parameters(net), .lr = 0.05);
    const wg_status status = fragment();
    if (status != WG_OK)
        wg_error_report(stderr);
    wg_optim_destroy(opt);
    wg_nn_destroy(net);
    wg_free(x);
    wg_free(y);
    wg_free(w);
    wg_free(b);
    return status == WG_OK ? 0 : 1;
}
