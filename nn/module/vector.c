/* Lists of parameters: as one vector, and back; the checks of such lists; norms along an axis. */
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

wg_status nn_check_params(wg_tensor_list list, int64_t *elements, const char *op)
{
    *elements = 0;
    if (list.n == 0 || !list.tensor)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least one parameter", op);
    for (size_t i = 0; i < list.n; i++) {
        if (!list.tensor[i])
            return nn_null_argument(op, "a parameter");
        WG_TRY(nn_check_handle(list.tensor[i], op, "parameter %zu", i));
        if (wg_dtype_of(list.tensor[i]) != wg_dtype_of(list.tensor[0]))
            return wg_error_set(WG_E_DTYPE, op, "%s: expected parameters of one dtype, got %s and %s", op,
                                wg_dtype_name(wg_dtype_of(list.tensor[0])), wg_dtype_name(wg_dtype_of(list.tensor[i])));
        *elements += wg_numel(list.tensor[i]);
    }
    return WG_OK;
}

wg_tensor *nn_norm_along(wg_tensor *w, int axis)
{
    wg_axes others = {.count = 0};
    for (int i = 0; i < wg_rank(w); i++)
        if (i != axis)
            others.axis[others.count++] = (int8_t)i;
    return others.count > 0 ? wg_norm2(w, .axes = others, .keepdims = true) : wg_abs(w);
}

/* The parts are views, and the tape's. */
static wg_tensor *flatten(wg_tensor_list params)
{
    wg_tensor **part = malloc(params.n * sizeof *part);
    if (!part) {
        (void)nn_no_memory("nn_to_vector");
        return NULL;
    }
    wg_status status = WG_OK;
    for (size_t i = 0; i < params.n && status == WG_OK; i++) {
        part[i] = wg_reshape(params.tensor[i], WG_SHAPE(wg_numel(params.tensor[i])));
        status = part[i] ? WG_OK : WG_E_STATE;
    }
    wg_tensor *vector = status == WG_OK ? wg_concat(part, params.n, 0) : NULL;
    free(part);
    return vector;
}

wg_tensor *wg_nn_to_vector(wg_tensor_list params)
{
    int64_t elements;
    if (nn_check_params(params, &elements, "nn_to_vector") != WG_OK)
        return NULL;
    if (wg_tape_top())
        return flatten(params);
    WG_TAPE(tape, .keep_error = true);
    wg_tensor *vector = tape ? flatten(params) : NULL;
    return vector ? wg_keep(vector) : NULL;
}

static wg_status check_vector(const wg_tensor *vector, wg_tensor_list like, const char *op)
{
    int64_t elements;
    char text[200];
    WG_TRY(nn_check_params(like, &elements, op));
    if (!vector)
        return wg_error_first() ? wg_error_first()->code : nn_null_argument(op, "the vector");
    WG_TRY(nn_check_handle(vector, op, "the vector"));
    if (wg_rank(vector) == 1 && wg_numel(vector) == elements)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: expected a vector of %lld elements, got %s", op, (long long)elements,
                        wg_shape_text(wg_shape_of(vector), text, sizeof text));
}

/* Gives each part the shape of its parameter. With no tape open the parts are the caller's: on failure all are given back. */
static wg_status reshape_parts(wg_tensor **part, wg_tensor_list like)
{
    const bool owned = !wg_tape_top();
    bool whole = true;
    for (size_t i = 0; i < like.n && whole; i++) {
        wg_tensor *shaped = wg_reshape(part[i], wg_shape_of(like.tensor[i]));
        whole = shaped != NULL;
        if (whole && owned)
            wg_free(part[i]);
        if (whole)
            part[i] = shaped;
    }
    for (size_t i = 0; i < like.n && owned && !whole; i++)
        wg_free(part[i]);
    return whole ? WG_OK : nn_first_error(WG_E_MEMORY);
}

wg_status wg_nn_from_vector(wg_tensor *vector, wg_tensor_list like, wg_tensor **params)
{
    const char *op = "nn_from_vector";
    WG_TRY(check_vector(vector, like, op));
    if (!params)
        return nn_null_argument(op, "the place for the parameters");
    int64_t *sizes = malloc(like.n * sizeof *sizes);
    wg_tensor **part = malloc(like.n * sizeof *part);
    wg_status status = sizes && part ? WG_OK : nn_no_memory(op);
    for (size_t i = 0; i < like.n && status == WG_OK; i++)
        sizes[i] = wg_numel(like.tensor[i]);
    if (status == WG_OK)
        status = wg_split(vector, 0, sizes, like.n, part);
    if (status == WG_OK) {
        status = reshape_parts(part, like);
        if (status == WG_OK)
            memcpy(params, part, like.n * sizeof *part);
    }
    free(sizes), free(part);
    return status;
}

/* The parameters may be views of the vector, or it one of theirs: then a copy is read, which no assignment changes. */
static wg_status assign(wg_tensor_list params, wg_tensor *vector, wg_tensor **part)
{
    WG_NO_GRAD;
    bool shared = false;
    for (size_t i = 0; i < params.n && !shared; i++)
        shared = wg_shares_memory(params.tensor[i], vector);
    if (shared && !(vector = wg_copy(vector)))
        return nn_first_error(WG_E_MEMORY);
    WG_TRY(wg_nn_from_vector(vector, params, part));
    for (size_t i = 0; i < params.n; i++)
        WG_TRY(wg_assign(params.tensor[i], part[i]));
    return WG_OK;
}

/* A failure makes the tape fail, which undoes what was assigned. */
wg_status wg_nn_assign(wg_tensor_list params, wg_tensor *vector)
{
    const char *op = "nn_assign";
    WG_TRY(check_vector(vector, params, op));
    if (wg_dtype_of(vector) != wg_dtype_of(params.tensor[0]))
        return wg_error_set(WG_E_DTYPE, op, "%s: expected a vector of the parameters' dtype, %s, got %s", op,
                            wg_dtype_name(wg_dtype_of(params.tensor[0])), wg_dtype_name(wg_dtype_of(vector)));
    wg_tensor **part = malloc(params.n * sizeof *part);
    if (!part)
        return nn_no_memory(op);
    wg_status status = WG_E_MEMORY;
    if (wg_tape_top()) {
        status = assign(params, vector, part);
    } else {
        WG_TAPE(tape, .keep_error = true);
        if (tape)
            status = assign(params, vector, part);
    }
    free(part);
    return status;
}
