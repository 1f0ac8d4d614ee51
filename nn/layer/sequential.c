/* Layers one after another, and the multilayer perceptron made of them. */
#include <stdio.h>
#include <string.h>

#include "../init/init.h"
#include "layers.h"
#include "wengert/error.h"
#include "wengert/tape.h"

/* Values between two layers: enough for any layer's results. */
enum { MAX_VALUES = 16 };

struct values {
    wg_tensor *tensor[MAX_VALUES];
    size_t n;
};

/* How many results a layer before the last is asked for: all that it has. */
static size_t results_of(const wg_nn_module *layer)
{
    return layer->kind->n_out > 1 ? (size_t)layer->kind->n_out : 1;
}

static bool has(wg_tensor *const *tensor, size_t n, const wg_tensor *t)
{
    for (size_t i = 0; i < n; i++)
        if (tensor[i] == t)
            return true;
    return false;
}

/* The values between two layers are read again by backward only. A layer may return its input, or a view of it. */
static void drop_between(const wg_nn_call *call, const struct values *before, const struct values *after)
{
    for (size_t i = 0; i < before->n; i++)
        if (!has(call->in, call->n_in, before->tensor[i]) && !has(after->tensor, after->n, before->tensor[i]))
            wg_drop(before->tensor[i]);
}

static wg_status next_values(const wg_nn_call *call, size_t *index, const struct values *now, struct values *next)
{
    const size_t left = call->module->n_children - *index;
    next->n = left == 1 ? call->n_out : results_of(call->module->children[*index].module);
    if (next->n > MAX_VALUES)
        return wg_error_set(WG_E_ARGUMENT, "nn_sequential", "nn_sequential: a layer has %zu results, expected at most %d", next->n,
                            MAX_VALUES);
    if (now->n == 1 && next->n == 1) {
        next->tensor[0] = wg_nn_apply_next(call, index, now->tensor[0]);
        return next->tensor[0] ? WG_OK : WG_E_STATE;
    }
    return wg_nn_apply_child_many(call, (*index)++, now->tensor, now->n, next->tensor, next->n);
}

__attribute__((noinline)) static wg_tensor *forward_many(const wg_nn_call *call, wg_tensor *x)
{
    struct values now = {.n = call->n_in}, next;
    if (call->n_in > MAX_VALUES || (call->module->n_children == 0 && call->n_in != call->n_out)) {
        (void)wg_error_set(WG_E_ARGUMENT, "nn_sequential", "nn_sequential: cannot make %zu results of %zu inputs", call->n_out,
                           call->n_in);
        return NULL;
    }
    memcpy(now.tensor, call->in, call->n_in * sizeof *now.tensor);
    now.tensor[0] = x;
    for (size_t i = 0; i < call->module->n_children; now = next) {
        if (next_values(call, &i, &now, &next) != WG_OK)
            return NULL;
        drop_between(call, &now, &next);
    }
    memcpy(call->out, now.tensor, call->n_out * sizeof *now.tensor);
    return now.tensor[0];
}

static bool is_single(const wg_nn_call *call)
{
    bool single = call->n_in == 1 && call->n_out == 1;
    for (size_t i = 0; i < call->module->n_children && single; i++)
        single = results_of(call->module->children[i].module) == 1;
    return single;
}

/* Where every layer has one result no list of them is needed; modules nest deep, and this is on the stack of each. */
wg_tensor *nn_forward_chain(const wg_nn_call *call, wg_tensor *x)
{
    if (!is_single(call))
        return forward_many(call, x);
    wg_tensor *y = x;
    for (size_t i = 0; i < call->module->n_children && y;) {
        wg_tensor *next = wg_nn_apply_next(call, &i, y);
        if (y != x && y != next)
            wg_drop(y);
        y = next;
    }
    return y;
}

static const struct wg_nn_kind sequential_kind = {
    .name = "sequential", .forward = nn_forward_chain, .n_in = WG_NN_ANY, .n_out = WG_NN_ANY};

wg_status nn_append(wg_nn_module *net, wg_nn_module *layer)
{
    char name[32];
    snprintf(name, sizeof name, "%zu", wg_nn_children(net));
    return wg_nn_add_child(net, name, layer);
}

