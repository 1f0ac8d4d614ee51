/* Reduce on plateau: beside PyTorch's, with the values it treats another way, its state, its rates, and its memory. */
#include <math.h>
#include <stdlib.h>

#include "failing_malloc.h"
#include "training.h"

#define VALUES(...) static const double values[] = {__VA_ARGS__};
#define PLATEAU(plateau, ...)
#include "plateau_pytorch.h"
#undef VALUES
#undef PLATEAU
enum { N = sizeof values / sizeof *values };

/* ---- values ---- */

static void assert_factors(const char *text, wg_lr_plateau *plateau, const double *told, const double *wanted, int n)
{
    assert_non_null(plateau);
    assert_close(wg_lr_plateau_factor(plateau), 1, 0);
    for (int i = 0; i < n; i++) {
        assert_int_equal(wg_lr_plateau_tell(plateau, told[i]), WG_OK);
        const double got = wg_lr_plateau_factor(plateau);
        if (!(fabs(got - wanted[i]) <= 1e-14 * wanted[i]))
            fail_msg("%s after value %d: expected %.17g, got %.17g", text, i, wanted[i], got);
    }
    wg_lr_plateau_destroy(plateau);
}

static void factors_are_pytorchs(void **state)
{
    (void)state;
#define VALUES(...)
#define PLATEAU(plateau, ...)                                         \
    {                                                                 \
        static const double wanted[N] = {__VA_ARGS__};                \
        assert_true(wanted[N - 1] < 1); /* or it would show little */ \
        assert_factors(#plateau, plateau, values, wanted, N);         \
    }
#include "plateau_pytorch.h"
#undef VALUES
#undef PLATEAU
    assert_no_error();
}

/* best (1 - threshold) of a negative best lies above it: by that rule equal values would be improvements without end. */
static void a_negative_best_is_no_loophole(void **state)
{
    (void)state;
    static const double same[] = {-1, -1, -1, -1, -1}, reduced[] = {1, 1, 0.5, 0.5, 0.25};
    static const double better[] = {-1, -1.2, -1.25, -1.5, -1.51}, once[] = {1, 1, 1, 1, 1};
    assert_factors("min", wg_lr_plateau_create(.factor = 0.5, .patience = 1), same, reduced, 5);
    assert_factors("max", wg_lr_plateau_create(.factor = 0.5, .patience = 1, .mode = WG_LR_PLATEAU_MODE_MAX), same, reduced, 5);
    assert_factors("falls", wg_lr_plateau_create(.factor = 0.5, .patience = 1, .threshold = 0.125), better, once, 5);
    static const double rises[] = {-2, -1.9, -1.5, -1.45, -1.4}, late[] = {1, 0.5, 0.5, 0.25, 0.125};
    assert_factors("rises", wg_lr_plateau_create(.factor = 0.5, .patience = 0, .threshold = 0.125, .mode = WG_LR_PLATEAU_MODE_MAX),
                   rises, late, 5);
    assert_no_error();
}

static void what_is_no_number_is_no_improvement(void **state)
{
    (void)state;
    static const double told[] = {NAN, NAN, 3, NAN, INFINITY, 2, -INFINITY, -INFINITY, -1e300},
                        wanted[] = {1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125};
    assert_factors("NaN", wg_lr_plateau_create(.factor = 0.5, .patience = 1), told, wanted, 9);
    static const double large[] = {3, 2, 1},
                        whole[] = {1, 0.5, 0.25}; /* a threshold of 1: nothing is an improvement on a first value */
    assert_factors("threshold 1", wg_lr_plateau_create(.factor = 0.5, .patience = 0, .threshold = 1), large, whole, 3);
    assert_no_error();
}

/* ---- state ---- */

static void a_run_is_resumed_by_its_state(void **state)
{
    (void)state;
    for (int cut = 0; cut < N; cut++) {
        wg_lr_plateau *whole = wg_lr_plateau_create(.factor = 0.7, .patience = 1, .threshold = 0.02, .cooldown = 2);
        wg_lr_plateau *half = wg_lr_plateau_create(.factor = 0.7, .patience = 1, .threshold = 0.02, .cooldown = 2);
        wg_lr_plateau *rest = wg_lr_plateau_create(.factor = 0.7, .patience = 1, .threshold = 0.02, .cooldown = 2);
        for (int i = 0; i < N; i++) {
            assert_int_equal(wg_lr_plateau_tell(whole, values[i]), WG_OK);
            assert_int_equal(wg_lr_plateau_tell(i < cut ? half : rest, values[i]), WG_OK);
            const wg_tensor_list from = wg_lr_plateau_state(half), to = wg_lr_plateau_state(rest);
            assert_int_equal(from.n, 4);
            for (size_t k = 0; i == cut - 1 && k < from.n; k++) {
                assert_string_equal(from.name[k], to.name[k]);
                assert_int_equal(wg_write_raw(to.tensor[k], wg_data(from.tensor[k])), WG_OK);
            }
        }
        for (size_t k = 0; k < 4; k++)
            assert_same_bits(wg_lr_plateau_state(whole).tensor[k], wg_lr_plateau_state(rest).tensor[k]);
        assert_true(wg_lr_plateau_factor(whole) < 1);
        wg_lr_plateau_destroy(whole), wg_lr_plateau_destroy(half), wg_lr_plateau_destroy(rest);
    }
    assert_no_error();
}

/* ---- rates ---- */

struct problem {
    wg_tensor *p[2];
    wg_optim *optim;
    wg_lr_plateau *plateau;
};

static struct problem begin(void)
{
    struct problem problem = {.plateau = wg_lr_plateau_create(.factor = 0.5, .patience = 0)};
    for (int i = 0; i < 2; i++)
        problem.p[i] = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(2)), true);
    problem.optim = wg_optim_sgd(((wg_tensor_list){1, &problem.p[0], NULL}), .lr = 0.5);
    assert_int_equal(wg_optim_add_group(problem.optim, ((wg_tensor_list){1, &problem.p[1], NULL}), .lr = 0.125), WG_OK);
    return problem;
}

