/* Workloads W1 to W5b, W11 and W15: classifiers, one training step on one batch. W1 to W4 are multilayer perceptrons, W5 is LeNet,
   W5b a network of three convolutions for images of CIFAR's size, W15 ResNet-20 for the same images. */
#include <stdlib.h>

#include "bench.h"

/* ---- the networks ---- */

static wg_nn_module *w1_net(void)
{
    return wg_nn_mlp(WG_SIZES(64, 32, 10));
}

wg_nn_module *w2_net(void)
{
    return wg_nn_mlp(WG_SIZES(784, 256, 128, 10));
}

static wg_nn_module *w3_net(void)
{
    return wg_nn_mlp(WG_SIZES(1024, 1024, 1024, 1024, 10));
}

static wg_nn_module *w4_net(void)
{
    return wg_nn_mlp(WG_SIZES(784, 256, 128, 10), .batch_norm = true);
}

static wg_nn_module *w5_net(void)
{
    return wg_nn_lenet();
}

static wg_nn_module *w5b_net(void)
{
    return wg_nn_sequential(wg_nn_conv2d(3, 32, 3, .padding = WG_PAIR(1, 1)), wg_nn_batch_norm(32), wg_nn_relu(),
                            wg_nn_conv2d(32, 32, 3, .padding = WG_PAIR(1, 1)), wg_nn_relu(), wg_nn_max_pool2d(2),
                            wg_nn_conv2d(32, 64, 3, .padding = WG_PAIR(1, 1)), wg_nn_relu(), wg_nn_max_pool2d(2), wg_nn_flatten(),
                            wg_nn_linear(64 * 8 * 8, 10));
}

static wg_nn_module *w15_net(void)
{
    return wg_nn_resnet(3);
}

static wg_nn_module *w11_net(void)
{
    int64_t width[17];
    for (int i = 0; i < 17; i++)
        width[i] = 1024;
    return wg_nn_mlp(((wg_sizes){17, width}));
}

wg_optim *adam(wg_tensor_list params)
{
    return wg_optim_adam(params, .lr = 1e-3);
}

static wg_optim *sgd(wg_tensor_list params)
{
    return wg_optim_sgd(params, .lr = 0.01);
}

static wg_optim *momentum(wg_tensor_list params)
{
    return wg_optim_sgd(params, .lr = 0.01, .momentum = 0.9);
}

/* ---- training ---- */

/* Images (N,C,H,W), batch-innermost in memory: kernels use vectors along the batch. */
static wg_tensor *batch_innermost(wg_tensor *images)
{
    wg_tensor *view = wg_permute(images, WG_AXES(1, 2, 3, 0)), *copy = wg_copy(view);
    wg_tensor *result = wg_permute(copy, WG_AXES(3, 0, 1, 2));
    wg_free(images), wg_free(view), wg_free(copy);
    return result;
}

wg_status classifier_make(void *subject, const void *settings)
{
    struct classifier *c = subject;
    const struct classifier_settings *of = settings;
    WG_TRY(subject_begin(&c->base, WG_F32));
    c->net = of->net();
    if (!c->net)
        return failure();
    WG_TRY(draw_parameters(&c->base, c->net));
    c->x = drawn(&c->base, WG_F32, of->input, -1.7320508075688772, 1.7320508075688772);
    if (c->x && of->input.rank == 4)
        c->x = batch_innermost(c->x);
    c->labels = drawn_labels(&c->base, of->input.extent[0], of->classes);
    if (!c->x || !c->labels)
        return failure();
    WG_TRY(subject_remember_list(&c->base, wg_nn_parameters(c->net)));
    WG_TRY(subject_remember_list(&c->base, wg_nn_buffers(c->net)));
    if (!of->optimizer)
        return WG_OK;
    c->opt = of->optimizer(wg_nn_parameters(c->net));
    return c->opt ? subject_remember_list(&c->base, wg_optim_state(c->opt)) : failure();
}

wg_status classifier_step(void *subject)
{
    struct classifier *c = subject;
    WG_TAPE(tape);
    wg_tensor *loss = wg_cross_entropy(wg_nn_apply(c->net, c->x), c->labels);
    WG_TRY(subject_report(&c->base, loss));
    WG_TRY(wg_backward(loss));
    return wg_optim_step(c->opt);
}

void classifier_finish(void *subject)
{
    struct classifier *c = subject;
    wg_optim_destroy(c->opt), wg_nn_destroy(c->net);
    wg_free(c->x), wg_free(c->labels);
    subject_finish(&c->base);
}

#define CLASSIFIER(id, title, network, update, n_classes, ...)                                                  \
    static const struct classifier_settings id##_settings = {network, update, WG_DIMS(__VA_ARGS__), n_classes}; \
    const struct workload id = {.name = title,                                                                  \
                                .size = sizeof(struct classifier),                                              \
                                .make = classifier_make,                                                        \
                                .step = classifier_step,                                                        \
                                .finish = classifier_finish,                                                    \
                                .settings = &id##_settings,                                                     \
                                .memory = n_classes == 1024}

CLASSIFIER(w1, "W1", w1_net, sgd, 10, 32, 64);
CLASSIFIER(w2, "W2", w2_net, adam, 10, 128, 784);
CLASSIFIER(w3, "W3", w3_net, momentum, 10, 256, 1024);
CLASSIFIER(w4, "W4", w4_net, adam, 10, 128, 784);
CLASSIFIER(w5, "W5", w5_net, adam, 10, 64, 1, 28, 28);
CLASSIFIER(w5b, "W5b", w5b_net, adam, 10, 32, 3, 32, 32);
CLASSIFIER(w15, "W15", w15_net, momentum, 10, 32, 3, 32, 32);
CLASSIFIER(w11, "W11", w11_net, sgd, 1024, 1024, 1024);
