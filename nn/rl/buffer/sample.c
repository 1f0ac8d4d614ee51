/* Samples of a replay buffer: which rows, and the returns of their windows. */
#include <math.h>
#include <string.h>

#include "../../module/module.h"
#include "../rl.h"
#include "buffer.h"
#include "wengert/error.h"

/* ---- which rows ---- */

static void draw_uniform(wg_rl_buffer *b, wg_dataset_random *random)
{
    const int64_t rows = wg_rl_buffer_count(b);
    for (int64_t i = 0; i < b->batch.n; i++)
        b->index[i] = wg_dataset_below(random, rows);
}

/* A draw in each of n equal parts of the sum, and its weight. */
static wg_status draw_by_priority(wg_rl_buffer *b, wg_dataset_random *random, const char *op)
{
    const double *tree = wg_data(b->part[PRIORITIES]), total = priorities_total(tree), least = priorities_least(tree, b->leaves);
    if (!(total > 0) || !isfinite(total))
        return wg_error_set(WG_E_NUMERIC, op, "%s: the priorities have the sum %g: an .epsilon above 0 keeps them above 0", op,
                            total);
    const int64_t rows = wg_rl_buffer_count(b);
    void *weight = wg_data_mut(b->batch.weight);
    for (int64_t i = 0; i < b->batch.n; i++)
        b->mass[i] = ((double)i + wg_dataset_uniform(random)) / (double)b->batch.n * total;
    priorities_find(tree, b->leaves, b->batch.n, b->mass, b->index);
    for (int64_t i = 0; i < b->batch.n; i++) {
        b->index[i] = b->index[i] < rows ? b->index[i] : rows - 1;
        const double w = pow(least / priorities_of(tree, b->leaves, b->index[i]), b->options.beta);
        rl_put(weight, b->options.dtype, i, w);
    }
    return WG_OK;
}

static wg_status draw(wg_rl_buffer *b, const char *op)
{
    int64_t *counts = wg_data_mut(b->part[COUNTS]);
    wg_dataset_random random = {.seed = (uint64_t)counts[2], .stream = WG_STREAM_RL_SAMPLES + (uint64_t)counts[1]};
    if (b->options.prioritized)
        WG_TRY(draw_by_priority(b, &random, op));
    else
        draw_uniform(b, &random);
    counts[1] = (int64_t)((uint64_t)counts[1] + 1); /* a state that was written may hold any number */
    b->drawn = true;
    return WG_OK;
}

/* ---- their returns ---- */

/* Where the rows lie, looked up once for a sample. */
struct rows {
    const void *reward;
    const uint8_t *end;
    int64_t newest; /* step */
};

struct window {
    double reward, discount;
    int64_t last; /* the row of its last step */
};

/* The steps from a row on, until the episode ends or the newest step is reached. */
static struct window window_of(const wg_rl_buffer *b, const struct rows *rows, int64_t row)
{
    const int64_t copies = b->options.copies;
    struct window w = {.reward = 0};
    for (int64_t k = 0; k < b->options.n_step; k++) {
        const int64_t step = row / copies;
        w.reward += b->power[k] * rl_number_at(rows->reward, b->options.dtype, row);
        w.discount = rows->end[row] == TERMINATED ? 0 : b->power[k + 1];
        w.last = row;
        if (rows->end[row] != GOES_ON || step == rows->newest)
            break;
        row = (step + 1) % b->steps * copies + row % copies;
    }
    return w;
}

static void fill_returns(wg_rl_buffer *b, int64_t *last)
{
    const struct rows rows = {wg_data(b->part[REWARD]), wg_data(b->part[END]), buffer_newest(b)};
    void *reward = wg_data_mut(b->batch.reward), *discount = wg_data_mut(b->batch.discount);
    for (int64_t i = 0; i < b->batch.n; i++) {
        const struct window w = window_of(b, &rows, b->index[i]);
        rl_put(reward, b->options.dtype, i, w.reward);
        rl_put(discount, b->options.dtype, i, w.discount);
        last[i] = w.last;
    }
}