static void end(struct problem *problem)
{
    wg_optim_destroy(problem->optim), wg_lr_plateau_destroy(problem->plateau);
    wg_free(problem->p[0]), wg_free(problem->p[1]);
}

static void rates_are_base_rates_times_the_factor(void **state)
{
    (void)state;
    struct problem problem = begin();
    for (int i = 0; i < 3; i++)
        assert_int_equal(wg_lr_plateau_tell(problem.plateau, 1), WG_OK);
    assert_close(wg_optim_lr(problem.optim, 0), 0.5, 0); /* until it is set */
    assert_int_equal(wg_lr_plateau_set(problem.plateau, problem.optim), WG_OK);
    assert_close(wg_optim_lr(problem.optim, 0), 0.125, 0);
    assert_close(wg_optim_lr(problem.optim, 1), 0.03125, 0);
    assert_close(wg_optim_base_lr(problem.optim, 0), 0.5, 0);
    end(&problem);
    assert_no_error();
}

/* The schedule outlives the handle that it was made of. */
static void a_plateau_is_a_factor_of_a_product(void **state)
{
    (void)state;
    struct problem problem = begin();
    wg_lr *warm = wg_lr_warmup(wg_lr_plateau_schedule(problem.plateau), .steps = 4);
    wg_lr *product = wg_lr_product(wg_lr_plateau_schedule(problem.plateau), wg_lr_inverse_time());
    assert_int_equal(wg_lr_plateau_tell(problem.plateau, 1), WG_OK);
    assert_int_equal(wg_lr_plateau_tell(problem.plateau, 1), WG_OK);
    assert_close(wg_lr_at(warm, 2), 0.5, 0);
    assert_close(wg_lr_at(warm, 4), 0.5, 0);
    assert_close(wg_lr_at(product, 1), 0.25, 0);
    assert_int_equal(wg_lr_set_group(product, problem.optim, 1, 3), WG_OK);
    assert_close(wg_optim_lr(problem.optim, 1), 0.125 / 8, 0);
    assert_int_equal(wg_lr_plateau_tell(problem.plateau, 1), WG_OK);
    end(&problem);
    assert_close(wg_lr_at(warm, 4), 0.25, 0);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_lr_print(product, stream), WG_OK);
    fclose(stream);
    assert_string_equal(text,
                        "product(plateau(mode=min, factor=0.5, patience=0, threshold=0.0001, threshold_mode=relative, cooldown=0, "
                        "min=0, eps=1e-08), inverse_time(decay=1, period=1, power=1, staircase=false))\n");
    free(text);
    wg_lr_destroy(warm), wg_lr_destroy(product);
    assert_no_error();
}

