/* A model that was made in PyTorch goes on learning here, and goes back: its state dict is loaded under its own names, trained for
   some steps, and saved for PyTorch.

   usage: continue_torch [--model FILE] [--save FILE] [--steps N]

   The model is tests/nn/fixtures/mlp_bn_64.safetensors, a perceptron with batch normalisation. continue_torch.py makes the same
   steps in PyTorch; its losses are in continue_torch.txt, and these are the same. */
#include <stdint.h>

#include <wengert.h>

#include "options.h"

enum { ROWS = 16, FEATURES = 5, CLASSES = 3 };

/* The data: a formula, so that both programs have the same. */
static void make_data(wg_tensor **x, wg_tensor **y)
{
    double feature[ROWS][FEATURES];
    int64_t label[ROWS];
    for (int i = 0; i < ROWS; i++) {
        label[i] = i % CLASSES;
        for (int j = 0; j < FEATURES; j++)
            feature[i][j] = (i * 7 + j * 5) % 11 / 5.0 - 1;
    }
    *x = wg_from(&feature[0][0], WG_SHAPE(ROWS, FEATURES));
    *y = wg_from(label, WG_SHAPE(ROWS));
}

static wg_status train(wg_nn_module *net, wg_optim *sgd, wg_tensor *x, wg_tensor *y, long steps)
{
    for (long step = 0; step < steps; step++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_cross_entropy(wg_nn_apply(net, x), y);
        printf("%2ld %.17g\n", step, wg_item(loss));
        WG_TRY(wg_backward(loss));
        WG_TRY(wg_optim_step(sgd));
    }
    return WG_OK;
}

int main(int argc, char **argv)
{
    const char *model = FIXTURES "/mlp_bn_64.safetensors", *save = NULL;
    long steps = 50;
    wg_tensor *x, *y;
    (void)argc;
    read_options(argv, (const struct option[]){{"--model", "the file to load", NULL, &model},
                                               {"--save", "the file to write", NULL, &save},
                                               {"--steps", "of training", &steps, NULL},
                                               {NULL, NULL, NULL, NULL}});
    make_data(&x, &y);
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(FEATURES, 7, .dtype = WG_F64), wg_nn_batch_norm(7, .dtype = WG_F64),
                                         wg_nn_tanh(), wg_nn_linear(7, CLASSES, .dtype = WG_F64));
    /* Not strict: the file has inputs and results for tests, too. */
    wg_status status = wg_load(model, wg_nn_state(net), .strict = false);
    wg_optim *sgd = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.05, .momentum = 0.9);
    if (status == WG_OK)
        status = train(net, sgd, x, y, steps);
    if (status == WG_OK && save)
        status = wg_save(save, wg_nn_state(net));
    wg_optim_destroy(sgd), wg_nn_destroy(net), wg_free(x), wg_free(y);
    return status == WG_OK ? 0 : wg_error_report(stderr);
}
