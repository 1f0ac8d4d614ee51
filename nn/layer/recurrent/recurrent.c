/* What the layers and cells of recurrent networks share: parameters, inputs, and the loops over layers, directions and steps. */
#include "recurrent.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/random.h"
#include "wengert/tape.h"

/* ---- parameters ---- */

static wg_status add_one(const struct nn_recurrent *r, wg_nn_module *layer, const char *name, const char *suffix, wg_shape shape)
{
    const double bound = 1 / sqrt((double)r->hidden);
    char full[64];
    snprintf(full, sizeof full, "%s%s", name, suffix);
    return wg_nn_add_parameter(layer, full, wg_uniform(r->generator, r->dtype, shape, -bound, bound));
}

static wg_status add_weights(const struct nn_recurrent *r, wg_nn_module *layer, int64_t in, const char *suffix)
{
    const int64_t rows = r->gates * r->hidden;
    WG_TRY(add_one(r, layer, "weight_ih", suffix, WG_SHAPE(rows, in)));
    WG_TRY(add_one(r, layer, "weight_hh", suffix, WG_SHAPE(rows, r->hidden)));
    if (!r->bias)
        return WG_OK;
    WG_TRY(add_one(r, layer, "bias_ih", suffix, WG_SHAPE(rows)));
    return add_one(r, layer, "bias_hh", suffix, WG_SHAPE(rows));
}

static int directions(const struct nn_recurrent *r)
{
    return r->bidirectional ? 2 : 1;
}

wg_status nn_recurrent_build(const struct nn_recurrent *r, wg_nn_module *layer)
{
    char suffix[40];
    for (int64_t l = 0; l < r->layers; l++)
        for (int d = 0; d < directions(r); d++) {
            snprintf(suffix, sizeof suffix, "_l%lld%s", (long long)l, d ? "_reverse" : "");
            WG_TRY(add_weights(r, layer, l == 0 ? r->in : directions(r) * r->hidden, suffix));
        }
    return WG_OK;
}

wg_status nn_recurrent_build_cell(const struct nn_recurrent *r, wg_nn_module *cell)
{
    return add_weights(r, cell, r->in, "");
}

static struct nn_recurrent_weights weights_of(const struct nn_recurrent *r, const wg_nn_call *call, int64_t index)
{
    wg_tensor *const *param = call->param + index * (r->bias ? 4 : 2);
    return (struct nn_recurrent_weights){param[0], param[1], r->bias ? param[2] : WG_NONE, r->bias ? param[3] : WG_NONE};
}

/* ---- products ---- */

/* x W_ihᵀ and its bias, (…,gates hidden), as a value that alone owns its memory, so that steps may overwrite it. */
static wg_tensor *from_input(const struct nn_recurrent *r, const struct nn_recurrent_weights *w, wg_tensor *x)
{
    wg_shape shape = wg_shape_of(x);
    int64_t *last = &shape.extent[shape.rank - 1], rows = wg_numel(x) / *last;
    wg_tensor *bias = r->bias && !r->bias_apart ? wg_add(w->b_ih, w->b_hh) : w->b_ih;
    wg_tensor *product = wg_linear(wg_reshape(x, WG_SHAPE(rows, *last)), w->w_ih, bias);
    *last = r->gates * r->hidden;
    wg_tensor *y = wg_reshape(product, shape);
    if (y)
        wg_drop(product);
    return y;
}

wg_tensor *nn_recurrent_from_state(const struct nn_recurrent *r, const struct nn_recurrent_weights *w, const wg_tensor *input,
                                   const struct nn_recurrent_state *s)
{
    wg_tensor *bias = r->bias_apart ? w->b_hh : WG_NONE;
    if (!s->zero)
        return wg_linear(s->h, w->w_hh, bias);
    return bias == WG_NONE ? WG_NONE : wg_broadcast_to(bias, wg_shape_of(input));
}

/* ---- inputs ---- */

/* The inputs by their roles. lengths are WG_NONE if they were not given, and so is each state if none was; beside a state that was given
   another is zeros. */
struct inputs {
    wg_tensor *x, *state[2], *lengths;
};

