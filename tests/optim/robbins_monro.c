/* The conditions of Robbins and Monro: what closed forms say, what sums say of the same schedules, and where neither says
   anything. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

#define unknown WG_LR_SERIES_UNKNOWN
#define finite WG_LR_SERIES_FINITE
#define infinite WG_LR_SERIES_INFINITE

static double of_schedule(int64_t step, void *context)
{
    return wg_lr_at(context, step);
}

static void destroy_schedule(void *context)
{
    wg_lr_destroy(context);
}

/* What a schedule is said to be, and what its sums say: as a function of the program's it has no closed form. Frees it. clear: the
   estimate must agree; else it may not know, but must not contradict. */
static void assert_sums(const char *text, wg_lr *schedule, wg_lr_series sum, wg_lr_series squares, bool clear)
{
    wg_lr_robbins_monro_result exact, estimate;
    assert_non_null(schedule);
    assert_int_equal(wg_lr_robbins_monro(schedule, &exact), WG_OK);
    if (exact.sum != sum || exact.squares != squares || exact.estimated ||
        exact.fulfilled != (sum == infinite && squares == finite))
        fail_msg("%s: got %s", text, exact.reason);
    wg_lr *hidden = wg_lr_closure(of_schedule, schedule, destroy_schedule);
    assert_int_equal(wg_lr_robbins_monro(hidden, &estimate, .steps = 1 << 18), WG_OK);
    assert_true(estimate.estimated);
    if (clear ? estimate.sum != sum || estimate.squares != squares
              : (estimate.sum != sum && estimate.sum != unknown) || (estimate.squares != squares && estimate.squares != unknown))
        fail_msg("%s is %s, but by its sums %s", text, exact.reason, estimate.reason);
    wg_lr_destroy(hidden);
}
#define SUMS(schedule, sum, squares) assert_sums(#schedule, schedule, sum, squares, true)
#define SUMS_UNCLEAR(schedule, sum, squares) assert_sums(#schedule, schedule, sum, squares, false)

static void every_schedule_is_judged(void **state)
{
    (void)state;
    SUMS(wg_lr_constant(), infinite, infinite);
    SUMS(wg_lr_linear(), infinite, infinite);
    SUMS(wg_lr_linear(.end = 0), finite, finite);
    SUMS(wg_lr_step(.period = 100), finite, finite);
    SUMS(wg_lr_step(.period = 100, .gamma = 1), infinite, infinite);
    SUMS(wg_lr_step(.period = 100000, .gamma = 1.5), infinite, infinite);
    SUMS(wg_lr_multi_step(.milestones = WG_MILESTONES(30, 80)), infinite, infinite);
    SUMS(wg_lr_multi_step(.milestones = WG_MILESTONES(30, 80), .gamma = 0), finite, finite);
    SUMS(wg_lr_exponential(.gamma = 0.999), finite, finite);
    SUMS(wg_lr_exponential(.gamma = 0), finite, finite);
    SUMS(wg_lr_polynomial(), finite, finite);
    SUMS(wg_lr_polynomial(.end = 0.1), infinite, infinite);
    SUMS(wg_lr_polynomial(.power = 0), infinite, infinite);
    SUMS(wg_lr_cosine(.steps = 100), infinite, infinite);
    SUMS(wg_lr_cosine_restarts(.period = 10), infinite, infinite);
    SUMS_UNCLEAR(wg_lr_cosine_restarts(.period = 10, .multiple = 3), infinite, infinite);
    SUMS(wg_lr_one_cycle(.steps = 100), infinite, infinite);
    SUMS(wg_lr_one_cycle(.steps = 100, .end = 0), finite, finite);
    SUMS(wg_lr_cyclic(.min = 0, .up = 10), infinite, infinite);
    SUMS(wg_lr_cyclic(.min = 0, .up = 10, .mode = WG_LR_CYCLE_TRIANGULAR2), finite, finite);
    SUMS(wg_lr_cyclic(.min = 0.1, .up = 10, .mode = WG_LR_CYCLE_TRIANGULAR2), infinite, infinite);
    SUMS(wg_lr_cyclic(.min = 0, .up = 10, .mode = WG_LR_CYCLE_EXP_RANGE, .gamma = 0.999), finite, finite);
    SUMS(wg_lr_cyclic(.min = 0.1, .up = 10, .mode = WG_LR_CYCLE_EXP_RANGE, .gamma = 0.999), infinite, infinite);
    SUMS(wg_lr_inverse_time(), infinite, finite);
    SUMS(wg_lr_inverse_time(.decay = 0), infinite, infinite);
    SUMS(wg_lr_inverse_time(.power = 0.75), infinite, finite);
    SUMS(wg_lr_inverse_time(.power = 0.5), infinite, infinite);
    SUMS(wg_lr_inverse_time(.power = 1.25), finite, finite);
    SUMS_UNCLEAR(wg_lr_inverse_time(.decay = 0.5, .period = 100, .staircase = true), infinite, finite);
    SUMS_UNCLEAR(wg_lr_inverse_sqrt(), infinite, infinite);
    SUMS(wg_lr_warmup_stable_decay(.stable = 100, .decay = 10), finite, finite);
    SUMS(wg_lr_warmup_stable_decay(.stable = 100, .decay = 10, .end = 0.1), infinite, infinite);
    SUMS(wg_lr_batch_scaling(.batch = 512, .reference = 64), infinite, infinite);
    assert_no_error();
}

