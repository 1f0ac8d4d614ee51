/* The values of schedules, beside PyTorch's and beside closed forms; and schedules that are made of others. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

/* ---- values ---- */

static void assert_factors(const char *what, wg_lr *schedule, const double *wanted, int n)
{
    assert_non_null(schedule);
    for (int t = 0; t < n; t++) {
        const double got = wg_lr_at(schedule, t);
        if (!(fabs(got - wanted[t]) <= 1e-12 * fabs(wanted[t]) + 1e-15))
            fail_msg("%s at step %d: expected %.17g, got %.17g", what, t, wanted[t], got);
    }
    wg_lr_destroy(schedule);
}
#define FACTORS(schedule, ...) FACTORS_OF(#schedule, schedule, __VA_ARGS__)
#define FACTORS_OF(text, schedule, ...) \
    assert_factors(text, schedule, (const double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double))

static void factors_are_pytorchs(void **state)
{
    (void)state;
#define PYTORCH(schedule, ...) FACTORS_OF(#schedule, schedule, __VA_ARGS__);
#include "schedules_pytorch.h"
#undef PYTORCH
    assert_no_error();
}

/* What PyTorch 1.13 has not, in numbers that a person can check. */
static void factors_are_the_formulas(void **state)
{
    (void)state;
    FACTORS(wg_lr_exponential(.gamma = 0.25, .period = 2), 1, 0.5, 0.25, 0.125);
    FACTORS(wg_lr_polynomial(.steps = 4, .power = 2, .end = 0.2), 1, 0.65, 0.4, 0.25, 0.2, 0.2);
    FACTORS(wg_lr_inverse_time(), 1, 1.0 / 2, 1.0 / 3, 1.0 / 4);
    FACTORS(wg_lr_inverse_time(.decay = 0.5, .period = 2), 1, 0.8, 1 / 1.5, 1 / 1.75);
    FACTORS(wg_lr_inverse_time(.power = 2), 1, 1.0 / 4, 1.0 / 9, 1.0 / 16);
    FACTORS(wg_lr_inverse_time(.decay = 3, .power = 0.5), 1, 0.5, sqrt(1.0 / 7));
    FACTORS(wg_lr_batch_scaling(.batch = 8192, .reference = 256, .warmup = 4), 1, 8.75, 16.5, 24.25, 32, 32);
    FACTORS(wg_lr_batch_scaling(.batch = 64, .reference = 256, .warmup = 2), 1, 0.625, 0.25, 0.25);
    FACTORS(wg_lr_batch_scaling(.batch = 1024, .reference = 256, .rule = WG_LR_SCALING_SQRT), 2, 2, 2);
    /* Goyal et al.: 0.1 for 256 examples, 8192 in a batch, milestones. */
    FACTORS(wg_lr_product(wg_lr_batch_scaling(.batch = 8192, .reference = 256, .warmup = 2),
                          wg_lr_multi_step(.milestones = WG_MILESTONES(3, 4))),
            1, 16.5, 32, 3.2, 0.32);
    FACTORS(wg_lr_inverse_sqrt(.warmup = 4), 0.25, 0.5, 0.75, 1, sqrt(4.0 / 5), sqrt(4.0 / 6));
    FACTORS(wg_lr_warmup_stable_decay(.warmup = 2, .stable = 2, .decay = 4, .end = 0.2), 0, 0.5, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.2);
    FACTORS(wg_lr_warmup_stable_decay(.stable = 1, .decay = 2, .shape = WG_LR_SHAPE_COSINE), 1, 1, 0.5, 0, 0);
    FACTORS(wg_lr_warmup_stable_decay(.stable = 0, .decay = 4, .shape = WG_LR_SHAPE_SQRT), 1, 0.5, 1 - sqrt(0.5), 1 - sqrt(0.75),
            0);
    FACTORS(wg_lr_one_cycle(.steps = 4, .rise = 0, .shape = WG_LR_SHAPE_LINEAR, .end = 0), 0.75, 0.5, 0.25, 0, 0);
    FACTORS(wg_lr_one_cycle(.steps = 3, .rise = 1, .shape = WG_LR_SHAPE_LINEAR, .start = 0.5, .end = 0), 0.5, 0.75, 1, 0);
    FACTORS(wg_lr_one_cycle(.steps = 1, .end = 0.5), 0.5, 0.5);
    FACTORS(wg_lr_warmup(wg_lr_inverse_time(), .steps = 2), 0, 0.5, 1, 0.5, 1.0 / 3);
    FACTORS(wg_lr_warmup(wg_lr_step(.period = 1, .gamma = 0.5), .steps = 2, .start = 0.5), 0.5, 0.75, 1, 0.5);
    FACTORS(wg_lr_then(wg_lr_constant(.factor = 0.5), 0, wg_lr_inverse_time()), 1, 0.5);
    FACTORS(wg_lr_then(wg_lr_constant(.factor = 0.1), 2, wg_lr_exponential(.gamma = 0.9)), 0.1, 0.1, 1, 0.9, 0.81, 0.729);
    FACTORS(wg_lr_then(wg_lr_constant(.factor = 0.1), 0, wg_lr_exponential(.gamma = 0.9)), 1, 0.9, 0.81);
    FACTORS(wg_lr_product(wg_lr_multi_step(.milestones = WG_MILESTONES(2, 5)), wg_lr_multi_step(.milestones = WG_MILESTONES(2))), 1,
            1, 0.01, 0.01, 0.01, 0.001, 0.001); /* a milestone twice */
    FACTORS(wg_lr_product(wg_lr_step(.period = 2, .gamma = 0.5), wg_lr_exponential(.gamma = 0.9)), 1, 0.9, 0.405, 0.3645, 0.164025,
            0.1476225);
    FACTORS(wg_lr_cosine(.steps = 3), 1, 0.75, 0.25, 0, 0.25, 0.75, 1);
    assert_no_error();
}

