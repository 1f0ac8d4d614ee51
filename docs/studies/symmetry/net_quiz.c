/* How many minima? A network of 9 hidden layers with 10 units each has, if its weights are at a minimum, at least (10!)⁹ = 1.09·10⁵⁹ of them: each hidden
   layer may be put in any of 10! orders. Beside that its parameters are few: N = m n² + n q weights, for n inputs, m layers
   of n units and q outputs.

   The question is that of W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>
#include <string.h>

#include "relabel.h"

enum { LAYERS = 9, UNITS = 10, OUTPUTS = 3, DRAWS = 100, LIMBS = 8 };

/* A network with so many hidden layers. */
static wg_nn_module *make(int layers, int units, uint64_t seed)
{
    int64_t sizes[LAYERS + 2];
    for (int i = 0; i <= layers; i++)
        sizes[i] = units;
    sizes[layers + 1] = OUTPUTS;
    return wg_nn_mlp(((wg_sizes){layers + 2, sizes}), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .seed = seed,
                     .init = WG_INIT_XAVIER_UNIFORM);
}

/* (units!)^layers in decimal digits, by repeated multiplication of a number in limbs of nine digits. */
static void count_orders(int units, int layers, char digits[9 * LIMBS + 1])
{
    uint64_t limb[LIMBS] = {1};
    for (int l = 0; l < layers; l++)
        for (uint64_t k = 2; k <= (uint64_t)units; k++)
            for (uint64_t i = 0, carry = 0; i < LIMBS; i++) {
                limb[i] = limb[i] * k + carry;
                carry = limb[i] / 1000000000;
                limb[i] %= 1000000000;
            }
    char text[9 * LIMBS + 1], *first = text;
    for (int i = 0; i < LIMBS; i++)
        snprintf(text + 9 * i, 10, "%09llu", (unsigned long long)limb[LIMBS - 1 - i]);
    while (*first == '0')
        first++;
    snprintf(digits, 9 * LIMBS + 1, "%s", first);
}

/* N, the weights without biases, of the network as it is made; against the minima, for networks of 1, 3 and 9 layers. */
static bool write_sizes(struct study_run *run)
{
    bool good = study_row(run, "layers,units,weights,minima");
    for (int l = 1; l <= LAYERS; l *= 3)
        for (int n = 2; n <= 16 && good; n++) {
            wg_nn_module *net = make(l, n, run->seed);
            const wg_tensor_list p = net ? wg_nn_parameters(net) : (wg_tensor_list){0};
            int64_t weights = 0;
            for (size_t i = 0; i < p.n; i++)
                weights += wg_rank(p.tensor[i]) == 2 ? wg_numel(p.tensor[i]) : 0;
            good = net && study_row(run, "%d,%d,%lld,%.6g", l, n, (long long)weights, l * lgamma(n + 1) / log(10));
            if (n == UNITS && l == LAYERS)
                study_near(run, "weights of the network, m n² + n q", (double)weights, LAYERS * UNITS * UNITS + UNITS * OUTPUTS, 0);
            wg_nn_destroy(net);
        }
    return good;
}

/* All layers of the network in new random orders. change: that of its outputs on x; moved: parameters that are not what they were. */
static bool shuffle(const struct study_run *run, wg_nn_module *net, wg_tensor *x, wg_tensor *generator, double *change, int *moved)
{
    enum { PARAMETERS = LAYERS * (UNITS * UNITS + UNITS) + UNITS * OUTPUTS + OUTPUTS };
    double before[PARAMETERS], after[PARAMETERS];
    WG_TAPE(tape);
    wg_nn_module *copy = wg_nn_copy(net);
    bool good = copy && read_parameters(net, before);
    for (size_t layer = 0; layer < LAYERS && good; layer++)
        good = relabel(copy, layer, wg_permutation(generator, UNITS), !run->control);
    good = good && read_parameters(copy, after);
    const double got = good ? wg_item(wg_max(wg_abs(wg_sub(wg_nn_apply(copy, x), wg_nn_apply(net, x))))) : (double)NAN;
    *change = fmax(*change, got);
    *moved = 0;
    for (int i = 0; i < PARAMETERS && good; i++)
        *moved += before[i] != after[i];
    wg_nn_destroy(copy);
    return good && !isnan(got);
}

/* Control: the columns of the next layer stay in their order. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    char digits[9 * LIMBS + 1];
    double change = 0;
    int moved = 0, fewest = INT32_MAX;
    wg_tensor *generator = wg_generator(run->seed, 0), *x = wg_normal(generator, WG_F64, WG_SHAPE(100, UNITS), 0, 1);
    wg_nn_module *net = make(LAYERS, UNITS, run->seed);
    bool good = net && x && write_sizes(run);
    for (int i = 0; i < DRAWS && good; i++) {
        good = shuffle(run, net, x, generator, &change, &moved);
        fewest = moved < fewest ? moved : fewest;
    }
    count_orders(UNITS, LAYERS, digits);
    printf("     (10!)⁹ = %s\n", digits);
    study_claim(run, fewest > 500, "each of %d random orders moves at least %d of the 1,023 parameters, more than 500", DRAWS,
                fewest);
    study_decide(
        run, strncmp(digits, "109", 3) == 0 && strlen(digits) == 60 && change <= 1e-12,
        "9 hidden layers of 10 units: (10!)⁹ = %.1s.%.2se%zu orders of the units, expected 1.09e59; %d of them, drawn at random, change the outputs by "
        "%.0e, at most 1e-12 (rounding)",
        digits, digits + 1, strlen(digits) - 1, DRAWS, change);
    wg_nn_destroy(net);
    wg_free(generator);
    wg_free(x);
    return good;
}

const struct study study_net_quiz = {.name = "net_quiz", .control = "the order of incoming weights alone changed", .run = run};
