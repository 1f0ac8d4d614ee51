/* A small GPT learns to write, letter by letter, from a text file, and writes (Radford and others, 2019).

   usage: tinygpt [--text FILE] [--steps N] [--letters N] [--seed N] [--graph FILE]

   It is trained on windows of the first nine tenths of the text; the rest is held out. --graph writes the graph of the last
   training step as JSON, which `wengert view` shows. tinygpt_torch.py is the same in PyTorch. */
#include <wengert.h>

#include "options.h"
#include "text.h"

enum { BATCH = 32, WIDTH = 64, HEADS = 4, BLOCKS = 2 };

static wg_nn_module *tiny_gpt(int64_t letters)
{
    return wg_nn_sequential(wg_nn_embedding(letters, WIDTH), wg_nn_learned_positions(WINDOW, WIDTH, .deviation = 1),
                            wg_nn_transformer_encoder(WIDTH, HEADS, BLOCKS, .hidden = 4 * WIDTH, .activation = WG_ACTIVATION_GELU,
                                                      .dropout = 0, .causal = true, .norm_first = true, .norm = true),
                            wg_nn_linear(WIDTH, letters));
}

/* The mean loss of each next letter (B, WINDOW), given those of the windows up to it. */
static wg_tensor *window_loss(const wg_nn_module *net, wg_tensor *windows, wg_tensor *next)
{
    wg_tensor *logits = wg_nn_apply(net, windows);
    return wg_cross_entropy(wg_reshape(logits, WG_SHAPE(-1, wg_extent(logits, 2))), wg_reshape(next, WG_SHAPE(-1)));
}

static double held_out_loss(const wg_nn_module *net, const struct windows *windows)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(tape);
    return wg_item(window_loss(net, windows->held, windows->next));
}

/* One step. The graph, if there is a file for it, is that before the optimizer's step, which consumes the gradients. */
static wg_status train_step(const wg_nn_module *net, wg_optim *adam, wg_batches *batches, FILE *graph, double *value)
{
    WG_TAPE(tape, .trace = graph != NULL, .time = graph != NULL);
    wg_tensor *windows = NULL, *next;
    while (!windows) /* there is none at the end of an epoch */
        WG_TRY(wg_batches_next(batches, &windows, &next));
    WG_TRY(wg_set_name(windows, "windows"));
    wg_tensor *loss = window_loss(net, windows, next);
    WG_TRY(wg_set_name(loss, "loss"));
    WG_TRY(wg_backward(loss));
    if (graph)
        WG_TRY(wg_dump_json(tape, graph));
    *value = wg_item(loss);
    return wg_optim_step(adam);
}

static wg_status train(const wg_nn_module *net, const struct windows *windows, long steps, FILE *graph)
{
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(net), .lr = 3e-3);
    wg_batches *batches = wg_batches_of(windows->seen, .size = BATCH, .drop_last = true);
    wg_status status = wg_error_if_null(batches);
    double loss = 0;
    for (long step = 1; step <= steps && status == WG_OK; step++) {
        status = train_step(net, adam, batches, step == steps ? graph : NULL, &loss);
        if (step % 100 == 0 || step == steps)
            printf("step %4ld  loss %.4f  held out %.9g\n", step, loss, held_out_loss(net, windows));
    }
    wg_batches_destroy(batches), wg_optim_destroy(adam);
    return status;
}

/* Continues the last of the windows, which moves on by a letter each time. */
static wg_status write_text(const wg_nn_module *net, const wg_tokenizer *tokenizer, wg_tensor *windows, long letters)
{
    int64_t window[WINDOW + 1], *next = window + WINDOW;
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(outer);
    WG_TRY(wg_read(wg_select(windows, 0, -1), window + 1));
    for (long i = 0; i < letters; i++) {
        WG_TAPE(tape);
        memmove(window, window + 1, WINDOW * sizeof *window);
        wg_tensor *logits = wg_nn_apply(net, wg_from(window, WG_SHAPE(1, WINDOW)));
        WG_TRY(wg_read(draw(wg_select(logits, 1, -1)), next));
        putchar(wg_tokenizer_vocabulary(tokenizer, NULL)[*next]);
    }
    putchar('\n');
    return WG_OK;
}

int main(int argc, char **argv)
{
    const char *path = "/usr/share/common-licenses/GPL-3", *graph_path = NULL;
    long steps = 600, letters = 400, seed = 0;
    (void)argc;
    read_options(argv, (const struct option[]){{"--text", "the file to learn from", NULL, &path},
                                               {"--steps", "of training", &steps, NULL},
                                               {"--letters", "to write", &letters, NULL},
                                               {"--seed", "of weights, batches and what is written", &seed, NULL},
                                               {"--graph", "where the graph of the last step goes", NULL, &graph_path},
                                               {NULL, NULL, NULL, NULL}});
    wg_tensor *text = wg_dataset_read_text(path);
    const int64_t n = text ? wg_numel(text) : 0;
    struct windows windows = {NULL, NULL, NULL};
    wg_tokenizer *tokenizer = wg_tokenizer_create(wg_data(text), (size_t)n);
    wg_tensor *tokens = wg_tokenizer_encode(tokenizer, wg_data(text), (size_t)n);
    if (!tokens)
        return wg_error_report(stderr);
    bool good = make_windows(&windows, tokens) == WG_OK && wg_seed((uint64_t)seed, 0) == WG_OK;
    wg_nn_module *net = good ? tiny_gpt(wg_tokenizer_size(tokenizer)) : NULL;
    FILE *graph = graph_path ? fopen(graph_path, "w") : NULL;
    good = good && train(net, &windows, steps, graph) == WG_OK && write_text(net, tokenizer, windows.next, letters) == WG_OK;
    if (graph_path && (!graph || fclose(graph) != 0))
        good = wg_error_set(WG_E_IO, "tinygpt", "tinygpt: %s cannot be written", graph_path) == WG_OK;
    wg_nn_destroy(net), free_windows(&windows), wg_free(tokens), wg_free(text), wg_tokenizer_destroy(tokenizer);
    return good ? 0 : wg_error_report(stderr);
}
