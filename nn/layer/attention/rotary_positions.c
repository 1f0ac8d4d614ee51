/* Rotary positions (Su and others, 2021): each pair of features is rotated by an angle that grows with the position, so that the product of
   a query and a key depends on the distance of their positions. */
#include "attention.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { COS, SIN }; /* buffers */

/* A view of one feature of each pair, (…,T,features/2). */
static wg_tensor *of_pairs(const wg_nn_rotary_positions_options *o, wg_tensor *x, int64_t which)
{
    const int64_t half = o->features / 2;
    return o->halves ? wg_slice(x, -1, which * half, (which + 1) * half, 1) : wg_slice(x, -1, which, o->features, 2);
}

static wg_tensor *join_pairs(const wg_nn_rotary_positions_options *o, wg_tensor *const *pair, const wg_tensor *x)
{
    return o->halves ? wg_concat(pair, 2, -1) : wg_reshape(wg_stack(pair, 2, wg_rank(x)), wg_shape_of(x));
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_rotary_positions_options *o = call->options;
    if (!nn_fits_positions(x, o->dtype, o->length, o->features, "nn_rotary_positions"))
        return NULL;
    const int64_t positions = wg_extent(x, -2);
    wg_tensor *c = wg_slice(call->buffer[COS], 0, 0, positions, 1), *s = wg_slice(call->buffer[SIN], 0, 0, positions, 1);
    wg_tensor *a = of_pairs(o, x, 0), *b = of_pairs(o, x, 1);
    wg_tensor *rotated[2] = {wg_sub(wg_mul(a, c), wg_mul(b, s)), wg_fma(a, s, wg_mul(b, c))};
    return join_pairs(o, rotated, x);
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_rotary_positions_options *o = options;
    if (o->features % 2 != 0)
        return wg_error_set(WG_E_ARGUMENT, "nn_rotary_positions",
                            "nn_rotary_positions: expected an even number of features, got %lld", (long long)o->features);
    WG_TRY(wg_nn_add_buffer(layer, "cos", nn_table_of_angles(o->dtype, o->length, o->features, o->base, false)));
    return wg_nn_add_buffer(layer, "sin", nn_table_of_angles(o->dtype, o->length, o->features, o->base, true));
}

#define OPTIONS(...)                                             \
    &(const wg_nn_rotary_positions_options)                      \
    {                                                            \
        .length = 5, .features = 4, .dtype = WG_F64, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.base = 10000, .halves = false), .n_in = 1, .in = {{4, {2, 2, 3, 4}}}},
    {.options = OPTIONS(.base = 100, .halves = true), .n_in = 1, .in = {{2, {5, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_rotary_positions_kind = {
    .name = "rotary_positions", .forward = forward, .build = build, .samples = samples};
