#include "teacher_net.h"

#include <math.h>

enum { ROWS = 64, INPUTS = 32, OUTPUTS = 10 };

/* The parameters are reached through the network. */
static wg_tensor *squared_error(wg_tensor *const *params, size_t n, void *context)
{
    (void)params, (void)n;
    const struct teacher_net *of = context;
    return wg_mean(wg_square(wg_sub(wg_nn_apply(of->net, of->x), of->y)));
}

bool teacher_net_make(struct teacher_net *of, bool large, uint64_t seed)
{
    const wg_sizes sizes = large ? WG_SIZES(INPUTS, 90, 20, OUTPUTS) : WG_SIZES(INPUTS, 22, 8, OUTPUTS);
    wg_tensor *generator = wg_generator(seed, 0);
    wg_nn_module *teacher = wg_nn_mlp(sizes, .activation = WG_ACTIVATION_TANH, .seed = seed + 1, .dtype = WG_F64);
    *of = (struct teacher_net){.net = wg_nn_mlp(sizes, .activation = WG_ACTIVATION_TANH, .seed = seed, .dtype = WG_F64)};
    of->x = generator ? wg_normal(generator, WG_F64, WG_SHAPE(ROWS, INPUTS), 0, 1) : NULL;
    of->y = teacher && of->x ? wg_nn_apply(teacher, of->x) : NULL;
    wg_nn_destroy(teacher);
    wg_free(generator);
    if (!of->net || !of->y)
        return false;
    of->loss = (wg_study_loss){.f = squared_error, .context = of, .params = wg_nn_parameters(of->net)};
    return true;
}

void teacher_net_free(struct teacher_net *of)
{
    wg_nn_destroy(of->net);
    wg_free(of->x), wg_free(of->y);
}

bool teacher_net_train(struct teacher_net *of, double rate, int steps)
{
    wg_optim *sgd = wg_optim_sgd(of->loss.params, .lr = rate);
    bool good = sgd != NULL;
    for (int step = 0; step < steps && good; step++) {
        WG_TAPE(tape);
        good = wg_backward(squared_error(NULL, 0, of)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    return good;
}

double teacher_net_curvature(const struct teacher_net *of)
{
    wg_tensor *ends = wg_study_extremes(&of->loss);
    const double largest = ends ? wg_data_as(ends, double)[1] : (double)NAN;
    wg_free(ends);
    return largest;
}
