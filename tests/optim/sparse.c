/* SparseAdam beside PyTorch's, and what its list of rows may be. */
#include <math.h>

#include "nn_check.h"
#include "sparse_pytorch.h"

struct lookup {
    wg_tensor *weight, *index, *scale;
    wg_optim *optim;
};

static struct lookup begin(wg_dtype dtype)
{
    struct lookup l = {.index = wg_zeros(WG_I64, WG_SHAPE(LOOKUPS)), .scale = wg_zeros(dtype, WG_SHAPE(LOOKUPS, COLUMNS))};
    double start[ROWS * COLUMNS];
    float start32[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++)
        start[i] = cos(1.7 * i), start32[i] = (float)start[i];
    l.weight = dtype == WG_F64 ? wg_from(start, WG_SHAPE(ROWS, COLUMNS)) : wg_from(start32, WG_SHAPE(ROWS, COLUMNS));
    assert_non_null(wg_set_requires_grad(l.weight, true));
    l.optim = wg_optim_sparse_adam(((wg_tensor_list){1, &l.weight, NULL}), .lr = 0.05, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6);
    assert_non_null(l.optim);
    return l;
}

static void end(struct lookup *l)
{
    wg_optim_destroy(l->optim), wg_free(l->weight), wg_free(l->index), wg_free(l->scale);
}

static void look_up(const struct lookup *l, int step)
{
    for (int k = 0; k < LOOKUPS; k++) {
        ((int64_t *)wg_data_mut(l->index))[k] = (step * step + 2 * k) % 5;
        for (int j = 0; j < COLUMNS; j++) {
            const double scale = sin(step + k + 2 * j);
            if (wg_dtype_of(l->scale) == WG_F64)
                ((double *)wg_data_mut(l->scale))[k * COLUMNS + j] = scale;
            else
                ((float *)wg_data_mut(l->scale))[k * COLUMNS + j] = (float)scale;
        }
    }
}

static wg_status train(void *context)
{
    const struct lookup *l = context;
    WG_TAPE(tape);
    wg_tensor *found = wg_embedding(l->weight, l->index);
    WG_TRY(wg_backward(wg_sum(wg_add(wg_mul_scalar(wg_square(found), 0.5), wg_mul(found, l->scale)))));
    WG_TRY(wg_optim_set_rows(l->optim, l->weight, l->index));
    return wg_optim_step(l->optim);
}

static void steps_are_pytorchs(void **state)
{
    (void)state;
    for (int narrow = 0; narrow < 2; narrow++) {
        struct lookup l = begin(narrow ? WG_F32 : WG_F64);
        for (int t = 0; t < STEPS; t++) {
            look_up(&l, t);
            assert_int_equal(train(&l), WG_OK);
            assert_values(l.weight, pytorch[t], narrow ? 1e-5 : 1e-13);
        }
        end(&l);
    }
    assert_no_error();
}

/* The rows are an operand: a captured step reads those of each run. */
static void a_captured_step_reads_its_rows(void **state)
{
    (void)state;
    struct lookup l = begin(WG_F64);
    look_up(&l, 0);
    wg_replay *replay = wg_replay_capture(train, &l);
    assert_non_null(replay);
    for (int t = 0; t < STEPS; t++) {
        look_up(&l, t);
        assert_int_equal(t > 0 ? wg_replay_run(replay) : WG_OK, WG_OK);
        assert_values(l.weight, pytorch[t], 1e-13);
    }
    wg_replay_destroy(replay);
    end(&l);
    assert_no_error();
}

/* Rows that are not there, and a step without rows: an error, and nothing has changed. */
static void wrong_rows_change_nothing(void **state)
{
    (void)state;
    struct lookup l = begin(WG_F64);
    wg_tensor *gradient = wg_ones(WG_F64, WG_SHAPE(ROWS, COLUMNS)), *before = wg_copy(l.weight);
    assert_int_equal(wg_add_gradient(l.weight, gradient), WG_OK);
    assert_int_equal(wg_optim_step(l.optim), WG_E_STATE);
    assert_error(WG_E_STATE, "wg_optim_set_rows says before each step which rows it moves");
    const int64_t wrong[2][LOOKUPS] = {{0, 1, 2, ROWS}, {3, -1, 0, 1}};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wg_write(l.index, wrong[i]), WG_OK);
        assert_int_equal(wg_optim_set_rows(l.optim, l.weight, l.index), WG_OK);
        assert_int_equal(wg_optim_step(l.optim), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, i ? "sparse_adam_rows: row -1 of a parameter with 6 rows"
                                      : "sparse_adam_rows: row 6 of a parameter with 6 rows");
        assert_same_bits(l.weight, before);
        assert_non_null(wg_gradient(l.weight));
    }
    wg_tensor *none = wg_zeros(WG_I64, WG_SHAPE(0));
    assert_int_equal(wg_optim_set_rows(l.optim, l.weight, none), WG_OK); /* of no row: a step that moves nothing */
    assert_int_equal(wg_optim_step(l.optim), WG_OK);
    assert_same_bits(l.weight, before);
    wg_free(gradient), wg_free(before), wg_free(none);
    end(&l);
    assert_no_error();
}

/* A gradient that lies by columns moves a row as one that lies by rows. */
static void a_transposed_gradient_is_read_as_one(void **state)
{
    (void)state;
    struct lookup rows = begin(WG_F64), columns = begin(WG_F64);
    double slope[ROWS * COLUMNS], turned[ROWS * COLUMNS];
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            slope[i * COLUMNS + j] = turned[j * ROWS + i] = sin(1 + i + 3 * j);
    for (int i = 0; i < 2; i++) {
        const struct lookup *l = i ? &columns : &rows;
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(i ? wg_mul(wg_transpose(l->weight, 0, 1), wg_from(turned, WG_SHAPE(COLUMNS, ROWS)))
                                              : wg_mul(l->weight, wg_from(slope, WG_SHAPE(ROWS, COLUMNS))))),
                         WG_OK);
        assert_int_equal(wg_is_contiguous(wg_gradient(l->weight)), !i);
        look_up(l, 1);
        assert_int_equal(wg_optim_set_rows(l->optim, l->weight, l->index), WG_OK);
        assert_int_equal(wg_optim_step(l->optim), WG_OK);
    }
    assert_memory_equal(wg_data(rows.weight), wg_data(columns.weight), ROWS * COLUMNS * sizeof(double));
    end(&rows), end(&columns);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_are_pytorchs),
        TEST(a_captured_step_reads_its_rows),
        TEST(wrong_rows_change_nothing),
        TEST(a_transposed_gradient_is_read_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
