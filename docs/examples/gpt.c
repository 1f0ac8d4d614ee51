/* A small GPT learns a sentence, letter by letter, and the graph of its last training step is written as JSON:

       gpt FILE.json

   Two blocks of causal attention and a feed-forward network, each behind a layer normalisation and beside a residual path (Radford and
   others, 2019). The modules are kinds of this program, so that the graph's sections carry their names. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <wengert.h>

enum { LETTERS = 27, LENGTH = 32, BATCH = 4, WIDTH = 32, HEADS = 4, BLOCKS = 2, STEPS = 60 };

static const char text[] = "a tape keeps what was computed so that a gradient can be computed by going back over it ";

/* ---- layers ---- */

static wg_status add_normal(wg_nn_module *module, const char *name, wg_shape shape)
{
    return wg_nn_add_parameter(module, name, wg_normal(wg_generator_default(), WG_F32, shape, 0, 0.1));
}

static wg_status build_embedding(wg_nn_module *module, const void *options)
{
    (void)options;
    const wg_status status = add_normal(module, "letters", WG_SHAPE(LETTERS, WIDTH));
    return status != WG_OK ? status : add_normal(module, "positions", WG_SHAPE(LENGTH, WIDTH));
}

static wg_tensor *embedding(const wg_nn_call *call, wg_tensor *letters)
{
    return wg_add(wg_embedding(call->param[0], letters), call->param[1]);
}

static wg_status build_layer_norm(wg_nn_module *module, const void *options)
{
    (void)options;
    const wg_status status = wg_nn_add_parameter(module, "weight", wg_ones(WG_F32, WG_SHAPE(WIDTH)));
    return status != WG_OK ? status : wg_nn_add_parameter(module, "bias", wg_zeros(WG_F32, WG_SHAPE(WIDTH)));
}

static wg_tensor *layer_norm(const wg_nn_call *call, wg_tensor *x)
{
    return wg_layer_norm(x, .weight = call->param[0], .bias = call->param[1]);
}

/* ---- attention ---- */

static wg_status build_attention(wg_nn_module *module, const void *options)
{
    (void)options;
    const wg_status status = wg_nn_add_child(module, "qkv", wg_nn_linear(WIDTH, 3 * WIDTH));
    return status != WG_OK ? status : wg_nn_add_child(module, "project", wg_nn_linear(WIDTH, WIDTH));
}

/* x (BATCH, LENGTH, WIDTH) gives queries, keys and values of shape (BATCH, HEADS, LENGTH, WIDTH/HEADS). */
static wg_tensor *attention(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *qkv = wg_reshape(wg_nn_apply_child(call, 0, x), WG_SHAPE(BATCH, LENGTH, 3, HEADS, WIDTH / HEADS));
    qkv = wg_permute(qkv, WG_AXES(2, 0, 3, 1, 4));
    wg_tensor *y = wg_attention(wg_select(qkv, 0, 0), wg_select(qkv, 0, 1), wg_select(qkv, 0, 2), .causal = true);
    y = wg_reshape(wg_permute(y, WG_AXES(0, 2, 1, 3)), WG_SHAPE(BATCH, LENGTH, WIDTH));
    return wg_nn_apply_child(call, 1, y);
}

/* ---- blocks ---- */

static wg_status build_feed_forward(wg_nn_module *module, const void *options)
{
    (void)options;
    const wg_status status = wg_nn_add_child(module, "widen", wg_nn_linear(WIDTH, 4 * WIDTH));
    return status != WG_OK ? status : wg_nn_add_child(module, "narrow", wg_nn_linear(4 * WIDTH, WIDTH));
}

static wg_tensor *feed_forward(const wg_nn_call *call, wg_tensor *x)
{
    return wg_nn_apply_child(call, 1, wg_gelu(wg_nn_apply_child(call, 0, x)));
}

static const struct wg_nn_kind embedding_kind = {.name = "embedding", .forward = embedding, .build = build_embedding};
static const struct wg_nn_kind layer_norm_kind = {.name = "layer_norm", .forward = layer_norm, .build = build_layer_norm};
static const struct wg_nn_kind attention_kind = {.name = "attention", .forward = attention, .build = build_attention};
static const struct wg_nn_kind feed_forward_kind = {.name = "feed_forward", .forward = feed_forward, .build = build_feed_forward};

