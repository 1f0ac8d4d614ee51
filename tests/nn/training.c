/* Models train as in PyTorch: from the same weights, on the same batch, each loss of ten steps is the same. training.py wrote the losses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formula.h"
#include "nn_check.h"

enum { STEPS = 10 };

/* ---- models ---- */

static wg_nn_module *mlp(void)
{
    return wg_nn_mlp(WG_SIZES(12, 20, 5), .dtype = WG_F64);
}

static wg_nn_module *mlp_batch_norm(void)
{
    return wg_nn_mlp(WG_SIZES(12, 20, 5), .batch_norm = true, .dtype = WG_F64);
}

static wg_nn_module *lenet(void)
{
    return wg_nn_lenet(.dtype = WG_F64);
}

/* ResNet-20, on images of the size of CIFAR's. */
static wg_nn_module *resnet(void)
{
    return wg_nn_resnet(3, .dtype = WG_F64);
}

/* Classes of the last state. */
static wg_tensor *classify(const wg_nn_call *call, wg_tensor *x)
{
    return wg_nn_apply_child(call, 1, wg_select(wg_nn_apply_child(call, 0, x), 0, -1));
}

static wg_nn_module *lstm(void)
{
    static const struct wg_nn_kind kind = {.name = "classifier", .forward = classify};
    wg_nn_module *net = wg_nn_module_create(&kind, NULL, NULL);
    assert_int_equal(wg_nn_add_child(net, "lstm", wg_nn_lstm(6, 16, .dtype = WG_F64)), WG_OK);
    assert_int_equal(wg_nn_add_child(net, "head", wg_nn_linear(16, 5, .dtype = WG_F64)), WG_OK);
    return net;
}

static wg_nn_module *gpt(void)
{
    return wg_nn_gpt(11, 8, 12, 3, 2, .dtype = WG_F64);
}

/* below: the input is tokens below that number; 0: it is numbers. */
static const struct model {
    const char *name;
    wg_nn_module *(*make)(void);
    wg_shape in;
    int64_t below, labels, classes;
} models[] = {
    {"mlp", mlp, {2, {8, 12}}, 0, 8, 5},
    {"mlp_batch_norm", mlp_batch_norm, {2, {8, 12}}, 0, 8, 5},
    {"lenet", lenet, {4, {8, 1, 28, 28}}, 0, 8, 10},
    {"resnet", resnet, {4, {8, 3, 32, 32}}, 0, 8, 10},
    {"lstm", lstm, {3, {7, 4, 6}}, 0, 4, 5},
    {"gpt", gpt, {2, {3, 8}}, 11, 24, 11},
};

/* ---- weights and batches that follow a formula: training.py has the same ---- */

static double size_of(const wg_tensor *t, const char *name)
{
    const bool weight = wg_rank(t) > 1 && !strstr(name, "bias");
    return weight ? 1 / sqrt((double)wg_numel(t) / (double)wg_extent(t, 0)) : 0.1;
}

static wg_nn_module *begin(const struct model *model)
{
    wg_nn_module *net = model->make();
    const wg_tensor_list params = wg_nn_parameters(net);
    for (size_t i = 0; i < params.n; i++) {
        const bool scale = wg_rank(params.tensor[i]) == 1 && !strstr(params.name[i], "bias"); /* of a normalisation */
        assert_int_equal(fill_scaled(params.tensor[i], (int)i, size_of(params.tensor[i], params.name[i]), scale ? 1 : 0), WG_OK);
    }
    return net;
}

/* ---- training ---- */

static void read_losses(const struct model *model, double *losses)
{
    char line[1000], wanted[60];
    FILE *file = fopen(LOSSES, "r");
    assert_non_null(file);
    snprintf(wanted, sizeof wanted, "%s:", model->name);
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        found = strncmp(line, wanted, strlen(wanted)) == 0;
        char *at = line + strlen(wanted);
        for (int i = 0; i < STEPS && found; i++)
            losses[i] = strtod(at, &at);
    }
    fclose(file);
    if (!found)
        fail_msg("%s is not in training.txt", model->name);
}

static double train_step(const struct model *model, wg_nn_module *net, wg_optim *optim, wg_tensor *x, wg_tensor *labels)
{
    WG_TAPE(tape);
    wg_tensor *logits = wg_reshape(wg_nn_apply(net, x), WG_SHAPE(model->labels, model->classes));
    wg_tensor *loss = wg_cross_entropy(logits, labels);
    const double value = wg_item(loss);
    if (wg_backward(loss) != WG_OK || wg_optim_step(optim) != WG_OK)
        fail_msg("%s: %s", model->name, wg_error_first()->message);
    return value;
}

static void train(const struct model *model)
{
    double expected[STEPS];
    read_losses(model, expected);
    wg_nn_module *net = begin(model);
    wg_optim *optim = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.05, .momentum = 0.9);
    wg_tensor *x = model->below ? indices(model->in, model->below) : wg_zeros(WG_F64, model->in);
    wg_tensor *labels = indices(WG_SHAPE(model->labels), model->classes);
    if (!model->below)
        fill(x, 0);
    for (int i = 0; i < STEPS; i++) {
        const double loss = train_step(model, net, optim, x, labels);
        if (!(fabs(loss - expected[i]) <= 1e-8 * fabs(expected[i])))
            fail_msg("%s, step %d: the loss is %.17g, PyTorch's %.17g", model->name, i, loss, expected[i]);
    }
    assert_true(expected[STEPS - 1] < 0.95 * expected[0]); /* it learns */
    wg_optim_destroy(optim), wg_nn_destroy(net), wg_free(x), wg_free(labels);
}

static void losses_are_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        train(&models[i]);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(losses_are_those_of_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