/* A staircase has the values of the smooth schedule at every multiple of the period, and stays there until the next. */
static void stairs_are_the_smooth_schedule_at_each_period(void **state)
{
    (void)state;
    FACTORS(wg_lr_exponential(.gamma = 0.25, .period = 2, .staircase = true), 1, 1, 0.25, 0.25, 0.0625);
    FACTORS(wg_lr_inverse_time(.decay = 0.5, .period = 2, .staircase = true), 1, 1, 1 / 1.5, 1 / 1.5, 0.5);
    FACTORS(wg_lr_inverse_time(.decay = 3, .period = 3, .power = 0.5, .staircase = true), 1, 1, 1, 0.5, 0.5, 0.5, sqrt(1.0 / 7));
    wg_lr *pairs[][2] = {
        {wg_lr_exponential(.gamma = 0.8, .period = 7, .staircase = true), wg_lr_exponential(.gamma = 0.8, .period = 7)},
        {wg_lr_inverse_time(.decay = 0.3, .period = 7, .staircase = true), wg_lr_inverse_time(.decay = 0.3, .period = 7)}};
    for (int k = 0; k < 2; k++) {
        for (int64_t t = 0; t < 50; t++) {
            const double stair = wg_lr_at(pairs[k][0], t), smooth = wg_lr_at(pairs[k][1], t);
            assert_close(stair, wg_lr_at(pairs[k][1], t / 7 * 7), 1e-15);
            assert_true(t % 7 == 0 ? fabs(stair - smooth) < 1e-15 : stair > smooth);
        }
        wg_lr_destroy(pairs[k][0]), wg_lr_destroy(pairs[k][1]);
    }
    wg_lr *step = wg_lr_step(.period = 7, .gamma = 0.8), *stairs = wg_lr_exponential(.gamma = 0.8, .period = 7, .staircase = true);
    for (int64_t t = 0; t < 50; t++)
        assert_close(wg_lr_at(step, t), wg_lr_at(stairs, t), 0);
    wg_lr_destroy(step), wg_lr_destroy(stairs);
    assert_no_error();
}

static void a_cycle_in_three_phases_needs_room(void **state)
{
    (void)state;
    assert_null(wg_lr_cyclic(.min = 0.5, .gamma = 0.5));
    assert_error(WG_E_ARGUMENT, ".gamma = 0.5 and this .mode exclude each other: expected WG_LR_CYCLE_EXP_RANGE");
    assert_null(wg_lr_warmup_stable_decay(.stable = 1, .decay = 1, .start = 0.5));
    assert_error(WG_E_ARGUMENT, ".start = 0.5 without .warmup");
    assert_null(wg_lr_one_cycle(.steps = 10, .rise = 0.75, .three_phase = true));
    assert_error(WG_E_ARGUMENT, "lr_one_cycle: three_phase: expected rise in [0, 0.5], got 0.75");
}

