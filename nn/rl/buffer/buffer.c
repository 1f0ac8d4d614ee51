/* Replay buffers: making them, and adding transitions. */
#include "buffer.h"

#include <math.h>
#include <stdlib.h>

#include "../../module/module.h"
#include "../rl.h"
#include "wengert/error.h"
#include "wengert/options.h"

static const wg_option entries[] = {
    WG_OPTION_INT_OF(wg_rl_buffer_options, capacity, 1000000, "transitions", WG_BETWEEN(1, (int64_t)1 << 40)),
    WG_OPTION_INT_OF(wg_rl_buffer_options, batch, 256, "rows of a sample", WG_BETWEEN(1, (int64_t)1 << 31)),
    WG_OPTION_INT_OF(wg_rl_buffer_options, copies, 1, "rows of each addition", WG_AT_LEAST(1)),
    WG_OPTION_INT_OF(wg_rl_buffer_options, n_step, 1, "steps of a return", WG_BETWEEN(1, 1 << 20)),
    WG_OPTION_REAL_OF(wg_rl_buffer_options, gamma, 0.99, "γ", WG_BETWEEN(0, 1)),
    WG_OPTION_BOOL_OF(wg_rl_buffer_options, prioritized, false, "draws by priority"),
    WG_OPTION_REAL_OF(wg_rl_buffer_options, alpha, 0.6, "exponent of errors", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_rl_buffer_options, beta, 0.4, "exponent of weights", WG_BETWEEN(0, 1)),
    WG_OPTION_REAL_OF(wg_rl_buffer_options, epsilon, 1e-6, "added to errors", WG_AT_LEAST(0)),
    WG_OPTION_DTYPE_OF(wg_rl_buffer_options, dtype, WG_F32, "of batches"),
};
static const wg_option_table table = {entries, sizeof entries / sizeof *entries, sizeof(wg_rl_buffer_options)};

/* ---- making one ---- */

static wg_status check(int64_t observation, int64_t action, const wg_rl_buffer_options *o, const char *op)
{
    WG_TRY(wg_options_check(table, o, op));
    const int64_t most = (int64_t)1 << 31;
    if (observation < 1 || observation > most || action < 1 || action > most)
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: expected at least 1 number in an observation and in an action, got %lld and %lld", op,
                            (long long)observation, (long long)action);
    if (o->capacity % o->copies != 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a .capacity that is a multiple of .copies, got %lld and %lld", op,
                            (long long)o->capacity, (long long)o->copies);
    if (o->batch > o->capacity)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: a batch of %lld rows needs a .capacity of as many transitions, got %lld", op,
                            (long long)o->batch, (long long)o->capacity);
    return WG_OK;
}

static wg_status make_part(wg_rl_buffer *b, enum part part, const char *name, wg_tensor *made)
{
    b->name[part] = name;
    return rl_own(&b->part[part], name, made);
}

static wg_status make_parts(wg_rl_buffer *b)
{
    const wg_dtype dtype = b->options.dtype;
    const int64_t rows = b->options.capacity;
    WG_TRY(make_part(b, OBSERVATION, "observation", wg_zeros(dtype, WG_SHAPE(rows, b->observation))));
    WG_TRY(make_part(b, ACTION, "action", wg_zeros(dtype, WG_SHAPE(rows, b->action))));
    WG_TRY(make_part(b, REWARD, "reward", wg_zeros(dtype, WG_SHAPE(rows))));
    WG_TRY(make_part(b, NEXT, "next", wg_zeros(dtype, WG_SHAPE(rows, b->observation))));
    WG_TRY(make_part(b, END, "end", wg_zeros(WG_U8, WG_SHAPE(rows))));
    WG_TRY(make_part(b, COUNTS, "counts", wg_zeros(WG_I64, WG_SHAPE(4))));
    if (!b->options.prioritized)
        return WG_OK;
    WG_TRY(make_part(b, PRIORITIES, "priorities", wg_zeros(WG_F64, WG_SHAPE((int64_t)priorities_size(b->leaves)))));
    priorities_clear(wg_data_mut(b->part[PRIORITIES]), b->leaves);
    return WG_OK;
}

