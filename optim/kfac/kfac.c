/* K-FAC: making, state, freeing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kfac.h"
#include "wengert/error.h"
#include "wengert/options.h"
#include "wengert/tensor.h"

static const wg_option option[] = {
    WG_OPTION_REAL_OF(wg_kfac_options, damping, 1e-3, "of the factors", WG_ABOVE(0)),
    WG_OPTION_REAL_OF(wg_kfac_options, decay, 0.95, "of the factors' averages", WG_FROM_BELOW(0, 1)),
    WG_OPTION_INT_OF(wg_kfac_options, frequency, 10, "of the inverses, in steps", WG_AT_LEAST(1)),
    WG_OPTION_INT_OF(wg_kfac_options, samples, 0, "what the loss is divided by; 0: the batch", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_kfac_options, kl_limit, 0, "of a step; 0: none", WG_AT_LEAST(0)),
};
static const wg_option_table table = {option, sizeof option / sizeof *option, sizeof(wg_kfac_options)};

/* ---- making ---- */

/* The rate that the optimizer reads, which lives as long as that does. */
static wg_status borrow_rate(wg_kfac *kfac, const char *op)
{
    if (!kfac->options.optim)
        return WG_OK;
    const wg_tensor_list state = wg_optim_state(kfac->options.optim);
    for (size_t i = 0; i < state.n; i++)
        if (strcmp(state.name[i], "group0.lr") == 0)
            return (kfac->lr = wg_borrow(state.tensor[i])) ? WG_OK : wg_error_if_null(NULL);
    return wg_error_set(WG_E_ARGUMENT, op, "%s: optim has no rate", op);
}

static const char *const suffix[] = {".count", ".a", ".g", ".a_inverse", ".g_inverse"};

static char *joined(const char *first, const char *second)
{
    const size_t size = strlen(first) + strlen(second) + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s", first, second);
    return text;
}

static wg_status lend(wg_kfac *kfac, wg_tensor *t, const char *first, const char *second)
{
    char *name = joined(first, second);
    if (!name)
        return WG_E_MEMORY;
    kfac->state[kfac->n_state] = t;
    kfac->name[kfac->n_state++] = name;
    return wg_set_name(t, name);
}

static wg_status name_state(wg_kfac *kfac)
{
    const size_t n = 1 + kfac->n_layers * LAYER_STATE;
    kfac->state = malloc(n * sizeof *kfac->state);
    kfac->name = malloc(n * sizeof *kfac->name);
    if (!kfac->state || !kfac->name)
        return WG_E_MEMORY;
    WG_TRY(lend(kfac, kfac->damping, "damping", ""));
    for (size_t i = 0; i < kfac->n_layers; i++)
        for (int k = 0; k < LAYER_STATE; k++)
            WG_TRY(lend(kfac, kfac->layer[i].state[k], kfac->layer[i].name, suffix[k]));
    return WG_OK;
}

static wg_status fill(wg_kfac *kfac, wg_nn_module *net, const char *op)
{
    WG_TRY(borrow_rate(kfac, op));
    WG_TRY(kfac_find_layers(kfac, net, op));
    wg_tensor *damping = wg_scalar(WG_F64, kfac->options.damping);
    kfac->damping = damping ? wg_adopt(damping) : NULL;
    return kfac->damping ? name_state(kfac) : wg_error_if_null(NULL);
}

wg_kfac *wg_kfac_create_with(wg_nn_module *net, wg_kfac_options options)
{
    const char *op = "kfac_create";
    if (!net) {
        if (!wg_error_first())
            (void)wg_error_set(WG_E_NULL, op, "%s: the network is NULL", op);
        return NULL;
    }
    if (wg_options_check(table, &options, op) != WG_OK)
        return NULL;
    wg_kfac *kfac = calloc(1, sizeof *kfac);
    wg_status status = kfac ? WG_OK : WG_E_MEMORY;
    if (kfac) {
        kfac->options = options;
        kfac->net = net;
        status = fill(kfac, net, op);
    }
    if (status == WG_OK)
        return kfac;
    if (!wg_error_first())
        (void)wg_error_set(status, op, "%s: out of memory", op);
    wg_kfac_destroy(kfac);
    return NULL;
}

void wg_kfac_destroy(wg_kfac *kfac)
{
    if (!kfac)
        return;
    for (struct kfac_step *step = kfac->steps; step; step = step->next)
        step->kfac = NULL;
    kfac_free_layers(kfac);
    wg_disown(kfac->damping);
    if (kfac->lr)
        wg_borrow_end(kfac->lr);
    for (size_t i = 0; i < kfac->n_state; i++)
        free(kfac->name[i]);
    free(kfac->state), free(kfac->name);
    free(kfac);
}

/* ---- asking ---- */

static bool exists(const wg_kfac *kfac, const char *op)
{
    if (!kfac)
        (void)wg_error_set(WG_E_NULL, op, "%s: the kfac is NULL", op);
    return kfac != NULL;
}

size_t wg_kfac_layers(const wg_kfac *kfac)
{
    return exists(kfac, "kfac_layers") ? kfac->n_layers : 0;
}

double wg_kfac_damping(const wg_kfac *kfac)
{
    return exists(kfac, "kfac_damping") ? wg_item(kfac->damping) : NAN;
}

wg_status wg_kfac_set_damping(wg_kfac *kfac, double damping)
{
    const char *op = "kfac_set_damping";
    if (!exists(kfac, op))
        return WG_E_NULL;
    if (!(damping > 0) || isinf(damping))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a damping above 0, got %g", op, damping);
    return wg_write(kfac->damping, &damping);
}

wg_status wg_kfac_print(const wg_kfac *kfac, FILE *stream)
{
    const char *op = "kfac_print";
    char text[300];
    int64_t elements = 0;
    if (!exists(kfac, op))
        return WG_E_NULL;
    if (!stream)
        return wg_error_set(WG_E_NULL, op, "%s: the stream is NULL", op);
    wg_kfac_options options = kfac->options;
    options.damping = wg_item(kfac->damping);
    for (size_t i = 0; i < kfac->n_layers; i++)
        for (int k = A; k < LAYER_STATE; k++)
            elements += wg_numel(kfac->layer[i].state[k]);
    fprintf(stream, "kfac(%s): %zu layer%s, %lld elements\n", wg_options_text(table, &options, true, text, sizeof text),
            kfac->n_layers, kfac->n_layers == 1 ? "" : "s", (long long)elements);
    return fflush(stream) != 0 || ferror(stream) ? wg_error_set(WG_E_IO, op, "%s: the stream could not be written", op) : WG_OK;
}

wg_tensor_list wg_kfac_state(const wg_kfac *kfac)
{
    if (!exists(kfac, "kfac_state"))
        return (wg_tensor_list){0, NULL, NULL};
    return (wg_tensor_list){kfac->n_state, kfac->state, (const char *const *)kfac->name};
}