static void milestones_are_a_list_in_order(void **state)
{
    (void)state;
    assert_null(wg_lr_multi_step());
    assert_error(WG_E_ARGUMENT, "lr_multi_step: expected milestones to be 1 to 16 steps, got 0");
    assert_null(wg_lr_multi_step(.milestones = WG_MILESTONES(3, 3)));
    assert_error(WG_E_ARGUMENT, "lr_multi_step: expected milestones in increasing order, got 3 after 3");
    assert_null(wg_lr_multi_step(.milestones = WG_MILESTONES(-1, 3)));
    assert_error(WG_E_ARGUMENT, "lr_multi_step: expected milestones in [0, inf), got -1");
    wg_milestones many = {.count = 17};
    assert_null(wg_lr_multi_step(.milestones = many));
    assert_error(WG_E_ARGUMENT, "got 17");
}

/* ---- made of others ---- */

static void assert_printed(const wg_lr *schedule, const char *wanted)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_lr_print(schedule, stream), WG_OK);
    fclose(stream);
    assert_string_equal(text, wanted);
    free(text);
}

static void what_is_nested_is_printed_nested(void **state)
{
    (void)state;
    wg_lr *schedule = wg_lr_product(wg_lr_warmup(wg_lr_cosine(.steps = 900), .steps = 100),
                                    wg_lr_multi_step(.milestones = WG_MILESTONES(500, 800)));
    assert_printed(schedule, "product(then(linear(start=0, end=1, steps=100), cosine(steps=900, min=0), step=100), "
                             "multi_step(milestones=[500, 800], gamma=0.1))\n");
    wg_lr_destroy(schedule);
    schedule = wg_lr_cyclic(.min = 0.5, .mode = WG_LR_CYCLE_TRIANGULAR2);
    assert_printed(schedule, "cyclic(min=0.5, up=2000, down=0, mode=triangular2, gamma=1)\n");
    wg_lr_destroy(schedule);
    FILE *full = fopen("/dev/full", "w");
    schedule = wg_lr_inverse_time();
    if (full) {
        assert_int_equal(wg_lr_print(schedule, full), WG_E_IO);
        assert_error(WG_E_IO, "lr_print: ");
        fclose(full);
    }
    wg_lr_destroy(schedule);
}

static void a_part_belongs_to_one_schedule(void **state)
{
    (void)state;
    wg_lr *part = wg_lr_inverse_time(), *whole = wg_lr_product(part, wg_lr_cosine(.steps = 3));
    assert_non_null(whole);
    wg_lr_destroy(part);
    assert_error(WG_E_STATE, "lr_destroy: the schedule (inverse_time) is part of another");
    assert_null(wg_lr_product(wg_lr_cosine(.steps = 3), part)); /* and frees the other */
    assert_error(WG_E_STATE, "lr_product: schedule 1 (inverse_time) is part of a schedule already");
    assert_close(wg_lr_at(whole, 1), 0.5 * 0.75, 1e-15);
    wg_lr *twice = wg_lr_inverse_time();
    assert_null(wg_lr_product(twice, twice)); /* and frees it, once */
    assert_error(WG_E_STATE, "lr_product: schedule 1");
    wg_lr_destroy(whole);
    assert_no_error();
}

static void a_part_that_failed_fails_the_whole(void **state)
{
    (void)state;
    assert_null(wg_lr_warmup(wg_lr_then(wg_lr_inverse_time(), 3, wg_lr_cosine(.steps = 0)), .steps = 5));
    assert_error(WG_E_ARGUMENT, "cosine: expected steps in [1, inf), got 0");
    assert_null(wg_lr_warmup(wg_lr_inverse_time()));
    assert_error(WG_E_ARGUMENT, "lr_warmup: expected a value for steps, which has no default");
    assert_null(wg_lr_then(wg_lr_inverse_time(), -1, wg_lr_inverse_time()));
    assert_error(WG_E_ARGUMENT, "lr_then: expected step in [0, inf), got -1");
}

static void parts_are_nested_to_a_depth(void **state)
{
    (void)state;
    wg_lr *schedule = wg_lr_constant(.factor = 1);
    for (int i = 1; i < WG_MAX_DEPTH; i++)
        schedule = wg_lr_then(schedule, 1, wg_lr_inverse_time());
    assert_non_null(schedule);
    assert_close(wg_lr_at(schedule, 0), 1, 0);
    schedule = wg_lr_product(schedule, wg_lr_inverse_time());
    assert_null(schedule);
    assert_error(WG_E_ARGUMENT, "lr_product: schedules are nested more than 256 deep");
}

/* ---- a function of the user's ---- */

