/* The embedding: rows of a table, chosen by index. */
#include <string.h>

#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

enum { WEIGHT }; /* parameters */

/* A factor for each row, (rows,1): 1, or what takes a row that is too long to max_norm. PyTorch adds the same 1e-7. */
static wg_tensor *scale_of_rows(const wg_nn_embedding_options *o, wg_tensor *table)
{
    WG_NO_GRAD;
    wg_tensor *norm = wg_norm2(table, .axis = 1, .keepdims = true);
    wg_tensor *limit = wg_full(o->dtype, WG_SCALAR, o->max_norm), *one = wg_full(o->dtype, WG_SCALAR, 1);
    wg_tensor *scale = wg_div(limit, wg_add_scalar(norm, 1e-7));
    return wg_where(wg_gt(norm, limit), scale, one);
}

/* 1 for each row that index names, u8 (rows,1). */
static wg_tensor *touched_rows(const wg_nn_embedding_options *o, wg_tensor *index)
{
    WG_NO_GRAD;
    wg_tensor *flat = wg_reshape(index, WG_SHAPE(-1)), *none = wg_zeros(o->dtype, WG_SHAPE(o->rows));
    wg_tensor *counts = wg_index_add(none, 0, flat, wg_ones(o->dtype, WG_SHAPE(wg_numel(index))));
    return wg_unsqueeze(wg_gt(counts, wg_zeros(o->dtype, WG_SCALAR)), 1);
}

/* The table with the rows that index names scaled. In training it is written back; else the gradient passes as if it were the table. */
static wg_tensor *limit_rows(const wg_nn_call *call, wg_tensor *index)
{
    const wg_nn_embedding_options *o = call->options;
    const uint64_t before = nn_count_errors();
    wg_tensor *table = call->param[WEIGHT], *scale = scale_of_rows(o, table), *touched = touched_rows(o, index), *scaled;
    nn_name_error(before, "nn_embedding");
    if (!scale || !touched)
        return NULL;
    {
        WG_NO_GRAD;
        scaled = wg_where(touched, wg_mul(table, scale), table);
    }
    if (!scaled || call->functional || !wg_train_mode())
        return wg_straight_through(scaled, table);
    return wg_assign(table, scaled) == WG_OK ? table : NULL;
}

static bool fits(const wg_tensor *index)
{
    if (wg_dtype_of(index) == WG_I64)
        return true;
    (void)wg_error_set(WG_E_DTYPE, "nn_embedding", "nn_embedding: expected indices of dtype i64, got %s",
                       wg_dtype_name(wg_dtype_of(index)));
    return false;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *index)
{
    const wg_nn_embedding_options *o = call->options;
    wg_tensor *table = !fits(index) ? NULL : o->max_norm > 0 ? limit_rows(call, index) : call->param[WEIGHT];
    wg_tensor *y = wg_embedding(table, index);
    if (o->padding < 0 || !y)
        return y;
    wg_tensor *is_padding = wg_unsqueeze(wg_eq(index, wg_full(WG_I64, WG_SCALAR, (double)o->padding)), -1);
    return wg_where(is_padding, wg_detach(y), y); /* no gradient reaches the row */
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_embedding_options *o = options;
    if (o->padding >= o->rows)
        return wg_error_set(WG_E_ARGUMENT, "nn_embedding", "nn_embedding: expected padding below rows, %lld, got %lld",
                            (long long)o->rows, (long long)o->padding);
    wg_tensor *table = wg_normal(o->generator, o->dtype, WG_SHAPE(o->rows, o->width), 0, 1);
    if (o->padding >= 0 && table) {
        const size_t row = (size_t)o->width * wg_dtype_size(o->dtype);
        memset((char *)wg_data_mut(table) + (size_t)o->padding * row, 0, row);
    }
    return wg_nn_add_parameter(layer, "weight", table);
}

#define OPTIONS(...)                                                              \
    &(const wg_nn_embedding_options)                                              \
    {                                                                             \
        .rows = 5, .width = 3, .dtype = WG_F64, .generator = WG_NONE, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.padding = -1), .n_in = 1, .in = {{2, {2, 4}}}, .below = {5}},
    {.options = OPTIONS(.padding = 2), .n_in = 1, .in = {{1, {6}}}, .below = {5}, .surrogate = true},
    {.options = OPTIONS(.padding = -1, .max_norm = 1), .n_in = 1, .in = {{2, {2, 3}}}, .below = {3}, .surrogate = true},
    {.n_in = 0},
};

const struct wg_nn_kind nn_embedding_kind = {.name = "embedding", .forward = forward, .build = build, .samples = samples};