static const char *text_of(const wg_tensor *t, char text[static 200])
{
    return wg_shape_text(wg_shape_of(t), text, 200);
}

/* True if t, the input of that name, has this dtype and shape; else an error is recorded. */
static bool is_like(const struct nn_recurrent *r, const struct inputs *in, const wg_tensor *t, const char *name, wg_dtype dtype,
                    wg_shape shape)
{
    const wg_shape got = wg_shape_of(t);
    char text[3][200];
    const bool fits = got.rank == shape.rank && memcmp(got.extent, shape.extent, (size_t)shape.rank * sizeof *shape.extent) == 0;
    if (wg_dtype_of(t) == dtype && fits)
        return true;
    (void)wg_error_set(fits ? WG_E_DTYPE : WG_E_SHAPE, r->op,
                       "%s: expected, for x of shape %s, %s of dtype %s and shape %s, got %s %s", r->op, text_of(in->x, text[0]),
                       name, wg_dtype_name(dtype), wg_shape_text(shape, text[1], sizeof text[1]), wg_dtype_name(wg_dtype_of(t)),
                       text_of(t, text[2]));
    return false;
}

/* Is the last input lengths? They are of rank 1, or WG_NONE behind the states. */
static bool ends_in_lengths(const struct nn_recurrent *r, const wg_nn_call *call)
{
    const wg_tensor *last = call->in[call->n_in - 1];
    return call->n_in > 1 && (last == WG_NONE ? call->n_in == 2 + (size_t)r->states : wg_rank(last) == 1);
}

/* A cell has no lengths. */
static bool sort_inputs(const struct nn_recurrent *r, const wg_nn_call *call, wg_tensor *x, bool cell, struct inputs *in)
{
    const wg_tensor *last = call->in[call->n_in - 1];
    const size_t results = (cell ? 0 : 1) + (size_t)r->states;
    size_t n = call->n_in;
    char text[200];
    *in = (struct inputs){x, {WG_NONE, WG_NONE}, WG_NONE};
    if (!cell && ends_in_lengths(r, call))
        in->lengths = call->in[--n];
    if (n != 1 && n != 1 + (size_t)r->states) {
        (void)wg_error_set(WG_E_ARGUMENT, r->op, "%s: expected x, or x and %s%s, got %zu inputs, the last one of shape %s", r->op,
                           r->states == 1 ? "h" : "h and c", cell ? "" : ", and behind them lengths (B) or nothing", call->n_in,
                           last == WG_NONE ? "WG_NONE" : text_of(last, text));
        return false;
    }
    if (n > 1)
        memcpy(in->state, call->in + 1, (size_t)r->states * sizeof *in->state);
    if (call->n_out <= results)
        return true;
    (void)wg_error_set(WG_E_ARGUMENT, r->op, "%s: expected to be asked for at most %zu results, got %zu", r->op, results,
                       call->n_out);
    return false;
}

static bool check_states(const struct nn_recurrent *r, struct inputs *in, wg_shape shape)
{
    static const char *const name[2] = {"h", "c"};
    const bool given = in->state[0] != WG_NONE || in->state[1] != WG_NONE;
    for (int k = 0; k < r->states && given; k++) {
        if (in->state[k] == WG_NONE)
            in->state[k] = wg_zeros(r->dtype, shape);
        if (!in->state[k] || !is_like(r, in, in->state[k], name[k], r->dtype, shape))
            return false;
    }
    return true;
}

/* ---- cells ---- */

wg_tensor *nn_recurrent_forward_cell(const struct nn_recurrent *r, const wg_nn_call *call, wg_tensor *x)
{
    const struct nn_form form = {r->op, r->dtype, .min_rank = 1, .axis = -1, .extent = r->in, .text = "(..., %)"};
    const struct nn_recurrent_weights w = weights_of(r, call, 0);
    struct inputs in;
    if (!nn_fits(x, &form) || !sort_inputs(r, call, x, true, &in))
        return NULL;
    wg_shape shape = wg_shape_of(x);
    shape.extent[shape.rank - 1] = r->hidden;
    if (!check_states(r, &in, shape))
        return NULL;
    wg_tensor *zeros = in.state[0] == WG_NONE ? wg_zeros(r->dtype, shape) : WG_NONE;
    struct nn_recurrent_state s = {in.state[0] == WG_NONE ? zeros : in.state[0], in.state[1] == WG_NONE ? zeros : in.state[1],
                                   false};
    wg_tensor *input = from_input(r, &w, x);
    if (!s.h || !input)
        return NULL;
    r->step(r, &w, input, &s);
    wg_drop(input);
    if (call->n_out > 1)
        call->out[1] = s.c;
    return s.h;
}