/* Does each layer take as many inputs as the one before has results? */
static wg_status check_chain(wg_nn_module *const *layers, size_t n)
{
    const char *op = "nn_sequential";
    for (size_t i = 0; i < n; i++) {
        const wg_nn_module *before = i > 0 ? layers[i - 1] : NULL, *layer = layers[i];
        if (!layer)
            return wg_error_set(WG_E_NULL, op, "%s: layer %zu is NULL", op, i);
        if (!before || before->kind->n_out == WG_NN_ANY || layer->kind->n_in == WG_NN_ANY)
            continue;
        const size_t inputs = layer->kind->n_in > 1 ? (size_t)layer->kind->n_in : 1, results = results_of(before);
        if (inputs != results)
            return wg_error_set(WG_E_ARGUMENT, op,
                                "%s: expected layer %zu (%s) to take the %zu result%s of layer %zu (%s), it takes %zu input%s", op,
                                i, layer->kind->name, results, results > 1 ? "s" : "", i - 1, before->kind->name, inputs,
                                inputs > 1 ? "s" : "");
    }
    return WG_OK;
}

wg_nn_module *wg_nn_sequential_with(wg_nn_module *const *layers, size_t n)
{
    if (!layers && n > 0) {
        (void)nn_null_argument("nn_sequential", "the list of layers");
        return NULL;
    }
    wg_nn_module *net = nn_create(&sequential_kind, NULL, NULL, NULL, "nn_sequential");
    wg_status status = net ? check_chain(layers, n) : WG_E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (status == WG_OK)
            status = nn_append(net, layers[i]);
        else
            wg_nn_destroy(layers[i]);
    }
    if (status == WG_OK)
        return net;
    wg_nn_destroy(net);
    return NULL;
}

/* ---- mlp ---- */

static const wg_option mlp_options[] = {
    WG_OPTION_CHOICE_OF(wg_nn_mlp_options, activation, WG_ACTIVATION_RELU, "after each layer but the last", wg_activation_names),
    WG_OPTION_BOOL_OF(wg_nn_mlp_options, batch_norm, false, "before each activation"),
    WG_OPTION_DTYPE_OF(wg_nn_mlp_options, dtype, WG_F32, "of the parameters"),
    WG_OPTION_CHOICE_OF(wg_nn_mlp_options, init, WG_INIT_LINEAR, "rule of the initial weights", wg_init_rule_names),
};
static const wg_option_table mlp_table = {mlp_options, sizeof mlp_options / sizeof *mlp_options, sizeof(wg_nn_mlp_options)};
static const struct wg_nn_kind mlp_kind = {.name = "mlp", .forward = nn_forward_chain, .n_in = WG_NN_ANY, .n_out = WG_NN_ANY};

static wg_status append_block(wg_nn_module *net, int64_t in, int64_t out, bool last, wg_tensor *generator,
                              const wg_nn_mlp_options *options)
{
    const double gain = last || !nn_init_has_gain(options->init) ? 1 : nn_gain_of(options->activation);
    WG_TRY(nn_append(net,
                     wg_nn_linear(in, out, .dtype = options->dtype, .init = options->init, .gain = gain, .generator = generator)));
    if (last)
        return WG_OK;
    if (options->batch_norm)
        WG_TRY(nn_append(net, wg_nn_batch_norm(out, .dtype = options->dtype)));
    return options->activation == WG_ACTIVATION_IDENTITY ? WG_OK : nn_append(net, wg_nn_activation(options->activation));
}

static wg_tensor *init_generator(uint64_t seed)
{
    return seed == WG_NO_SEED ? wg_generator_split(wg_generator_default(), WG_STREAM_INIT) : wg_generator(seed, WG_STREAM_INIT);
}

wg_nn_module *wg_nn_mlp_with(wg_sizes sizes, wg_nn_mlp_options options)
{
    if (!sizes.size || sizes.count < 2) {
        (void)wg_error_set(WG_E_ARGUMENT, "nn_mlp", "nn_mlp: expected at least two sizes, of input and output");
        return NULL;
    }
    wg_nn_module *net = nn_create(&mlp_kind, &mlp_table, &options, NULL, "nn_mlp");
    wg_tensor *generator = net ? init_generator(options.seed) : NULL;
    wg_status status = generator ? WG_OK : WG_E_MEMORY;
    for (int i = 0; i + 1 < sizes.count && status == WG_OK; i++)
        status = append_block(net, sizes.size[i], sizes.size[i + 1], i + 2 == sizes.count, generator, &options);
    wg_free(generator);
    if (status == WG_OK)
        return net;
    wg_nn_destroy(net);
    return NULL;
}