static int destroyed;

static void count(void *context)
{
    destroyed += *(int *)context;
}

static double halves(int64_t step, void *context)
{
    return step < 3 ? pow(0.5, (double)step) : *(int *)context == 1 ? NAN : -1;
}

static double opens(int64_t step, void *context)
{
    (void)step, (void)context;
    (void)wg_tape_open();
    return 1;
}

static void a_closure_is_a_schedule(void **state)
{
    (void)state;
    int one = 1;
    destroyed = 0;
    wg_lr *schedule = wg_lr_product(wg_lr_closure(halves, &one, count), wg_lr_constant(.factor = 0.5));
    assert_close(wg_lr_at(schedule, 2), 0.125, 0);
    assert_printed(schedule, "product(closure(), constant(factor=0.5, steps=5))\n");
    wg_lr_destroy(schedule);
    assert_int_equal(destroyed, 1);
    assert_null(wg_lr_closure(NULL, &one, count));
    assert_error(WG_E_NULL, "lr_closure: the function is NULL");
    assert_int_equal(destroyed, 2);
    schedule = wg_lr_closure(opens, NULL, NULL);
    assert_true(isnan(wg_lr_at(schedule, 0)));
    assert_error(WG_E_STATE, "lr_at: the function of a schedule left a tape open");
    assert_null(wg_tape_top());
    wg_lr_destroy(schedule);
}

static wg_lr *destroyed_twice;

static void destroy_again(void *context)
{
    ++*(int *)context;
    wg_lr_destroy(destroyed_twice);
}

static void leave_a_tape(void *context)
{
    (void)context;
    (void)wg_tape_open();
}

static void a_destroy_function_is_called_once(void **state)
{
    (void)state;
    int calls = 0;
    destroyed_twice = wg_lr_closure(halves, &calls, destroy_again);
    wg_lr_destroy(destroyed_twice);
    assert_int_equal(calls, 1);
    assert_error(WG_E_STATE, "lr_destroy: the schedule (closure) is part of another, which frees it, or is being destroyed");
    wg_lr_destroy(wg_lr_closure(halves, NULL, leave_a_tape));
    assert_null(wg_tape_top());
    assert_error(WG_E_STATE, "lr_destroy: the destroy function of a schedule left a tape open");
    assert_no_error();
}

/* Numbers near the ends of f64 and of int64_t. */
static void factors_at_the_ends(void **state)
{
    (void)state;
    const int64_t far = (int64_t)1 << 40;
    wg_lr *schedule = wg_lr_cyclic(.min = 0.25, .up = 1, .mode = WG_LR_CYCLE_EXP_RANGE, .gamma = 2);
    assert_close(wg_lr_at(schedule, far), 0.25, 0); /* where the wave is at 0, whatever its amplitude */
    wg_lr_destroy(schedule);
    schedule = wg_lr_linear(.start = 1e308, .end = 0, .steps = 1000);
    assert_close(wg_lr_at(schedule, 500), 5e307, 1e293);
    wg_lr_destroy(schedule);
    schedule = wg_lr_warmup_stable_decay(.stable = INT64_MAX, .decay = INT64_MAX); /* for ever */
    assert_non_null(schedule);
    assert_close(wg_lr_at(schedule, INT64_MAX), 1, 0);
    wg_lr_destroy(schedule);
    schedule = wg_lr_then(wg_lr_constant(.factor = 0.5, .steps = INT64_MAX), INT64_MAX, wg_lr_constant(.factor = 0.25));
    assert_close(wg_lr_at(schedule, INT64_MAX / 2), 0.5, 0);
    assert_close(wg_lr_at(schedule, INT64_MAX), 0.25, 0);
    wg_lr_destroy(schedule);
    schedule = wg_lr_product(wg_lr_exponential(.gamma = 2), wg_lr_exponential(.gamma = 0)); /* infinity times 0 */
    assert_true(isnan(wg_lr_at(schedule, far)));
    assert_error(WG_E_NUMERIC, "lr_at: the factor of the schedule (product) after 1099511627776 steps is not a number");
    wg_lr_destroy(schedule);
    assert_no_error();
}

/* ---- rates ---- */

