/* Containers whose modules stand side by side: what a module adds to its input, and several modules of one input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

/* a + b, which have one shape: nothing is broadcast. */
static wg_tensor *sum_of(wg_tensor *a, wg_tensor *b, const char *op)
{
    const wg_shape x = wg_shape_of(a), y = wg_shape_of(b);
    char text[200], other[200];
    if (!a || !b)
        return NULL;
    if (x.rank == y.rank && memcmp(x.extent, y.extent, (size_t)x.rank * sizeof *x.extent) == 0)
        return wg_add(a, b);
    (void)wg_error_set(WG_E_SHAPE, op, "%s: expected results of one shape to add, got %s and %s", op,
                       wg_shape_text(x, text, sizeof text), wg_shape_text(y, other, sizeof other));
    return NULL;
}

/* ---- residual ---- */

enum { MODULE, SHORTCUT }; /* children */

static wg_tensor *forward_residual(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *change = wg_nn_apply_child(call, MODULE, x);
    wg_tensor *straight = change && wg_nn_children(call->module) > SHORTCUT ? wg_nn_apply_child(call, SHORTCUT, x) : x;
    wg_tensor *y = change && straight ? sum_of(change, straight, "nn_residual") : NULL;
    if (change != x)
        wg_drop(change);
    if (straight != x)
        wg_drop(straight);
    return y;
}

static const struct wg_nn_kind residual_kind = {.name = "residual", .forward = forward_residual};

wg_nn_module *wg_nn_residual_with(wg_nn_module *module, wg_nn_residual_options options)
{
    wg_nn_module *net = nn_create(&residual_kind, NULL, NULL, NULL, "nn_residual");
    wg_status status = !net ? WG_E_MEMORY : module ? WG_OK : nn_null_argument("nn_residual", "the module");
    if (status == WG_OK)
        status = wg_nn_add_child(net, "module", module);
    else
        wg_nn_destroy(module);
    if (status == WG_OK && options.shortcut)
        status = wg_nn_add_child(net, "shortcut", options.shortcut);
    else if (status != WG_OK)
        wg_nn_destroy(options.shortcut);
    if (status == WG_OK)
        return net;
    wg_nn_destroy(net);
    return NULL;
}

/* ---- parallel ---- */

static const wg_option parallel_options[] = {
    WG_OPTION_INT_OF(wg_nn_parallel_options, axis, 1, "along which results are joined; negative: from the end", WG_BETWEEN(-8, 7)),
    WG_OPTION_BOOL_OF(wg_nn_parallel_options, add, false, "adds results in place of joining them"),
};
static const wg_option_table parallel_table = {parallel_options, sizeof parallel_options / sizeof *parallel_options,
                                               sizeof(wg_nn_parallel_options)};

/* Applies all children to x; false if one fails. */
static bool apply_all(const wg_nn_call *call, wg_tensor *x, wg_tensor **y)
{
    for (size_t i = 0; i < wg_nn_children(call->module); i++)
        if (!(y[i] = wg_nn_apply_child(call, i, x)))
            return false;
    return true;
}

static wg_tensor *added(wg_tensor **y, size_t n, const wg_tensor *x)
{
    wg_tensor *sum = y[0];
    for (size_t i = 1; i < n && sum; i++) {
        wg_tensor *next = sum_of(sum, y[i], "nn_parallel");
        if (i > 1)
            wg_drop(sum);
        sum = next;
    }
    for (size_t i = 0; i < n && n > 1; i++)
        if (y[i] != x)
            wg_drop(y[i]);
    return sum;
}

static wg_tensor *joined(const wg_nn_call *call, wg_tensor **y, size_t n, const wg_tensor *x)
{
    wg_tensor *all = wg_concat(y, n, (int)((const wg_nn_parallel_options *)call->options)->axis);
    for (size_t i = 0; i < n; i++)
        if (y[i] != x)
            wg_drop(y[i]);
    return all;
}

static wg_tensor *forward_parallel(const wg_nn_call *call, wg_tensor *x)
{
    const size_t n = wg_nn_children(call->module);
    wg_tensor **y = calloc(n, sizeof *y), *result = NULL;
    if (!y)
        (void)nn_no_memory("nn_parallel");
    else if (apply_all(call, x, y))
        result = ((const wg_nn_parallel_options *)call->options)->add ? added(y, n, x) : joined(call, y, n, x);
    free(y);
    return result;
}

static const struct wg_nn_kind parallel_kind = {.name = "parallel", .forward = forward_parallel};

wg_nn_module *wg_nn_parallel_with(wg_nn_module_list modules, wg_nn_parallel_options options)
{
    if (!modules.module || modules.n == 0) {
        (void)wg_error_set(WG_E_ARGUMENT, "nn_parallel", "nn_parallel: expected at least one module, WG_NN_MODULES(a, b)");
        return NULL;
    }
    wg_nn_module *net = nn_create(&parallel_kind, &parallel_table, &options, NULL, "nn_parallel");
    wg_status status = net ? WG_OK : WG_E_MEMORY;
    for (size_t i = 0; i < modules.n && status == WG_OK; i++)
        if (!modules.module[i])
            status = wg_error_set(WG_E_NULL, "nn_parallel", "nn_parallel: module %zu is NULL", i);
    for (size_t i = 0; i < modules.n; i++) {
        if (status == WG_OK)
            status = nn_append(net, modules.module[i]);
        else
            wg_nn_destroy(modules.module[i]);
    }
    if (status == WG_OK)
        return net;
    wg_nn_destroy(net);
    return NULL;
}
