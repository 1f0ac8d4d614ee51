/* The methods of the study of complexity, and their counts in closed form. */
#include "complexity_methods.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the network ---- */

/* A random reflection, I - 2 v vᵀ / vᵀv: orthogonal, so that gradients neither vanish nor explode over 64 layers. NULL on failure. */
static wg_tensor *reflection(wg_tensor *generator, int h)
{
    wg_tensor *v = wg_uniform(generator, WG_F64, WG_SHAPE(h), -1, 1), *w = wg_zeros(WG_F64, WG_SHAPE(h, h));
    double *to = v && w ? wg_data_mut_as(w, double) : NULL, square = 0;
    for (int i = 0; to && i < h; i++)
        square += pow(wg_data_as(v, double)[i], 2);
    for (int i = 0; to && i < h * h; i++)
        to[i] = (i / h == i % h) - 2 * wg_data_as(v, double)[i / h] * wg_data_as(v, double)[i % h] / square;
    wg_free(v);
    return w;
}

bool network_make(struct network *net, int k, int h)
{
    wg_tensor *generator = wg_generator(1, 0);
    bool made = generator != NULL;
    *net = (struct network){.k = k, .h = h};
    for (int j = 0; j <= k; j++) {
        net->weight[j] = j < k ? reflection(generator, h) : wg_uniform(generator, WG_F64, WG_SHAPE(h, 1), -1, 1);
        made = net->weight[j] && made;
    }
    net->x = wg_uniform(generator, WG_F64, WG_SHAPE(h, 1), -1, 1);
    wg_free(generator);
    return made && net->x;
}

void network_free(struct network *net)
{
    for (int j = 0; j <= net->k; j++)
        wg_free(net->weight[j]);
    wg_free(net->x);
}

int64_t network_parameters(const struct network *net)
{
    return (int64_t)net->k * net->h * net->h + net->h;
}

/* L of the parameters weight[0..k]. */
static wg_tensor *loss_of(wg_tensor *const *weight, int k, wg_tensor *x)
{
    wg_tensor *h = x;
    for (int j = 0; j < k; j++)
        h = wg_tanh(wg_matmul(weight[j], h));
    return wg_square(wg_add_scalar(wg_sum(wg_mul(weight[k], h)), -TARGET));
}

static double operations_of(const wg_cost_sum *sum)
{
    return wg_cost_operations(sum->cost);
}

/* Adds the costs of a tape to done. False: the library failed, or a cost is unknown. */
static bool count_tape(const wg_tape *tape, struct operations *done)
{
    wg_cost_table *table = wg_cost_of(tape);
    if (!table)
        return false;
    const wg_cost_sum *all = table->section[0].sum;
    const bool known = !all[WG_COST_FORWARD].unknown && !all[WG_COST_BACKWARD].unknown;
    done->forward += operations_of(&all[WG_COST_FORWARD]);
    done->backward += operations_of(&all[WG_COST_BACKWARD]);
    done->total += operations_of(&all[WG_COST_FORWARD]) + operations_of(&all[WG_COST_BACKWARD]);
    for (size_t i = 0; i < table->n_ops; i++)
        if (strcmp(table->op[i].op, "matmul") == 0) {
            done->forward_products += operations_of(&table->op[i].sum[WG_COST_FORWARD]);
            done->backward_products += operations_of(&table->op[i].sum[WG_COST_BACKWARD]);
        }
    wg_cost_destroy(table);
    return known;
}

/* ---- 1, 2: backward passes ---- */

/* Gradients of weight[first..first + n) in one backward pass. The others are constants. */
static bool backward(const struct network *net, int first, int n, double *gradient, struct operations *done)
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

static bool backprop(const struct network *net, double *gradient, struct operations *done)
{
    return backward(net, 0, net->k + 1, gradient, done);
}

/* The chain rule for each parameter by itself: nothing that one derivative computes is used for another. */
static bool separate(const struct network *net, double *gradient, struct operations *done)
{
    for (int j = 0; j <= net->k; j++)
        if (!backward(net, j, 1, gradient, done))
            return false;
    return true;
}

/* ---- 3: the equations ---- */

/* The network in plain C. slope: tanh' of each neuron; output: ∂L/∂f, -2 (t - f). */
struct values {
    double *weight, *activation, *slope, output; /* activation[j H + i]: element i of h_j */
};

/* Reads the parameters and x; leaves room for the rest. */
static bool values_make(const struct network *net, struct values *v)
{
    v->weight = malloc((size_t)network_parameters(net) * sizeof(double));
    v->activation = malloc(((size_t)net->k + 1) * (size_t)net->h * sizeof(double));
    v->slope = malloc((size_t)net->k * (size_t)net->h * sizeof(double));
    if (!v->weight || !v->activation || !v->slope || wg_read(net->x, v->activation) != WG_OK)
        return false;
    for (int j = 0; j <= net->k; j++)
        if (wg_read(net->weight[j], v->weight + (int64_t)j * net->h * net->h) != WG_OK)
            return false;
    return true;
}

static void values_free(struct values *v)
{
    free(v->weight);
    free(v->activation);
    free(v->slope);
}