static wg_status build_block(wg_nn_module *module, const void *options)
{
    static const struct {
        const char *name;
        const struct wg_nn_kind *kind;
    } child[] = {
        {"norm1", &layer_norm_kind}, {"attention", &attention_kind}, {"norm2", &layer_norm_kind}, {"mlp", &feed_forward_kind}};
    wg_status status = WG_OK;
    (void)options;
    for (size_t i = 0; status == WG_OK && i < sizeof child / sizeof *child; i++)
        status = wg_nn_add_child(module, child[i].name, wg_nn_module_create(child[i].kind, NULL, NULL));
    return status;
}

/* The residual path: each half adds to x. */
static wg_tensor *block(const wg_nn_call *call, wg_tensor *x)
{
    x = wg_add(x, wg_nn_apply_child(call, 1, wg_nn_apply_child(call, 0, x)));
    return wg_add(x, wg_nn_apply_child(call, 3, wg_nn_apply_child(call, 2, x)));
}

static const struct wg_nn_kind block_kind = {.name = "block", .forward = block, .build = build_block};

static wg_nn_module *make_gpt(void)
{
    return wg_nn_sequential(wg_nn_module_create(&embedding_kind, NULL, NULL), wg_nn_module_create(&block_kind, NULL, NULL),
                            wg_nn_module_create(&block_kind, NULL, NULL), wg_nn_module_create(&layer_norm_kind, NULL, NULL),
                            wg_nn_linear(WIDTH, LETTERS));
}

/* ---- training ---- */

/* Letters in rows of LENGTH, beginning at `first`: 0 for a space, 1 to 26 for a to z. */
static wg_tensor *letters_from(size_t first, wg_shape shape)
{
    int64_t letter[BATCH * LENGTH];
    for (size_t i = 0; i < BATCH * LENGTH; i++) {
        const char c = text[(first + i % LENGTH + i / LENGTH * 17) % strlen(text)];
        letter[i] = c == ' ' ? 0 : c - 'a' + 1;
    }
    return wg_from(letter, shape);
}

/* One step; the last one writes its graph, with the gradients, which the optimizer clears. Returns the loss, or NaN. */
static double train_step(const wg_nn_module *gpt, wg_optim *adam, wg_tensor *in, wg_tensor *next, FILE *dump)
{
    WG_TAPE(tape, .trace = dump != NULL, .time = dump != NULL);
    wg_tensor *logits = wg_reshape(wg_nn_apply(gpt, in), WG_SHAPE(BATCH * LENGTH, LETTERS));
    wg_tensor *loss = wg_cross_entropy(logits, next);
    if (wg_set_name(loss, "loss") != WG_OK || wg_backward(loss) != WG_OK || (dump && wg_dump_json(tape, dump) != WG_OK) ||
        wg_optim_step(adam) != WG_OK)
        return (double)NAN;
    return wg_item(loss);
}

int main(int argc, char **argv)
{
    FILE *dump = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (!dump) {
        fprintf(stderr, "usage: gpt FILE.json, where the graph of the last training step is written\n");
        return 2;
    }
    if (wg_seed(1, 0) != WG_OK)
        return wg_error_report(stderr);
    wg_nn_module *gpt = make_gpt();
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(gpt), .lr = 3e-3);
    double loss = 0;
    for (size_t step = 0; step < STEPS && loss == loss; step++) {
        wg_tensor *in = letters_from(5 * step, WG_SHAPE(BATCH, LENGTH)),
                  *next = letters_from(5 * step + 1, WG_SHAPE(BATCH * LENGTH));
        if (wg_set_name(in, "letters") == WG_OK && wg_set_name(next, "next letters") == WG_OK)
            loss = train_step(gpt, adam, in, next, step + 1 == STEPS ? dump : NULL);
        if (step % 20 == 0 || step + 1 == STEPS)
            printf("step %2zu  loss %.3f\n", step, loss);
        wg_free(in), wg_free(next);
    }
    wg_optim_destroy(adam), wg_nn_destroy(gpt);
    if (fclose(dump) != 0 || loss != loss)
        return wg_error_report(stderr);
    printf("%s\n", argv[1]);
    return 0;
}