/* Where a rate cannot be set none is, in no group. */
static void a_bad_rate_changes_nothing(void **state)
{
    (void)state;
    int kind = 1;
    wg_tensor *p[2];
    for (int i = 0; i < 2; i++)
        p[i] = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(2)), true);
    wg_optim *optim = wg_optim_adam(((wg_tensor_list){1, &p[0], NULL}), .lr = 0.5);
    assert_int_equal(wg_optim_add_group(optim, ((wg_tensor_list){1, &p[1], NULL}), .lr = 1e300), WG_OK);
    wg_lr *schedule = wg_lr_closure(halves, &kind, NULL), *growing = wg_lr_exponential(.gamma = 1e10);
    assert_int_equal(wg_lr_set(schedule, optim, 1), WG_OK);
    for (kind = 1; kind <= 2; kind++) {
        assert_int_equal(wg_lr_set(schedule, optim, 3), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT,
                     kind == 1 ? "lr_set: group 0: expected a rate in [0, inf), got nan: its base rate 0.5 times the factor nan"
                               : "got -0.5");
        assert_int_equal(wg_lr_set_group(schedule, optim, 1, 3), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "lr_set_group: group 1: ");
    }
    assert_int_equal(wg_lr_set(growing, optim, 1), WG_E_ARGUMENT); /* too large for group 1 alone */
    assert_error(WG_E_ARGUMENT, "lr_set: group 1: expected a rate in [0, inf), got inf");
    assert_int_equal(wg_lr_set(schedule, optim, -1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "lr_set: expected a step of at least 0, got -1");
    assert_close(wg_optim_lr(optim, 0), 0.25, 0);
    assert_close(wg_optim_lr(optim, 1), 0.5e300, 0);
    wg_lr_destroy(schedule), wg_lr_destroy(growing), wg_optim_destroy(optim), wg_free(p[0]), wg_free(p[1]);
    assert_no_error();
}

/* wg_optim_set says what the rate is, wg_optim_set_lr what it is now. */
static void the_base_rate_is_the_programs(void **state)
{
    (void)state;
    wg_tensor *p[3];
    for (int i = 0; i < 3; i++)
        p[i] = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(2)), true);
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &p[0], NULL}), .lr = 0.5);
    wg_lr *schedule = wg_lr_inverse_time();
    assert_int_equal(wg_lr_set(schedule, optim, 1), WG_OK);
    assert_close(wg_optim_base_lr(optim, 0), 0.5, 0);
    assert_close(wg_optim_get(optim, 0, "lr"), 0.25, 0);
    /* A group that is added in the middle of a run has the rate of group 0, and what it comes from. */
    assert_int_equal(wg_optim_add_group(optim, ((wg_tensor_list){1, &p[1], NULL})), WG_OK);
    assert_close(wg_optim_lr(optim, 1), 0.25, 0);
    assert_close(wg_optim_base_lr(optim, 1), 0.5, 0);
    assert_int_equal(wg_optim_add_group(optim, ((wg_tensor_list){1, &p[2], NULL}), .lr = 0.75), WG_OK);
    assert_close(wg_optim_lr(optim, 2), 0.75, 0);
    assert_close(wg_optim_base_lr(optim, 2), 0.75, 0);
    assert_int_equal(wg_optim_set(optim, 1, "lr", 1), WG_OK);
    assert_int_equal(wg_optim_set_lr(optim, 0, 7), WG_OK);
    assert_int_equal(wg_optim_set(optim, 0, "weight_decay", 0.125), WG_OK);
    assert_close(wg_optim_lr(optim, 0), 7, 0);
    assert_int_equal(wg_lr_set(schedule, optim, 3), WG_OK);
    assert_close(wg_optim_lr(optim, 0), 0.125, 0);
    assert_close(wg_optim_lr(optim, 1), 0.25, 0);
    assert_close(wg_optim_get(optim, 0, "weight_decay"), 0.125, 0);
    wg_lr_destroy(schedule), wg_optim_destroy(optim);
    for (int i = 0; i < 3; i++)
        wg_free(p[i]);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(factors_are_pytorchs),
        TEST(factors_are_the_formulas),
        TEST(stairs_are_the_smooth_schedule_at_each_period),
        TEST(a_cycle_in_three_phases_needs_room),
        TEST(milestones_are_a_list_in_order),
        TEST(what_is_nested_is_printed_nested),
        TEST(a_part_belongs_to_one_schedule),
        TEST(a_part_that_failed_fails_the_whole),
        TEST(parts_are_nested_to_a_depth),
        TEST(a_closure_is_a_schedule),
        TEST(a_destroy_function_is_called_once),
        TEST(factors_at_the_ends),
        TEST(a_bad_rate_changes_nothing),
        TEST(the_base_rate_is_the_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