static void combinations_are_judged_by_their_parts(void **state)
{
    (void)state;
    SUMS(wg_lr_warmup(wg_lr_inverse_time(), .steps = 50), infinite, finite);
    SUMS(wg_lr_then(wg_lr_exponential(.gamma = 0.5), 10, wg_lr_constant()), infinite, infinite);
    SUMS(wg_lr_product(wg_lr_inverse_time(), wg_lr_inverse_time()), finite, finite);
    SUMS(wg_lr_product(wg_lr_inverse_time(.power = 0.5), wg_lr_inverse_time(.power = 0.25)), infinite, finite);
    SUMS(wg_lr_product(wg_lr_cosine(.steps = 10), wg_lr_inverse_time()), infinite, finite);
    SUMS(wg_lr_product(wg_lr_inverse_time(), wg_lr_exponential(.gamma = 0.99)), finite, finite);
    SUMS(wg_lr_product(wg_lr_inverse_time(), wg_lr_linear(.end = 0)), finite, finite);
    assert_no_error();
}

/* The control: sums must tell the border apart, and say where they cannot. */
static double inverse(int64_t t, void *context)
{
    return 1 / pow((double)t + 2, *(double *)context);
}

static double with_logarithm(int64_t t, void *context)
{
    return 1 / (((double)t + 2) * pow(log((double)t + 2), *(double *)context));
}

static double negative(int64_t t, void *context)
{
    (void)context;
    return t == 40 ? -1 : 1;
}

static double zero_later(int64_t t, void *context)
{
    (void)context;
    return t < 100 ? 1 : 0;
}

static wg_lr_robbins_monro_result of(wg_lr *schedule)
{
    wg_lr_robbins_monro_result result;
    assert_non_null(schedule);
    assert_int_equal(wg_lr_robbins_monro(schedule, &result), WG_OK);
    assert_false(result.fulfilled && (result.sum != infinite || result.squares != finite));
    wg_lr_destroy(schedule);
    return result;
}

static void powers_are_estimated(void **state)
{
    (void)state;
    const struct {
        double power;
        wg_lr_series sum, squares;
    } cases[] = {{0, infinite, infinite},   {0.25, infinite, infinite}, {0.45, infinite, infinite},
                 {0.5, infinite, infinite}, {0.55, infinite, finite},   {0.9, infinite, finite},
                 {1, infinite, finite},     {1.05, finite, finite},     {2, finite, finite}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double power = cases[k].power;
        const wg_lr_robbins_monro_result got = of(wg_lr_closure(inverse, &power, NULL));
        if (got.sum != cases[k].sum || got.squares != cases[k].squares || !got.estimated)
            fail_msg("power %g: got %s", power, got.reason);
        assert_non_null(strstr(got.reason, "an estimate from the steps before 1048576, no proof"));
    }
    assert_no_error();
}

static void what_is_not_known_is_said(void **state)
{
    (void)state;
    double power = 1;
    wg_lr_robbins_monro_result got = of(wg_lr_closure(with_logarithm, &power, NULL)); /* infinite, but who sees that */
    assert_int_equal(got.sum, unknown);
    assert_int_equal(got.squares, finite);
    assert_false(got.fulfilled);
    power = 2; /* finite */
    got = of(wg_lr_closure(with_logarithm, &power, NULL));
    assert_int_equal(got.sum, unknown);
    got = of(wg_lr_closure(negative, NULL, NULL));
    assert_int_not_equal(got.sum, finite); /* 40 is before the ranges: it is not seen */
    wg_lr_robbins_monro_result seen;
    wg_lr *schedule = wg_lr_closure(negative, NULL, NULL);
    assert_int_equal(wg_lr_robbins_monro(schedule, &seen, .steps = 64), WG_OK);
    assert_string_equal(seen.reason, "not known: f(40) is -1: Σ f not known, Σ f² not known");
    wg_lr_destroy(schedule);
    got = of(wg_lr_closure(zero_later, NULL, NULL));
    assert_string_equal(got.reason, "an estimate: f is 0 from step 524288 to step 1048575: Σ f finite, Σ f² finite");
    /* Two that come back to 0 may do so in turn. */
    got = of(wg_lr_product(wg_lr_cosine(.steps = 1), wg_lr_cyclic(.min = 0, .up = 1)));
    assert_true(got.estimated);
    assert_int_equal(got.sum, finite);
    got = of(wg_lr_product(wg_lr_exponential(.gamma = 0.9999), wg_lr_exponential(.gamma = 1 / 0.9999)));
    assert_true(got.estimated);
    assert_int_equal(got.sum, infinite);
    got = of(wg_lr_product(wg_lr_exponential(.gamma = 0.75), wg_lr_exponential(.gamma = 1 / 0.75))); /* 0 times infinity */
    assert_false(got.estimated);
    assert_non_null(strstr(got.reason, "nan: Σ f not known"));
    wg_lr_plateau *plateau = wg_lr_plateau_create();
    got = of(wg_lr_product(wg_lr_inverse_time(), wg_lr_plateau_schedule(plateau)));
    assert_false(got.estimated);
    assert_int_equal(got.sum, unknown);
    assert_non_null(strstr(got.reason, "not known: f depends on the values that a plateau is told"));
    wg_lr_plateau_destroy(plateau);
    assert_no_error();
}