/* ---- layers ---- */

/* A run of a layer. live (B,T,1), u8: 1 before a row's length; WG_NONE without lengths. */
struct run {
    const struct nn_recurrent *r;
    const wg_nn_call *call;
    const struct inputs *in;
    int64_t steps, rows;
    wg_tensor *live, *zeros; /* zeros (B,hidden) */
    wg_tensor **hidden;      /* workspace: an output for each step */
    wg_tensor **final[2];    /* for each layer and direction, h and c after the last step */
};

static int time_axis(const struct nn_recurrent *r)
{
    return r->batch_first ? 1 : 0;
}

static bool check_sequence(const struct nn_recurrent *r, struct inputs *in)
{
    const struct nn_form form = {r->op,
                                 r->dtype,
                                 .min_rank = 3,
                                 .max_rank = 3,
                                 .axis = -1,
                                 .extent = r->in,
                                 .text = r->batch_first ? "(B, T, %)" : "(T, B, %)"};
    char text[200];
    if (!nn_fits(in->x, &form))
        return false;
    const int64_t steps = wg_extent(in->x, time_axis(r)), rows = wg_extent(in->x, 1 - time_axis(r));
    if (steps == 0) {
        (void)wg_error_set(WG_E_SHAPE, r->op, "%s: expected x of at least one step, got %s", r->op, text_of(in->x, text));
        return false;
    }
    if (in->lengths != WG_NONE && !is_like(r, in, in->lengths, "lengths", WG_I64, WG_SHAPE(rows)))
        return false;
    return check_states(r, in, WG_SHAPE(r->layers * directions(r), rows, r->hidden));
}

/* For each row and step whether the step is before the row's length. The lengths index a table of 0 … T, so that others are refused, also
   in a replay. */
static wg_tensor *live_steps(const struct nn_recurrent *r, const struct inputs *in, int64_t steps)
{
    wg_tensor *count = wg_cumsum(wg_ones(WG_F64, WG_SHAPE(steps + 1)), 0);
    wg_tensor *table = wg_cast(wg_add_scalar(count, -1), WG_I64), *number = wg_slice(table, 0, 0, steps, 1);
    const bool first = !wg_error_first();
    wg_tensor *lengths = number ? wg_index_select(table, 0, in->lengths) : NULL;
    if (number && !lengths && first && wg_error_first()->code == WG_E_ARGUMENT) {
        char text[200];
        wg_error_take(NULL);
        (void)wg_error_set(WG_E_ARGUMENT, r->op, "%s: expected lengths of at most %lld steps for x of shape %s, and none below 0",
                           r->op, (long long)steps, text_of(in->x, text));
    }
    return wg_unsqueeze(wg_gt(wg_unsqueeze(lengths, 1), number), 2);
}

/* A step that leaves the states of rows that have ended, and whose output is 0 there. */
static wg_tensor *masked_step(const struct run *run, const struct nn_recurrent_weights *w, wg_tensor *input, int64_t t,
                              struct nn_recurrent_state *s)
{
    const struct nn_recurrent_state before = *s;
    run->r->step(run->r, w, input, s);
    wg_tensor *live = wg_select(run->live, 1, t), *h = s->h;
    s->h = wg_where(live, h, before.h);
    if (run->r->states > 1)
        s->c = wg_where(live, s->c, before.c);
    return wg_where(live, h, run->zeros);
}