static wg_status make_batch(wg_rl_buffer *b)
{
    wg_rl_batch *batch = &b->batch;
    const wg_dtype dtype = b->options.dtype;
    batch->n = b->options.batch;
    WG_TRY(rl_own(&batch->observation, "observation", wg_zeros(dtype, WG_SHAPE(batch->n, b->observation))));
    WG_TRY(rl_own(&batch->action, "action", wg_zeros(dtype, WG_SHAPE(batch->n, b->action))));
    WG_TRY(rl_own(&batch->reward, "reward", wg_zeros(dtype, WG_SHAPE(batch->n, 1))));
    WG_TRY(rl_own(&batch->next, "next", wg_zeros(dtype, WG_SHAPE(batch->n, b->observation))));
    WG_TRY(rl_own(&batch->discount, "discount", wg_zeros(dtype, WG_SHAPE(batch->n, 1))));
    WG_TRY(rl_own(&batch->weight, "weight", wg_ones(dtype, WG_SHAPE(batch->n, 1))));
    batch->index = b->index = calloc((size_t)batch->n, sizeof *b->index);
    b->last = calloc((size_t)batch->n, sizeof *b->last);
    b->power = malloc(((size_t)b->options.n_step + 1) * sizeof *b->power);
    b->mass = b->options.prioritized ? calloc((size_t)batch->n, sizeof *b->mass) : NULL;
    if (!b->index || !b->last || !b->power || (b->options.prioritized && !b->mass))
        return nn_no_memory("rl_buffer_create");
    for (int64_t k = 0; k <= b->options.n_step; k++)
        b->power[k] = k == 0 ? 1 : b->power[k - 1] * b->options.gamma;
    return WG_OK;
}

static wg_status set_seed(wg_rl_buffer *b)
{
    WG_TRY(nn_seed(&b->options.seed));
    return wg_write(b->part[COUNTS], (int64_t[]){0, 0, (int64_t)b->options.seed, b->options.copies});
}

static wg_status fill(wg_rl_buffer *b)
{
    WG_TRY(make_parts(b));
    WG_TRY(make_batch(b));
    return set_seed(b);
}

wg_rl_buffer *wg_rl_buffer_create_with(int64_t observation, int64_t action, wg_rl_buffer_options options)
{
    const char *op = "rl_buffer_create";
    if (check(observation, action, &options, op) != WG_OK)
        return NULL;
    wg_rl_buffer *b = calloc(1, sizeof *b);
    if (!b) {
        (void)nn_no_memory(op);
        return NULL;
    }
    b->options = options;
    b->observation = observation, b->action = action;
    b->steps = options.capacity / options.copies;
    for (b->leaves = 1; b->leaves < options.capacity;)
        b->leaves *= 2;
    if (fill(b) == WG_OK)
        return b;
    wg_rl_buffer_destroy(b);
    return NULL;
}

void wg_rl_buffer_destroy(wg_rl_buffer *b)
{
    if (!b)
        return;
    for (int i = 0; i < PARTS; i++)
        wg_disown(b->part[i]);
    wg_disown(b->batch.observation), wg_disown(b->batch.action), wg_disown(b->batch.reward);
    wg_disown(b->batch.next), wg_disown(b->batch.discount), wg_disown(b->batch.weight);
    free(b->index), free(b->last), free(b->mass), free(b->power), free(b);
}

/* ---- what is there ---- */

/* Counts may have been written by a program; what is out of their range counts as nothing. */
static int64_t added(const wg_rl_buffer *b)
{
    const int64_t *counts = wg_data(b->part[COUNTS]);
    return counts && counts[0] > 0 && counts[0] < INT64_MAX ? counts[0] : 0;
}

int64_t buffer_size(const wg_rl_buffer *b)
{
    const int64_t n = added(b);
    return n < b->steps ? n : b->steps;
}

int64_t buffer_newest(const wg_rl_buffer *b)
{
    const int64_t n = added(b);
    return n > 0 ? (n - 1) % b->steps : -1;
}

int64_t wg_rl_buffer_count(const wg_rl_buffer *b)
{
    if (b)
        return buffer_size(b) * b->options.copies;
    (void)nn_null_argument("rl_buffer_count", "the buffer");
    return 0;
}

wg_tensor_list wg_rl_buffer_state(const wg_rl_buffer *b)
{
    if (b)
        return (wg_tensor_list){b->options.prioritized ? PARTS : PRIORITIES, b->part, b->name};
    (void)nn_null_argument("rl_buffer_state", "the buffer");
    return (wg_tensor_list){0, NULL, NULL};
}

wg_status buffer_check_copies(const wg_rl_buffer *b, const char *op)
{
    const int64_t *counts = wg_data(b->part[COUNTS]);
    if (counts && counts[3] == b->options.copies)
        return WG_OK;
    return wg_error_set(WG_E_STATE, op, "%s: the state was written by a buffer of %lld copies, and this one has %lld", op,
                        (long long)(counts ? counts[3] : 0), (long long)b->options.copies);
}