/* The mean of samples ±1 with a mean of 1/4 by SGD on (w - y)²/2, from w = 10. The rates 1/(t + 1) give the mean of the samples, to
   rounding. A constant rate goes on to follow the last ones; rates that fall too fast do not reach it. */
static double distance_from_mean(wg_lr *schedule)
{
    wg_tensor *w = wg_set_requires_grad(wg_scalar(WG_F64, 10), true), *y = wg_scalar(WG_F64, 0);
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = 1);
    uint64_t noise = 1;
    double mean = 0;
    for (int64_t t = 0; t < 800; t++) {
        noise = noise * 6364136223846793005u + 1442695040888963407u;
        const double sample = noise >> 61 < 5 ? 1 : -1;
        mean += sample / 800;
        assert_int_equal(wg_write(y, &sample), WG_OK);
        assert_int_equal(wg_lr_set(schedule, optim, t), WG_OK);
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_mul_scalar(wg_square(wg_sub(w, y)), 0.5)), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
    }
    const double found = wg_item(w);
    wg_optim_destroy(optim), wg_free(w), wg_free(y), wg_lr_destroy(schedule);
    assert_true(fabs(mean - 0.25) < 0.1);
    return fabs(found - mean);
}

static void rates_that_fulfil_them_find_a_mean(void **state)
{
    (void)state;
    assert_close(distance_from_mean(wg_lr_inverse_time()), 0, 1e-12);
    assert_true(distance_from_mean(wg_lr_inverse_time(.power = 0.75)) < 0.2);
    assert_true(distance_from_mean(wg_lr_constant(.factor = 0.9, .steps = 800)) > 0.3);
    assert_true(distance_from_mean(wg_lr_product(wg_lr_constant(.factor = 0.5, .steps = 800), wg_lr_exponential(.gamma = 0.5))) >
                1);
    assert_no_error();
}

static double fails(int64_t step, void *context)
{
    (void)step, (void)context;
    (void)wg_tape_open();
    return 1;
}

static void reasons_are_sentences(void **state)
{
    (void)state;
    static const char power[] = "f falls as t^-0.75, and Σ t^-p is finite for p > 1 alone: Σ f infinite, Σ f² finite";
    assert_string_equal(of(wg_lr_inverse_time(.power = 0.75)).reason, power);
    assert_string_equal(of(wg_lr_constant()).reason, "f does not go to 0: Σ f infinite, Σ f² infinite");
    assert_string_equal(of(wg_lr_polynomial()).reason, "f is 0 from some step on: Σ f finite, Σ f² finite");
    assert_string_equal(of(wg_lr_exponential(.gamma = exp(-0.5))).reason, "f falls as e^(-0.5 t): Σ f finite, Σ f² finite");
    assert_string_equal(of(wg_lr_cosine(.steps = 3)).reason, "f comes back again and again: Σ f infinite, Σ f² infinite");
    wg_lr_robbins_monro_result result = {.sum = WG_LR_SERIES_FINITE};
    wg_lr *schedule = wg_lr_closure(fails, NULL, NULL);
    assert_int_equal(wg_lr_robbins_monro(schedule, &result), WG_E_STATE);
    assert_error(WG_E_STATE, "left a tape open");
    assert_int_equal(result.sum, WG_LR_SERIES_FINITE);
    wg_lr_destroy(schedule);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_schedule_is_judged), TEST(combinations_are_judged_by_their_parts),
        TEST(powers_are_estimated),     TEST(what_is_not_known_is_said),
        TEST(reasons_are_sentences),    TEST(rates_that_fulfil_them_find_a_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
