/* The methods of the study of complexity in plain C: the equations of backprop, and the sum over paths. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "complexity_methods.h"

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

bool equations(const struct network *net, double *gradient, struct operations *done)
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

/* ---- paths ---- */

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

bool paths(const struct network *net, double *gradient, struct operations *done)
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
