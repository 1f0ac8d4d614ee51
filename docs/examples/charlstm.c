/* An LSTM learns to write, letter by letter, from a text file, and writes (Sutskever, Martens, Hinton, 2011; Graves, 2013).

   usage: charlstm [--text FILE] [--steps N] [--letters N] [--seed N]

   It is trained on windows of the first nine tenths of the text; the rest is held out. charlstm_torch.py is the same in PyTorch. */
#include <wengert.h>

#include "options.h"
#include "text.h"

enum { BATCH = 32, FEATURES = 32, UNITS = 128 };

static wg_nn_module *char_lstm(int64_t letters)
{
    return wg_nn_sequential(wg_nn_embedding(letters, FEATURES), wg_nn_lstm(FEATURES, UNITS), wg_nn_linear(UNITS, letters));
}

/* The mean loss of each next letter (B, WINDOW), given those of the windows up to it. */
static wg_tensor *window_loss(const wg_nn_module *net, wg_tensor *windows, wg_tensor *next)
{
    wg_tensor *logits = wg_nn_apply(net, wg_transpose(windows, 0, 1)); /* (T,B,letters) */
    return wg_cross_entropy(wg_reshape(logits, WG_SHAPE(-1, wg_extent(logits, 2))),
                            wg_reshape(wg_transpose(next, 0, 1), WG_SHAPE(-1)));
}

static double held_out_loss(const wg_nn_module *net, const struct windows *windows)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(tape);
    return wg_item(window_loss(net, windows->held, windows->next));
}

static wg_status train(const wg_nn_module *net, const struct windows *windows, long steps)
{
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(net), .lr = 3e-3);
    wg_batches *batches = wg_batches_of(windows->seen, .size = BATCH, .drop_last = true);
    wg_status status = wg_error_if_null(batches);
    for (long step = 1; step <= steps && status == WG_OK; step++) {
        WG_TAPE(tape);
        wg_tensor *x = NULL, *next = NULL;
        for (int i = 0; i < 2 && status == WG_OK && !x; i++) /* the second time at the end of an epoch */
            status = wg_batches_next(batches, &x, &next);
        wg_tensor *loss = window_loss(net, x, next);
        if (status == WG_OK)
            status = wg_backward(loss);
        if (status == WG_OK)
            status = wg_optim_step(adam);
        if (step % 100 == 0 || step == steps)
            printf("step %4ld  loss %.4f  held out %.9g\n", step, wg_item(loss), held_out_loss(net, windows));
    }
    wg_batches_destroy(batches), wg_optim_destroy(adam);
    return status;
}

/* Continues the last of the windows. The LSTM reads it, and then makes one step a letter, from the states that the last step left. */
static wg_status write_text(const wg_nn_module *net, const wg_tokenizer *tokenizer, wg_tensor *windows, long letters)
{
    const wg_nn_module *embed = wg_nn_child(net, 0), *lstm = wg_nn_child(net, 1), *head = wg_nn_child(net, 2);
    WG_NO_GRAD;
    WG_TAPE(tape);
    wg_tensor *next = wg_reshape(wg_select(windows, 0, -1), WG_SHAPE(-1, 1)), *h = WG_NONE, *c = WG_NONE; /* zeros */
    for (long i = 0; i < letters; i++) {
        wg_tensor *in[3] = {wg_nn_apply(embed, next), h, c}, *out[3];
        char letter[2];
        WG_TRY(wg_nn_apply_many(lstm, NULL, in, 3, out, 3));
        h = out[1], c = out[2];
        next = draw(wg_nn_apply(head, wg_select(out[0], 0, -1)));
        WG_TRY(wg_tokenizer_decode(tokenizer, next, letter, sizeof letter));
        printf("%s", letter);
    }
    printf("\n");
    return WG_OK;
}

int main(int argc, char **argv)
{
    const char *path = "/usr/share/common-licenses/GPL-3";
    long steps = 800, letters = 400, seed = 0;
    (void)argc;
    read_options(argv, (const struct option[]){{"--text", "the file to learn from", NULL, &path},
                                               {"--steps", "of training", &steps, NULL},
                                               {"--letters", "to write", &letters, NULL},
                                               {"--seed", "of weights, batches and what is written", &seed, NULL},
                                               {NULL, NULL, NULL, NULL}});
    wg_tensor *text = wg_dataset_read_text(path);
    const int64_t n = text ? wg_numel(text) : 0;
    struct windows windows = {NULL, NULL, NULL};
    wg_tokenizer *tokenizer = wg_tokenizer_create(wg_data(text), (size_t)n);
    wg_tensor *tokens = wg_tokenizer_encode(tokenizer, wg_data(text), (size_t)n);
    if (!tokens)
        return wg_error_report(stderr);
    bool good = make_windows(&windows, tokens) == WG_OK && wg_seed((uint64_t)seed, 0) == WG_OK;
    wg_nn_module *net = good ? char_lstm(wg_tokenizer_size(tokenizer)) : NULL;
    good = good && train(net, &windows, steps) == WG_OK && write_text(net, tokenizer, windows.next, letters) == WG_OK;
    wg_nn_destroy(net), free_windows(&windows), wg_free(tokens), wg_free(text), wg_tokenizer_destroy(tokenizer);
    return good ? 0 : wg_error_report(stderr);
}
