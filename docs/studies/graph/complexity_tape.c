/* The methods of the study of complexity that the library runs: backward passes, forward mode, and differences. */
#include "complexity_methods.h"

/* ---- backward passes ---- */

bool backward(const struct network *net, int first, int n, double *gradient, struct operations *done)
{
    WG_TAPE(tape, .trace = true);
    wg_tensor *g[MAX_LAYERS + 1];
    for (int j = 0; j <= net->k; j++)
        if (!wg_set_requires_grad(net->weight[j], j >= first && j < first + n))
            return false;
    wg_tensor *loss = loss_of(net->weight, net->k, net->x);
    if (wg_grad_many(loss, net->weight + first, (size_t)n, g) != WG_OK || !count_tape(tape, done))
        return false;
    for (int i = 0; i < n; i++)
        if (wg_read(g[i], gradient + (int64_t)(first + i) * net->h * net->h) != WG_OK)
            return false;
    return true;
}

bool backprop(const struct network *net, double *gradient, struct operations *done)
{
    return backward(net, 0, net->k + 1, gradient, done);
}

/* The chain rule for each parameter by itself: nothing that one derivative computes is used for another. */
bool separate(const struct network *net, double *gradient, struct operations *done)
{
    for (int j = 0; j <= net->k; j++)
        if (!backward(net, j, 1, gradient, done))
            return false;
    return true;
}

/* ---- forward mode ---- */

/* L of the operands: the parameters, then x. */
static wg_tensor *loss_function(wg_tensor *const *x, size_t n, void *context)
{
    (void)context;
    return loss_of(x, (int)n - 2, x[n - 1]);
}

/* The derivative with respect to the element `at` of weight[j]. */
static bool slope_of(const struct network *net, int j, int64_t at, double *derivative, struct operations *done)
{
    WG_TAPE(tape);
    wg_tensor *x[MAX_LAYERS + 2], *t[MAX_LAYERS + 2], *y, *ty;
    for (int i = 0; i <= net->k + 1; i++) {
        x[i] = i <= net->k ? net->weight[i] : net->x;
        t[i] = i == j ? wg_zeros(WG_F64, wg_shape_of(net->weight[j])) : WG_NONE;
    }
    double *unit = t[j] ? wg_data_mut_as(t[j], double) : NULL;
    if (!unit)
        return false;
    unit[at] = 1;
    if (wg_jvp(loss_function, NULL, x, (size_t)net->k + 2, t, &y, &ty) != WG_OK || !count_tape(tape, done))
        return false;
    *derivative = wg_item(ty);
    return true;
}

bool forward_mode(const struct network *net, double *gradient, struct operations *done)
{
    for (int j = 0; j <= net->k; j++)
        for (int64_t i = 0; i < wg_numel(net->weight[j]); i++)
            if (!slope_of(net, j, i, gradient++, done))
                return false;
    return true;
}

/* ---- differences ---- */

static bool loss_value(const struct network *net, double *value, struct operations *done)
{
    WG_NO_GRAD;
    WG_TAPE(tape);
    wg_tensor *loss = loss_of(net->weight, net->k, net->x);
    *value = wg_item(loss);
    return loss && count_tape(tape, done);
}

/* Central differences, (L(w + s) - L(w - s)) / 2s. */
bool differences(const struct network *net, double *gradient, struct operations *done)
{
    const double step = 0x1p-17;
    for (int j = 0; j <= net->k; j++)
        for (int64_t i = 0; i < wg_numel(net->weight[j]); i++) {
            double *w = wg_data_mut_as(net->weight[j], double), above, below;
            if (!w)
                return false;
            const double before = w[i];
            w[i] = before + step;
            const bool up = loss_value(net, &above, done);
            w[i] = before - step;
            const bool down = loss_value(net, &below, done);
            w[i] = before;
            if (!up || !down)
                return false;
            *gradient++ = (above - below) / (2 * step);
            done->total += 4; /* 2 steps, a difference, a quotient by a constant */
        }
    return true;
}