/* ---- tapes and captures ---- */

static wg_status tell_in_step(void *context)
{
    struct problem *problem = context;
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_sum(wg_square(wg_mul(problem->p[0], problem->p[1])))));
    WG_TRY(wg_lr_plateau_tell(problem->plateau, 3));
    return wg_optim_step(problem->optim);
}

static void it_is_told_on_a_tape_and_in_no_capture(void **state)
{
    (void)state;
    struct problem problem = begin();
    assert_int_equal(tell_in_step(&problem), WG_OK);
    const wg_tensor_list list = wg_lr_plateau_state(problem.plateau);
    assert_close(wg_item(list.tensor[1]), 3, 0);
    assert_null(wg_replay_capture(tell_in_step, &problem));
    assert_error(WG_E_STATE, "lr_plateau_tell");
    assert_close(wg_item(list.tensor[0]), 1, 0);
    assert_close(wg_item(list.tensor[2]), 0, 0);
    { /* What was told stays told where the step fails. */
        WG_TAPE(tape);
        assert_int_equal(wg_lr_plateau_tell(problem.plateau, 3), WG_OK);
        assert_null(wg_add(problem.p[0], NULL));
        assert_error(WG_E_NULL, "add");
    }
    assert_close(wg_lr_plateau_factor(problem.plateau), 0.5, 0);
    end(&problem);
    assert_no_error();
}

/* ---- memory ---- */

static void whatever_allocation_fails_there_is_none(void **state)
{
    (void)state;
    wg_lr_plateau *plateau = NULL;
    int failures = -1;
    while (!plateau) {
        fail_at = ++failures;
        plateau = wg_lr_plateau_create();
        fail_at = -1;
        if (!plateau)
            assert_error(WG_E_MEMORY, "");
    }
    assert_true(failures >= 1);
    wg_lr *schedule = NULL;
    for (failures = -1; !schedule;) {
        fail_at = ++failures;
        schedule = wg_lr_plateau_schedule(plateau);
        fail_at = -1;
        if (!schedule)
            assert_error(WG_E_MEMORY, "lr_plateau_schedule");
    }
    assert_true(failures >= 2);
    fail_at = 0;
    wg_memory_fail(0, true);
    assert_int_equal(wg_lr_plateau_tell(plateau, 1), WG_OK); /* takes no memory, so that it cannot end half done */
    wg_memory_fail(-1, false);
    fail_at = -1;
    wg_lr_destroy(schedule), wg_lr_plateau_destroy(plateau);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(factors_are_pytorchs),
        TEST(a_negative_best_is_no_loophole),
        TEST(what_is_no_number_is_no_improvement),
        TEST(a_run_is_resumed_by_its_state),
        TEST(rates_are_base_rates_times_the_factor),
        TEST(a_plateau_is_a_factor_of_a_product),
        TEST(it_is_told_on_a_tape_and_in_no_capture),
        TEST(whatever_allocation_fails_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
