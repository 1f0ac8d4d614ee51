/* The methods of the studies of complexity, and their counts in closed form. */
#include "complexity_methods.h"

#include <math.h>

/* Per layer a product (H² additions and multiplications) and H tanh; then H products and H - 1 additions, - t, and the square. */
double forward_operations(double k, double h)
{
    return k * (2 * h * h + h) + 2 * h + 1;
}

/* What the square, the sum and β's product take: 2 for 2 (βᵀh - t), and H for each gradient of the product. */
static double head_operations(double h, double gradients)
{
    return 2 + gradients * h;
}

/* Per layer tanh' (3 H), the gradient of W (2 H²) and, above the first, that of h (2 H²). */
double backward_operations(double k, double h)
{
    return (2 * k - 1) * 2 * h * h + 3 * k * h + head_operations(h, 2);
}

/* For W_j the layers k … j again: m + 1 = k - j + 1 times tanh' and a product. */
double separate_backward_operations(double k, double h)
{
    return k * (k + 1) / 2 * (2 * h * h + 3 * h) + (k + 1) * head_operations(h, 1);
}

static double backprop_closed_form(double k, double h)
{
    return forward_operations(k, h) + backward_operations(k, h);
}

static double separate_closed_form(double k, double h)
{
    return (k + 1) * forward_operations(k, h) + separate_backward_operations(k, h);
}

/* Values and slopes in plain C: a sum begins with 0, so it takes as many additions as products; then tanh, 1 - y², and 2 (f - t). */
static double plain_forward_operations(double k, double h)
{
    return k * (2 * h * h + 3 * h) + 2 * h + 2;
}

/* An outer product takes H² multiplications here, and no additions. */
static double equations_closed_form(double k, double h)
{
    return plain_forward_operations(k, h) + 2 * h + k * (h * h + h) + (k - 1) * 2 * h * h;
}

/* With m = k - j layers after W_j there are H^m paths from each of its H rows, and each path is walked for each of the H columns: 2 m + 1
   multiplications and an addition. The sum over m of (m + 1) H^m is the fraction. */
static double paths_closed_form(double k, double h)
{
    const double fraction = (k * pow(h, k + 1) - (k + 1) * pow(h, k) + 1) / ((h - 1) * (h - 1));
    return 2 * h * h * fraction + 2 * k * h * h + h + plain_forward_operations(k, h);
}

/* Forward, with the tangent from W_j's layer on: a product and tanh' per layer, then H + (H - 1) + 2. */
static double forward_mode_closed_form(double k, double h)
{
    const double tail = 2 * h + 1;
    return (k * h * h + h) * (forward_operations(k, h) + tail) + h * h * k * (k + 1) / 2 * (2 * h * h + 3 * h);
}

static double differences_closed_form(double k, double h)
{
    return (k * h * h + h) * (2 * forward_operations(k, h) + 4);
}

const struct method methods[N_METHODS] = {
    [BACKPROP] = {"backprop", "backprop", backprop, backprop_closed_form, 0},
    [SEPARATE] = {"separate", "chain rule per parameter", separate, separate_closed_form, 1e-13},
    [EQUATIONS] = {"equations", "backprop's equations in plain C", equations, equations_closed_form, 1e-12},
    [PATHS] = {"paths", "sum over paths", paths, paths_closed_form, 1e-11},
    [FORWARD_MODE] = {"forward_mode", "forward mode", forward_mode, forward_mode_closed_form, 1e-11},
    [DIFFERENCES] = {"differences", "finite differences", differences, differences_closed_form, 1e-7},
};