/* ---- adding ---- */

/* In the buffer's dtype. */
static wg_status check_finite(const wg_rl_buffer *b, const double *x, int64_t rows, int64_t size, const char *what, const char *op)
{
    for (int64_t i = 0; i < rows * size; i++)
        if (!isfinite(b->options.dtype == WG_F32 ? (double)(float)x[i] : x[i]))
            return wg_error_set(WG_E_NUMERIC, op, "%s: the %s of row %lld is %g in component %lld", op, what, (long long)(i / size),
                                x[i], (long long)(i % size));
    return WG_OK;
}

static wg_status check_transitions(const wg_rl_buffer *b, const wg_rl_transitions *t, const char *op)
{
    if (!b || !t)
        return nn_null_argument(op, b ? "the struct of transitions" : "the buffer");
    WG_TRY(buffer_check_copies(b, op));
    if (t->n != b->options.copies)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected %lld transitions, as .copies says, got %lld", op,
                            (long long)b->options.copies, (long long)t->n);
    if (t->observation_size != b->observation || t->action_size != b->action)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected observations of %lld numbers and actions of %lld, got %lld and %lld", op,
                            (long long)b->observation, (long long)b->action, (long long)t->observation_size,
                            (long long)t->action_size);
    if (!t->observation || !t->action || !t->reward || !t->next || !t->terminated || !t->truncated)
        return nn_null_argument(op, "an array of the transitions");
    WG_TRY(check_finite(b, t->observation, t->n, b->observation, "observation", op));
    WG_TRY(check_finite(b, t->action, t->n, b->action, "action", op));
    WG_TRY(check_finite(b, t->reward, t->n, 1, "reward", op));
    return check_finite(b, t->next, t->n, b->observation, "next observation", op);
}

/* Stores numbers at a row of a part. */
static void store(const wg_rl_buffer *b, enum part part, int64_t row, const double *from, int64_t size)
{
    void *to = wg_data_mut(b->part[part]);
    for (int64_t i = 0; i < size; i++)
        rl_put(to, b->options.dtype, row * size + i, from[i]);
}

static bool leads_to(const wg_rl_buffer *b, int64_t row, int64_t next_row)
{
    const void *next = wg_data(b->part[NEXT]), *observation = wg_data(b->part[OBSERVATION]);
    for (int64_t i = 0; i < b->observation; i++)
        if (rl_number_at(next, b->options.dtype, row * b->observation + i) !=
            rl_number_at(observation, b->options.dtype, next_row * b->observation + i))
            return false;
    return true;
}

static void add_row(wg_rl_buffer *b, const wg_rl_transitions *t, int64_t i, int64_t row, int64_t before)
{
    uint8_t *end = wg_data_mut(b->part[END]);
    store(b, OBSERVATION, row, t->observation + i * b->observation, b->observation);
    store(b, ACTION, row, t->action + i * b->action, b->action);
    store(b, REWARD, row, t->reward + i, 1);
    store(b, NEXT, row, t->next + i * b->observation, b->observation);
    end[row] = t->terminated[i] ? TERMINATED : t->truncated[i] ? CUT : GOES_ON;
    if (before >= 0 && before != row && end[before] == GOES_ON && !leads_to(b, before, row))
        end[before] = CUT;
    if (b->options.prioritized) {
        double *tree = wg_data_mut(b->part[PRIORITIES]);
        const double priority = priorities_largest(tree, b->leaves);
        int64_t node;
        priorities_set(tree, b->leaves, 1, &row, &priority, &node);
    }
}

wg_status wg_rl_buffer_add(wg_rl_buffer *b, const wg_rl_transitions *t)
{
    const char *op = "rl_buffer_add";
    WG_TRY(check_transitions(b, t, op));
    for (int part = 0; part < (b->options.prioritized ? PARTS : PRIORITIES); part++)
        if (!wg_data_mut(b->part[part])) /* as inside a capture; the loops below cannot fail */
            return nn_first_error(WG_E_STATE);
    const int64_t newest = buffer_newest(b), step = (newest + 1) % b->steps, copies = b->options.copies;
    for (int64_t i = 0; i < copies; i++)
        add_row(b, t, i, step * copies + i, newest < 0 ? -1 : newest * copies + i);
    int64_t *counts = wg_data_mut(b->part[COUNTS]);
    counts[0] = added(b) + 1;
    return WG_OK;
}
