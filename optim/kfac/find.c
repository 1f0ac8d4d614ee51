/* The layers of a network that K-FAC takes, by their weights: layers that share a weight are one. */
#include <stdlib.h>
#include <string.h>

#include "kfac.h"
#include "wengert/error.h"
#include "wengert/tensor.h"

bool kfac_is_convolution(const wg_nn_module *module)
{
    return strcmp(wg_nn_kind_name(module), "conv2d") == 0;
}

/* A kind of the program's may have the name, too, and other options. */
bool kfac_is_layer(const wg_nn_module *module)
{
    char text[400];
    const bool convolution = kfac_is_convolution(module);
    if (!convolution && strcmp(wg_nn_kind_name(module), "linear") != 0)
        return false;
    const char *beginning = convolution ? "conv2d(in=" : "linear(in=";
    return strncmp(wg_nn_describe(module, text, sizeof text), beginning, strlen(beginning)) == 0;
}

/* ---- all modules ---- */

struct modules {
    const wg_nn_module **module;
    size_t n;
};

static bool append(struct modules *all, const wg_nn_module *module)
{
    const wg_nn_module **grown = realloc(all->module, (all->n + 1) * sizeof *grown);
    if (!grown)
        return false;
    all->module = grown;
    all->module[all->n++] = module;
    return true;
}

static bool list_modules(struct modules *all, const wg_nn_module *net)
{
    bool fits = append(all, net);
    for (size_t i = 0; i < all->n && fits; i++)
        for (size_t k = 0; k < wg_nn_children(all->module[i]) && fits; k++)
            fits = append(all, wg_nn_child(all->module[i], k));
    return fits;
}

/* Is it a parameter of the module's own? */
static bool owns(const wg_nn_module *module, const wg_tensor *t)
{
    const wg_tensor_list list = wg_nn_parameters(module);
    for (size_t i = 0; i < list.n; i++)
        if (list.tensor[i] == t && !strchr(list.name[i], '.'))
            return true;
    return false;
}

/* Does a module of another kind compute with it, too? Then the layer's factors do not describe its gradient. */
static bool is_others(const struct modules *all, const wg_tensor *t)
{
    for (size_t i = 0; i < all->n; i++)
        if (!kfac_is_layer(all->module[i]) && owns(all->module[i], t))
            return true;
    return false;
}

/* ---- one layer ---- */

static struct layer *find(wg_kfac *kfac, const wg_tensor *weight)
{
    for (size_t i = 0; i < kfac->n_layers; i++)
        if (kfac->layer[i].weight == weight)
            return &kfac->layer[i];
    return NULL;
}

/* The module's shape, weight and bias; those that are frozen are none. */
static struct layer describe(const wg_nn_module *module)
{
    struct layer layer = {.weight = wg_nn_parameter(module, "weight"), .convolution = kfac_is_convolution(module), .groups = 1};
    bool bias;
    if (layer.convolution) {
        const wg_nn_conv2d_options *o = wg_nn_options(module);
        layer.groups = o->groups;
        bias = o->bias;
    } else
        bias = ((const wg_nn_linear_options *)wg_nn_options(module))->bias;
    wg_tensor *b = bias ? wg_nn_parameter(module, "bias") : NULL;
    layer.bias = b && wg_requires_grad(b) ? b : NULL;
    layer.rows = wg_extent(layer.weight, 0) / layer.groups;
    layer.columns = wg_numel(layer.weight) / wg_extent(layer.weight, 0);
    return layer;
}

static wg_status borrow(struct layer *layer, const char *name)
{
    wg_tensor *both[] = {layer->weight, layer->bias};
    layer->name = strdup(name);
    for (int i = 0; i < 2 && layer->name; i++)
        if (both[i] && !(layer->borrowed[i] = wg_borrow(both[i])))
            return wg_error_if_null(NULL);
    return layer->name ? WG_OK : WG_E_MEMORY;
}

static wg_status make_state(struct layer *layer)
{
    const int64_t a = layer->columns + (layer->bias != NULL), g = layer->rows;
    for (int i = 0; i < LAYER_STATE; i++) {
        const int64_t n = i == A || i == A_INVERSE ? a : g;
        wg_tensor *t = i == COUNT ? wg_scalar(WG_F64, 0) : wg_zeros(wg_dtype_of(layer->weight), WG_SHAPE(layer->groups, n, n));
        layer->state[i] = t ? wg_adopt(t) : NULL;
        if (!layer->state[i])
            return wg_error_if_null(NULL);
    }
    return WG_OK;
}

static wg_status add(wg_kfac *kfac, const wg_nn_module *module, wg_tensor_list list, const char *op)
{
    struct layer layer = describe(module);
    const struct layer *same = find(kfac, layer.weight);
    const char *name = "weight";
    for (size_t i = 0; i < list.n; i++)
        if (list.tensor[i] == layer.weight)
            name = list.name[i];
    if (same && (same->bias != layer.bias || same->groups != layer.groups))
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: two layers share the weight %s and not the bias or the groups, so they have no common factors", op,
                            name);
    if (same)
        return WG_OK;
    struct layer *grown = realloc(kfac->layer, (kfac->n_layers + 1) * sizeof *grown);
    if (!grown)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    kfac->layer = grown;
    grown[kfac->n_layers] = layer;
    struct layer *added = &grown[kfac->n_layers++];
    WG_TRY(borrow(added, name));
    return make_state(added);
}

wg_status kfac_find_layers(wg_kfac *kfac, wg_nn_module *net, const char *op)
{
    struct modules all = {NULL, 0};
    const wg_tensor_list list = wg_nn_parameters(net);
    wg_status status = list_modules(&all, net) ? WG_OK : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    for (size_t i = 0; i < all.n && status == WG_OK; i++) {
        if (!kfac_is_layer(all.module[i]))
            continue;
        const wg_tensor *weight = wg_nn_parameter(all.module[i], "weight");
        if (weight && wg_requires_grad(weight) && !is_others(&all, weight))
            status = add(kfac, all.module[i], list, op);
    }
    free(all.module);
    if (status == WG_OK && kfac->n_layers == 0)
        status = wg_error_set(WG_E_ARGUMENT, op, "%s: expected a network with a linear or conv2d layer that is not frozen", op);
    return status;
}

void kfac_free_layers(wg_kfac *kfac)
{
    for (size_t i = 0; i < kfac->n_layers; i++) {
        struct layer *layer = &kfac->layer[i];
        for (int k = 0; k < LAYER_STATE; k++)
            wg_disown(layer->state[k]);
        for (int k = 0; k < 2; k++)
            if (layer->borrowed[k])
                wg_borrow_end(layer->borrowed[k]);
        free(layer->name);
    }
    free(kfac->layer);
}