static wg_tensor *run_steps(const struct run *run, const struct nn_recurrent_weights *w, wg_tensor *input, bool reverse,
                            struct nn_recurrent_state *s)
{
    const struct nn_recurrent *r = run->r;
    for (int64_t k = 0; k < run->steps; k++, s->zero = false) {
        const int64_t t = reverse ? run->steps - 1 - k : k;
        wg_tensor *part = wg_select(input, time_axis(r), t);
        if (!part || !s->h || !s->c)
            return NULL;
        if (run->live != WG_NONE) {
            run->hidden[t] = masked_step(run, w, part, t, s);
        } else {
            r->step(r, w, part, s);
            run->hidden[t] = s->h;
        }
        wg_drop(part);
    }
    wg_drop(input);
    return wg_stack(run->hidden, (size_t)run->steps, time_axis(r));
}

static wg_tensor *run_sequence(const struct run *run, const struct nn_recurrent_weights *w, wg_tensor *input, bool reverse,
                               struct nn_recurrent_state *s)
{
    const bool batch_first = run->r->batch_first, final = run->call->n_out > 1;
    wg_tensor *y = run->r->sequence(w, batch_first ? wg_transpose(input, 0, 1) : input, reverse, final, s);
    return batch_first ? wg_transpose(y, 0, 1) : y;
}

/* One layer in one direction. Sets the final states number index. */
static wg_tensor *run_direction(const struct run *run, wg_tensor *x, int64_t index, bool reverse)
{
    const struct nn_recurrent *r = run->r;
    const struct nn_recurrent_weights w = weights_of(r, run->call, index);
    struct nn_recurrent_state s = {run->zeros, run->zeros, .zero = run->in->state[0] == WG_NONE && run->steps > 1};
    wg_tensor *input = from_input(r, &w, x);
    if (run->in->state[0] != WG_NONE) {
        s.h = wg_select(run->in->state[0], 0, index);
        s.c = r->states > 1 ? wg_select(run->in->state[1], 0, index) : s.c;
    }
    const bool whole = r->sequence && run->live == WG_NONE;
    wg_tensor *y = (whole ? run_sequence : run_steps)(run, &w, input, reverse, &s);
    run->final[0][index] = s.h;
    run->final[1][index] = s.c;
    return y;
}

static wg_tensor *run_layers(const struct run *run, wg_tensor *x)
{
    const struct nn_recurrent *r = run->r;
    for (int64_t l = 0; l < r->layers && x; l++) {
        wg_tensor *both[2] = {NULL, NULL};
        for (int d = 0; d < directions(r); d++)
            if (!(both[d] = run_direction(run, x, l * directions(r) + d, d > 0)))
                return NULL;
        x = r->bidirectional ? wg_concat(both, 2, -1) : both[0];
        if (r->dropout > 0 && l + 1 < r->layers && wg_train_mode())
            x = wg_dropout(x, wg_generator_default(), r->dropout);
    }
    return x;
}

wg_tensor *nn_recurrent_forward(const struct nn_recurrent *r, const wg_nn_call *call, wg_tensor *x)
{
    struct inputs in;
    if (!sort_inputs(r, call, x, false, &in) || !check_sequence(r, &in))
        return NULL;
    struct run run = {.r = r, .call = call, .in = &in, .live = WG_NONE};
    run.steps = wg_extent(x, time_axis(r)), run.rows = wg_extent(x, 1 - time_axis(r));
    run.zeros = wg_zeros(r->dtype, WG_SHAPE(run.rows, r->hidden));
    if (in.lengths != WG_NONE)
        run.live = live_steps(r, &in, run.steps);
    if (!run.zeros || !run.live)
        return NULL;
    const size_t runs = (size_t)(r->layers * directions(r));
    run.hidden = malloc(((size_t)run.steps + 2 * runs) * sizeof *run.hidden);
    if (!run.hidden) {
        (void)nn_no_memory(r->op);
        return NULL;
    }
    run.final[0] = run.hidden + run.steps, run.final[1] = run.final[0] + runs;
    wg_tensor *y = run_layers(&run, x);
    for (size_t i = 1; i < call->n_out && y; i++)
        if (!(call->out[i] = wg_stack(run.final[i - 1], runs, 0)))
            y = NULL;
    free(run.hidden);
    return y;
}