static void copy_rows(const wg_rl_buffer *b, wg_tensor *to, enum part part, int64_t size, const int64_t *row)
{
    const size_t bytes = (size_t)size * wg_dtype_size(b->options.dtype);
    const char *from = wg_data(b->part[part]);
    char *at = wg_data_mut(to);
    for (int64_t i = 0; i < b->batch.n; i++, at += bytes)
        memcpy(at, from + (size_t)row[i] * bytes, bytes);
}

static void fill_batch(wg_rl_buffer *b)
{
    fill_returns(b, b->last);
    copy_rows(b, b->batch.observation, OBSERVATION, b->observation, b->index);
    copy_rows(b, b->batch.action, ACTION, b->action, b->index);
    copy_rows(b, b->batch.next, NEXT, b->observation, b->last);
}

/* Memory that may be written: not inside a capture. */
static wg_status check_writable(const wg_rl_buffer *b)
{
    wg_tensor *const written[] = {b->part[COUNTS], b->batch.observation, b->batch.action, b->batch.reward,
                                  b->batch.next,   b->batch.discount,    b->batch.weight};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        if (!wg_data_mut(written[i]))
            return nn_first_error(WG_E_STATE);
    return WG_OK;
}

const wg_rl_batch *wg_rl_buffer_sample(wg_rl_buffer *b)
{
    const char *op = "rl_buffer_sample";
    if (!b) {
        (void)nn_null_argument(op, "the buffer");
        return NULL;
    }
    if (wg_rl_buffer_count(b) < b->batch.n) {
        (void)wg_error_set(WG_E_STATE, op, "%s: a batch of %lld rows needs as many transitions, and there are %lld", op,
                           (long long)b->batch.n, (long long)wg_rl_buffer_count(b));
        return NULL;
    }
    if (buffer_check_copies(b, op) != WG_OK || check_writable(b) != WG_OK || draw(b, op) != WG_OK)
        return NULL;
    fill_batch(b);
    return &b->batch;
}

/* ---- priorities by errors ---- */

static wg_status check_errors(const wg_rl_buffer *b, const wg_tensor *errors, const char *op)
{
    if (!b)
        return nn_null_argument(op, "the buffer");
    if (!b->options.prioritized || !b->drawn)
        return wg_error_set(WG_E_STATE, op, "%s: %s", op,
                            b->drawn ? "the buffer draws uniformly: make it with .prioritized = true" : "no sample was drawn yet");
    WG_TRY(nn_check_value(errors, op, "the errors"));
    if (wg_dtype_of(errors) != WG_F32 && wg_dtype_of(errors) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected errors of f32 or f64, got %s", op, wg_dtype_name(wg_dtype_of(errors)));
    if (wg_numel(errors) != b->batch.n || !wg_is_contiguous(errors))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected %lld contiguous errors, as the sample has rows, got %lld", op,
                            (long long)b->batch.n, (long long)wg_numel(errors));
    return wg_data_mut(b->part[PRIORITIES]) ? WG_OK : nn_first_error(WG_E_STATE);
}

wg_status wg_rl_buffer_prioritize(wg_rl_buffer *b, const wg_tensor *errors)
{
    const char *op = "rl_buffer_prioritize";
    WG_TRY(check_errors(b, errors, op));
    const wg_dtype dtype = wg_dtype_of(errors);
    const void *error = wg_data(errors);
    for (int64_t i = 0; i < b->batch.n; i++)
        if (!isfinite(rl_number_at(error, dtype, i)))
            return wg_error_set(WG_E_NUMERIC, op, "%s: error %lld is %g", op, (long long)i, rl_number_at(error, dtype, i));
    double *tree = wg_data_mut(b->part[PRIORITIES]);
    for (int64_t i = 0; i < b->batch.n; i++) {
        const double priority = pow(fabs(rl_number_at(error, dtype, i)) + b->options.epsilon, b->options.alpha);
        b->mass[i] = fmin(priority, 1e100); /* their sum stays a number */
    }
    priorities_set(tree, b->leaves, b->batch.n, b->index, b->mass, b->last);
    return WG_OK;
}

wg_status wg_rl_buffer_set_beta(wg_rl_buffer *b, double beta)
{
    const char *op = "rl_buffer_set_beta";
    if (!b)
        return nn_null_argument(op, "the buffer");
    if (!(beta >= 0 && beta <= 1))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected β in 0 … 1, got %g", op, beta);
    b->options.beta = beta;
    return WG_OK;
}