/* Σ weight[i] x[i], with its operations. */
static double dot(const double *weight, const double *x, int n, struct operations *done)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += weight[i] * x[i];
    done->total += 2 * n;
    return sum;
}

/* Computes activations, slopes and output. */
static void values_forward(const struct network *net, struct values *v, struct operations *done)
{
    const int k = net->k, h = net->h;
    for (int i = 0; i < k * h; i++) {
        const double u = dot(v->weight + (int64_t)i * h, v->activation + i / h * h, h, done), y = tanh(u);
        v->activation[h + i] = y;
        v->slope[i] = 1 - y * y;
        done->total += 3;
    }
    v->output = 2 * (dot(v->weight + (int64_t)k * h * h, v->activation + k * h, h, done) - TARGET);
    done->total += 2;
}

/* The equations of backprop: δu = δh ⊙ tanh'(u), δW = δu h_{j-1}ᵀ, δh_{j-1} = Wᵀ δu. `delta` has room for h elements twice. */
static void values_backward(const struct network *net, const struct values *v, double *delta, double *gradient,
                            struct operations *done)
{
    const int k = net->k, h = net->h;
    double *below = delta + h;
    for (int i = 0; i < h; i++) {
        gradient[(int64_t)k * h * h + i] = v->output * v->activation[k * h + i];
        delta[i] = v->output * v->weight[(int64_t)k * h * h + i];
    }
    done->total += 2 * h;
    for (int j = k - 1; j >= 0; j--) {
        memset(below, 0, (size_t)h * sizeof *below);
        for (int a = 0; a < h; a++) {
            const int64_t row = ((int64_t)j * h + a) * h;
            const double u = delta[a] * v->slope[j * h + a];
            for (int b = 0; b < h; b++)
                gradient[row + b] = u * v->activation[j * h + b];
            for (int b = 0; b < h && j > 0; b++)
                below[b] += v->weight[row + b] * u;
            done->total += 1 + h + (j > 0 ? 2 * h : 0);
        }
        memcpy(delta, below, (size_t)h * sizeof *delta);
    }
}

static bool equations(const struct network *net, double *gradient, struct operations *done)
{
    struct values v = {0};
    double *delta = malloc(2 * (size_t)net->h * sizeof *delta);
    const bool made = values_make(net, &v) && delta;
    if (made) {
        values_forward(net, &v, done);
        values_backward(net, &v, delta, gradient, done);
    }
    values_free(&v);
    free(delta);
    return made;
}

/* ---- 4: paths ---- */

/* The sum over all paths from neuron `from` of layer `layer` to the output: of the product of the weights and slopes on the way. A path
   is an odometer: at[m] is its neuron in layer m. */
static double path_sum(const struct network *net, const struct values *v, int layer, int from, struct operations *done)
{
    const int k = net->k, h = net->h;
    int at[MAX_LAYERS] = {0};
    double sum = 0;
    at[layer] = from;
    for (int moved = k; moved > layer;) {
        double product = v->slope[layer * h + from];
        for (int m = layer + 1; m < k; m++)
            product *= v->weight[((int64_t)m * h + at[m]) * h + at[m - 1]] * v->slope[m * h + at[m]];
        sum += product * v->weight[(int64_t)k * h * h + at[k - 1]];
        done->total += 2 * (k - 1 - layer) + 2;
        for (moved = k - 1; moved > layer && ++at[moved] == h; moved--)
            at[moved] = 0;
    }
    return sum;
}

static bool paths(const struct network *net, double *gradient, struct operations *done)
{
    const int k = net->k, h = net->h;
    struct values v = {0};
    const bool made = values_make(net, &v);
    if (made)
        values_forward(net, &v, done);
    for (int j = 0; made && j < k; j++)
        for (int a = 0; a < h; a++)
            for (int b = 0; b < h; b++) {
                gradient[((int64_t)j * h + a) * h + b] = v.output * v.activation[j * h + b] * path_sum(net, &v, j, a, done);
                done->total += 2;
            }
    for (int a = 0; made && a < h; a++) {
        gradient[(int64_t)k * h * h + a] = v.output * v.activation[k * h + a];
        done->total += 1;
    }
    values_free(&v);
    return made;
}

/* ---- 5: forward mode ---- */

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

static bool forward_mode(const struct network *net, double *gradient, struct operations *done)
{
    for (int j = 0; j <= net->k; j++)
        for (int64_t i = 0; i < wg_numel(net->weight[j]); i++)
            if (!slope_of(net, j, i, gradient++, done))
                return false;
    return true;
}

/* ---- 6: differences ---- */

static bool loss_value(const struct network *net, double *value, struct operations *done)
{
    WG_NO_GRAD;
    WG_TAPE(tape);
    wg_tensor *loss = loss_of(net->weight, net->k, net->x);
    *value = wg_item(loss);
    return loss && count_tape(tape, done);
}

/* Central differences, (L(w + s) - L(w - s)) / 2s. */
static bool differences(const struct network *net, double *gradient, struct operations *done)
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

/* ---- closed forms ---- */

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

/* With m = k - j layers behind W_j there are H^m paths from each of its H rows, and each path is walked for each of the H columns: 2 m + 1
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
