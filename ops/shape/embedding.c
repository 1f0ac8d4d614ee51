/* The rows of table (rows, width) for an index of any shape: gather with one index for all columns. */
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    wg_tensor *table = c->in[0], *index = c->in[1];
    wg_shape shape = wg_shape_of(index);
    if (index->dtype != WG_I64)
        return wg_call_error(c, WG_E_DTYPE, "expected indices of i64");
    if (table->rank != 2 || shape.rank == WG_MAX_RANK)
        return wg_call_error(c, WG_E_SHAPE, "expected a table (rows, width) and indices of rank 7 at most");
    shape.extent[shape.rank++] = wg_extents(table)[1];
    wg_tensor *list = wg_index_along(c, wg_reshape(index, WG_SHAPE(index->numel)), 0, wg_shape_of(table));
    return wg_made(out[0] = wg_reshape(wg_gather(table, 0, list), shape));
}

wg_tensor *wg_embedding(wg_tensor *table, wg_tensor *index)
{
    return wg_invoke2(&wg_op_embedding, NULL, table, index);
}

const struct wg_op wg_op_embedding = {
    .name = WG_REGISTERED("embedding"),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"words", {WG_DIMS(5, 3), WG_DIMS(6)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-1, 0}, .high = {1, 5}},
               {"sentences", {WG_DIMS(5, 3), WG_DIMS(2, 4)}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-1, 0}, .high = {1, 5}},
               {"one", {WG_DIMS(4, 2), {.rank = 0}}, .n = 2, .dtype = {WG_F32, WG_I64}, .low = {-1, 0}, .high = {1, 4}}),
};
