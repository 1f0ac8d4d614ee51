/* Graphs of networks for the guide's page on dumps, as JSON in a folder:

       graphs FOLDER

   A training step of a network for XOR, of one for digits, of LeNet, of an LSTM and of a generative adversarial pair. function_graphs.c
   writes the page's others, docs/tools/graphs draws them by `wengert show`. */
#include <wengert.h>

#include "graph.h"

/* The program at the top of the page. */
static wg_status xor_step(const char *folder)
{
    const float in[] = {0, 0, 0, 1, 1, 0, 1, 1}, want[] = {0, 1, 1, 0};
    wg_tensor *x = named(wg_from(in, WG_SHAPE(4, 2)), "x"), *y = named(wg_from(want, WG_SHAPE(4, 1)), "y");
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 8, 1), .activation = WG_ACTIVATION_TANH, .seed = 1);
    wg_status status;
    {
        WG_TAPE(tape, .trace = true);
        status = wg_backward(wg_bce_with_logits(wg_nn_apply(net, x), y));
        if (status == WG_OK)
            status = keep(folder, "xor-step");
    }
    wg_nn_destroy(net), wg_free(x), wg_free(y);
    return status;
}

/* 64-128-64-10 with batch normalisation on 16 images of 8 × 8: the network of docs/examples/digits.c. */
static wg_status digits(const char *folder)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(64, 128, 64, 10), .batch_norm = true, .seed = 1);
    wg_tensor *x = noise("pixels", WG_SHAPE(16, 64)), *y = named(wg_zeros(WG_I64, WG_SHAPE(16)), "digits");
    wg_status status;
    {
        WG_TAPE(tape, .trace = true);
        status = wg_backward(wg_cross_entropy(wg_nn_apply(net, x), y));
        if (status == WG_OK)
            status = keep(folder, "digits");
    }
    wg_nn_destroy(net), wg_free(x), wg_free(y);
    return status;
}

/* LeNet-5 (LeCun and others, 1998) with relu and max pooling, on images of 28 × 28. */
static wg_status lenet(const char *folder)
{
    wg_nn_module *conv[] = {wg_nn_conv2d(1, 6, 5, .padding = WG_PAIR(2, 2)), wg_nn_conv2d(6, 16, 5)};
    wg_nn_module *full = wg_nn_mlp(WG_SIZES(400, 120, 84, 10), .seed = 1);
    wg_tensor *x = noise("images", WG_SHAPE(4, 1, 28, 28)), *y = named(wg_zeros(WG_I64, WG_SHAPE(4)), "digits"), *h = x;
    static const char *const names[] = {"1", "2"};
    wg_status status = WG_OK;
    {
        WG_TAPE(tape, .trace = true);
        for (int i = 0; i < 2 && status == WG_OK; i++) {
            status = wg_section_push(names[i], .kind = "convolution");
            h = wg_max_pool2d(wg_relu(wg_nn_apply(conv[i], h)));
            wg_section_pop();
        }
        if (status == WG_OK)
            status = wg_section_push("classifier");
        h = wg_nn_apply(full, wg_reshape(h, WG_SHAPE(4, 400)));
        wg_section_pop();
        if (status == WG_OK)
            status = wg_backward(wg_cross_entropy(h, y));
        if (status == WG_OK)
            status = keep(folder, "lenet");
    }
    wg_nn_destroy(conv[0]), wg_nn_destroy(conv[1]), wg_nn_destroy(full), wg_free(x), wg_free(y);
    return status;
}

/* 32 steps of an LSTM (Hochreiter, Schmidhuber, 1997), one after the other as on the page on recurrent networks. */
static wg_status lstm(const char *folder)
{
    enum { STEPS = 32, BATCH = 8, IN = 4, HIDDEN = 16 };
    wg_tensor *w = wg_set_requires_grad(noise("W", WG_SHAPE(4 * HIDDEN, IN)), true),
              *u = wg_set_requires_grad(noise("U", WG_SHAPE(4 * HIDDEN, HIDDEN)), true),
              *b = wg_set_requires_grad(named(wg_zeros(WG_F32, WG_SHAPE(4 * HIDDEN)), "b"), true);
    wg_tensor *x[STEPS], *gate[4];
    wg_status status = WG_OK;
    for (int t = 0; t < STEPS; t++)
        x[t] = noise("x", WG_SHAPE(BATCH, IN));
    {
        WG_TAPE(tape, .trace = true);
        wg_tensor *h = named(wg_zeros(WG_F32, WG_SHAPE(BATCH, HIDDEN)), "h, c at 0"), *c = h;
        for (int t = 0; t < STEPS && status == WG_OK; t++) {
            status = wg_chunk(wg_add(wg_linear(x[t], w, b), wg_linear(h, u, WG_NONE)), 1, 4, gate, NULL);
            c = named(wg_add(wg_mul(wg_sigmoid(gate[1]), c), wg_mul(wg_sigmoid(gate[0]), wg_tanh(gate[2]))), "c");
            h = named(wg_mul(wg_sigmoid(gate[3]), wg_tanh(c)), "h");
        }
        if (status == WG_OK)
            status = wg_backward(wg_mean(wg_square(h)));
        if (status == WG_OK)
            status = keep(folder, "lstm");
    }
    for (int t = 0; t < STEPS; t++)
        wg_free(x[t]);
    wg_free(w), wg_free(u), wg_free(b);
    return status;
}

static wg_tensor *in_section(const char *name, const wg_nn_module *net, wg_tensor *x)
{
    if (wg_section_push(name) != WG_OK)
        return NULL;
    wg_tensor *y = wg_nn_apply(net, x);
    wg_section_pop();
    return y;
}

/* The generator's step of a GAN (Goodfellow and others, 2014): its loss is small where the discriminator takes its samples for real. */
static wg_status gan(const char *folder)
{
    enum { BATCH = 16 };
    wg_nn_module *generator = wg_nn_mlp(WG_SIZES(4, 32, 2), .seed = 1), *discriminator = wg_nn_mlp(WG_SIZES(2, 32, 1), .seed = 2);
    wg_optim *optim = wg_optim_sgd(wg_nn_parameters(generator), .lr = 0.1);
    wg_tensor *z = noise("z", WG_SHAPE(BATCH, 4)), *real = named(wg_ones(WG_F32, WG_SHAPE(BATCH, 1)), "\"real\"");
    wg_status status = wg_nn_freeze(discriminator, "*");
    {
        WG_TAPE(tape, .trace = true);
        wg_tensor *sample = named(in_section("generator", generator, z), "samples");
        if (status == WG_OK)
            status = wg_backward(wg_bce_with_logits(in_section("discriminator", discriminator, sample), real));
        if (status == WG_OK)
            status = wg_optim_step(optim);
        if (status == WG_OK)
            status = keep(folder, "gan");
    }
    wg_optim_destroy(optim), wg_nn_destroy(generator), wg_nn_destroy(discriminator), wg_free(z), wg_free(real);
    return status;
}

int main(int argc, char **argv)
{
    return write_graphs(argc, argv, (const struct graph[]){{digits, 0}, {lenet, 1}, {lstm, 2}, {gan, 3}, {xor_step, 6}, {NULL, 0}});
}
