/* What the layers of transformers share. */
#include "attention.h"

#include <math.h>
#include <stdio.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* ---- positions ---- */

bool nn_fits_positions(const wg_tensor *x, wg_dtype dtype, int64_t length, int64_t features, const char *op)
{
    const struct nn_form form = {op, dtype, .min_rank = 2, .axis = -1, .extent = features, .text = "(..., T, %)"};
    char text[200];
    if (!nn_fits(x, &form))
        return false;
    if (wg_extent(x, -2) <= length)
        return true;
    (void)wg_error_set(WG_E_SHAPE, op, "%s: expected at most %lld positions, the length of the table, got %s", op,
                       (long long)length, wg_shape_text(wg_shape_of(x), text, sizeof text));
    return false;
}

static void fill_angles(double *to, int64_t length, int64_t half, double base, bool sines)
{
    for (int64_t i = 0; i < length; i++)
        for (int64_t k = 0; k < half; k++) {
            const double angle = (double)i * pow(base, -(double)k / (double)half);
            to[i * half + k] = sines ? sin(angle) : cos(angle);
        }
}

wg_tensor *nn_table_of_angles(wg_dtype dtype, int64_t length, int64_t features, double base, bool sines)
{
    wg_tensor *table = wg_zeros(WG_F64, WG_SHAPE(length, features / 2));
    if (!table)
        return NULL;
    fill_angles(wg_data_mut(table), length, features / 2, base, sines);
    if (dtype == WG_F64)
        return table;
    wg_tensor *rounded = wg_cast(table, dtype);
    wg_free(table);
    return rounded;
}

/* ---- parts of a transformer layer ---- */

wg_status nn_check_transformer(const struct nn_transformer *t)
{
    if (t->activation != WG_ACTIVATION_RELU && t->activation != WG_ACTIVATION_GELU)
        return wg_error_set(WG_E_ARGUMENT, t->op, "%s: expected activation relu or gelu, got %s", t->op,
                            wg_activation_names[t->activation]);
    if (t->width % t->heads != 0)
        return wg_error_set(WG_E_ARGUMENT, t->op, "%s: expected heads that divide width, got %lld for %lld", t->op,
                            (long long)t->heads, (long long)t->width);
    return WG_OK;
}

bool nn_takes_inputs(const struct nn_transformer *t, const wg_nn_call *call, size_t most, const char *which)
{
    if (call->n_in <= most)
        return true;
    (void)wg_error_set(WG_E_ARGUMENT, t->op, "%s: expected %s, got %zu inputs", t->op, which, call->n_in);
    return false;
}

bool nn_fits_sequence(const struct nn_transformer *t, const wg_tensor *x)
{
    return nn_fits(
        x, &(struct nn_form){t->op, t->dtype, .min_rank = 3, .max_rank = 3, .axis = -1, .extent = t->width, .text = "(B, T, %)"});
}

wg_status nn_add_attention(const struct nn_transformer *t, wg_nn_module *layer, const char *name, bool causal)
{
    return wg_nn_add_child(layer, name,
                           wg_nn_multi_head_attention(t->width, t->heads, .causal = causal, .dropout = t->dropout,
                                                      .dtype = t->dtype, .generator = t->generator));
}

wg_status nn_add_feed_forward(const struct nn_transformer *t, wg_nn_module *layer)
{
    WG_TRY(wg_nn_add_child(layer, "linear1", wg_nn_linear(t->width, t->hidden, .dtype = t->dtype, .generator = t->generator)));
    return wg_nn_add_child(layer, "linear2", wg_nn_linear(t->hidden, t->width, .dtype = t->dtype, .generator = t->generator));
}

wg_status nn_add_norms(const struct nn_transformer *t, wg_nn_module *layer, int n)
{
    char name[20];
    for (int i = 1; i <= n; i++) {
        snprintf(name, sizeof name, "norm%d", i);
        WG_TRY(wg_nn_add_child(layer, name, wg_nn_layer_norm(t->width, .eps = t->eps, .dtype = t->dtype)));
    }
    return WG_OK;
}

wg_tensor *nn_apply_part(const struct nn_transformer *t, const wg_nn_call *call, const struct nn_part *part, wg_tensor *x)
{
    wg_tensor *in = t->norm_first ? wg_nn_apply_child(call, part->norm, x) : x;
    wg_tensor *sum = wg_add(x, nn_dropped(part->compute(t, call, in), t->dropout));
    return t->norm_first ? sum : wg_nn_apply_child(call, part->norm, sum);
}

static wg_tensor *activated(const struct nn_transformer *t, wg_tensor *x)
{
    return t->activation == WG_ACTIVATION_GELU ? wg_gelu(x) : wg_relu(x);
}

wg_tensor *nn_feed_forward(const struct nn_transformer *t, const wg_nn_call *call, size_t first, wg_tensor *x)
{
    wg_tensor *hidden = activated(t, wg_nn_apply_child(call, first, x));
    return wg_nn_apply_child(call, first + 1, nn_dropped(hidden, t->dropout));
}

/* ---- stacks ---- */

static wg_tensor *forward_stack(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *in[2] = {x, call->n_in > 1 ? call->in[1] : NULL};
    for (size_t i = 0; i < wg_nn_children(call->module) && in[0]; i++)
        in[0] = wg_nn_apply_child_to(call, i, in, call->n_in);
    return in[0];
}

static wg_status fill_stack(const struct nn_transformer *t, wg_nn_module *stack, int64_t layers)
{
    char name[20];
    for (int64_t i = 0; i < layers; i++) {
        snprintf(name, sizeof name, "%d", (int)i);
        WG_TRY(
            wg_nn_add_child(stack, name,
                            wg_nn_transformer_encoder_layer(t->width, t->heads, .hidden = t->hidden, .dropout = t->dropout,
                                                            .eps = t->eps, .activation = t->activation, .norm_first = t->norm_first,
                                                            .causal = t->causal, .dtype = t->dtype, .generator = t->generator)));
    }
    return WG_OK;
}

wg_nn_module *nn_encoder_stack(const struct nn_transformer *t, int64_t layers)
{
    static const struct wg_nn_kind kind = {.name = "stack", .forward = forward_stack, .n_in = WG_NN_ANY};
    wg_nn_module *stack = nn_create(&kind, NULL, NULL, NULL, t->op);
    if (stack && fill_stack(t, stack, layers) == WG_OK)
        return stack;
    wg_nn_destroy(stack);
    return NULL;
}
