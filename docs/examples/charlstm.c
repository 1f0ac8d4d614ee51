/* An LSTM learns to write, letter by letter, from a text file, and writes (Sutskever, Martens, Hinton, 2011; Graves, 2013).

   usage: charlstm [--text FILE] [--steps N] [--letters N] [--seed N]

   It is trained on windows of the first nine tenths of the text; the rest is held out. charlstm_torch.py is the same in PyTorch. */
#include <stdint.h>

#include <wengert.h>

#include "options.h"
#include "text.h"

enum { WINDOW = 64, STRIDE = 7, BATCH = 32, FEATURES = 32, UNITS = 128 };

static wg_nn_module *char_lstm(int64_t letters)
{
    return wg_nn_sequential(wg_nn_embedding(letters, FEATURES), wg_nn_lstm(FEATURES, UNITS), wg_nn_linear(UNITS, letters));
}

/* The mean loss of each letter of the windows (B, WINDOW + 1) but the first, given those before it. */
static wg_tensor *window_loss(const wg_nn_module *net, wg_tensor *windows)
{
    wg_tensor *steps = wg_transpose(windows, 0, 1),
              *logits = wg_nn_apply(net, wg_slice(steps, 0, 0, WINDOW, 1)); /* (T,B,letters) */
    wg_tensor *next = wg_slice(steps, 0, 1, WINDOW + 1, 1);
    return wg_cross_entropy(wg_reshape(logits, WG_SHAPE(-1, wg_extent(logits, 2))), wg_reshape(next, WG_SHAPE(-1)));
}

static double held_out_loss(const wg_nn_module *net, wg_tensor *windows)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(tape);
    return wg_item(window_loss(net, windows));
}

static wg_status train(wg_nn_module *net, wg_tensor *windows, wg_tensor *held, long steps)
{
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(net), .lr = 3e-3);
    wg_batches *batches = wg_batches_create(windows, WG_NONE, .size = BATCH, .drop_last = true);
    wg_status status = wg_error_if_null(batches);
    for (long step = 1; step <= steps && status == WG_OK; step++) {
        WG_TAPE(tape);
        wg_tensor *batch = NULL;
        for (int i = 0; i < 2 && status == WG_OK && !batch; i++) /* the second time at the end of an epoch */
            status = wg_batches_next(batches, &batch, NULL);
        wg_tensor *loss = window_loss(net, batch);
        if (status == WG_OK)
            status = wg_backward(loss);
        if (status == WG_OK)
            status = wg_optim_step(adam);
        if (step % 100 == 0 || step == steps)
            printf("step %4ld  loss %.4f  held out %.9g\n", step, wg_item(loss), held_out_loss(net, held));
    }
    wg_batches_destroy(batches), wg_optim_destroy(adam);
    return status;
}

/* Writes so many letters, each drawn with the probability that it has after those before it. The LSTM makes one step a letter, from
   the states that the last step left. */
static wg_status write_text(const wg_nn_module *net, const struct text *text, long letters)
{
    const wg_nn_module *embed = wg_nn_child(net, 0), *lstm = wg_nn_child(net, 1), *head = wg_nn_child(net, 2);
    wg_tensor *state[2] = {wg_zeros(WG_F32, WG_SHAPE(1, 1, UNITS)), wg_zeros(WG_F32, WG_SHAPE(1, 1, UNITS))};
    int64_t letter = text->number['\n'];
    wg_status status = WG_OK;
    WG_NO_GRAD;
    for (long i = 0; i < letters && status == WG_OK; i++) {
        WG_TAPE(tape);
        wg_tensor *in[3] = {wg_nn_apply(embed, wg_from(&letter, WG_SHAPE(1, 1))), state[0], state[1]}, *out[3];
        status = wg_nn_apply_many(lstm, NULL, in, 3, out, 3);
        if (status != WG_OK)
            break;
        for (int k = 0; k < 2; k++)
            wg_free(state[k]), state[k] = wg_keep(out[1 + k]);
        /* The largest logit plus noise of Gumbel's distribution: a draw from their softmax. */
        wg_tensor *logits = wg_nn_apply(head, out[0]),
                  *u = wg_uniform(wg_generator_default(), WG_F32, wg_shape_of(logits), 1e-9, 1);
        status = wg_read(wg_argmax(wg_sub(logits, wg_log(wg_neg(wg_log(u)))), .axis = 2), &letter);
        putchar(text->letter[letter]);
    }
    wg_free(state[0]), wg_free(state[1]);
    putchar('\n');
    return status;
}

int main(int argc, char **argv)
{
    const char *path = "/usr/share/common-licenses/GPL-3";
    long steps = 800, letters = 400, seed = 0;
    struct text text;
    (void)argc;
    read_options(argv, (const struct option[]){{"--text", "the file to learn from", NULL, &path},
                                               {"--steps", "of training", &steps, NULL},
                                               {"--letters", "to write", &letters, NULL},
                                               {"--seed", "of weights, batches and what is written", &seed, NULL},
                                               {NULL, NULL, NULL, NULL}});
    if (wg_seed((uint64_t)seed, 0) != WG_OK || read_text(&text, path) != WG_OK)
        return wg_error_report(stderr);
    const int64_t split = text.n * 9 / 10;
    wg_tensor *windows = text_windows(&text, 0, split, WINDOW + 1, STRIDE);
    wg_tensor *held = text_windows(&text, split, text.n, WINDOW + 1, WINDOW);
    wg_nn_module *net = char_lstm(text.letters);
    const bool good = train(net, windows, held, steps) == WG_OK && write_text(net, &text, letters) == WG_OK;
    wg_nn_destroy(net), wg_free(windows), wg_free(held), free(text.byte);
    return good ? 0 : wg_error_report(stderr);
}
