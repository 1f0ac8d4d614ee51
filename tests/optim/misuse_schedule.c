/* Misuse of schedules. */
#include "misuse.h"

static double one(int64_t step, void *context)
{
    (void)step, (void)context;
    return 1;
}

/* Every byte 0xff: reals are NaN, whole numbers and enums -1, a list has -1 steps. */
static void misuse_list(void)
{
#define WG_SCHEDULE(name, options)                                                             \
    {                                                                                          \
        wg_lr_##name##_options options_;                                                       \
        memset(&options_, 0xff, sizeof options_);                                              \
        assert_null_and_error(wg_lr_##name##_with(options_), WG_E_ARGUMENT, "lr_" #name ": "); \
    }
#include "wengert/schedules.def"
#undef WG_SCHEDULE
}

static void misuse_combined(void)
{
    assert_null_and_error(wg_lr_product(NULL, wg_lr_inverse_time()), WG_E_NULL, "lr_product: schedule 0 is NULL");
    assert_null_and_error(wg_lr_product(wg_lr_inverse_time(), NULL), WG_E_NULL, "lr_product: schedule 1 is NULL");
    assert_null_and_error(wg_lr_then(NULL, 1, NULL), WG_E_NULL, "lr_then: ");
    assert_null_and_error(wg_lr_then(wg_lr_inverse_time(), -1, wg_lr_inverse_time()), WG_E_ARGUMENT, "lr_then: ");
    assert_null_and_error(wg_lr_warmup(NULL, .steps = 3), WG_E_NULL, "lr_warmup: ");
    assert_null_and_error(wg_lr_warmup(wg_lr_inverse_time(), .steps = 0), WG_E_ARGUMENT, "lr_warmup: ");
    assert_null_and_error(wg_lr_warmup(wg_lr_inverse_time(), .steps = 1, .start = (double)NAN), WG_E_ARGUMENT, "lr_warmup: ");
    assert_null_and_error(wg_lr_closure(NULL, NULL, NULL), WG_E_NULL, "lr_closure: ");
}

static void misuse_schedule(void)
{
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &fx.x, NULL}));
    wg_lr *schedule = wg_lr_closure(one, NULL, NULL);
    assert_non_null(optim);
    assert_true(isnan(wg_lr_at(NULL, 0)));
    expect_error(WG_E_NULL, "lr_at: ");
    assert_true(isnan(wg_lr_at(schedule, INT64_MIN)));
    expect_error(WG_E_ARGUMENT, "lr_at: ");
    assert_fails(wg_lr_set(NULL, optim, 0), WG_E_NULL, "lr_set: the schedule is NULL");
    assert_fails(wg_lr_set(schedule, NULL, 0), WG_E_NULL, "lr_set: the optimizer is NULL");
    assert_fails(wg_lr_set(schedule, optim, -1), WG_E_ARGUMENT, "lr_set: ");
    assert_fails(wg_lr_set_group(NULL, optim, 0, 0), WG_E_NULL, "lr_set_group: ");
    assert_fails(wg_lr_set_group(schedule, NULL, 0, 0), WG_E_NULL, "lr_set_group: ");
    assert_fails(wg_lr_set_group(schedule, optim, 1, 0), WG_E_ARGUMENT, "lr_set_group: there is no group 1");
    assert_fails(wg_lr_set_group(schedule, optim, 0, -1), WG_E_ARGUMENT, "lr_set_group: ");
    assert_fails(wg_lr_print(NULL, stderr), WG_E_NULL, "lr_print: ");
    assert_fails(wg_lr_print(schedule, NULL), WG_E_NULL, "lr_print: ");
    assert_true(isnan(wg_optim_base_lr(NULL, 0)));
    expect_error(WG_E_NULL, "optim_base_lr: ");
    assert_true(isnan(wg_optim_base_lr(optim, 1)));
    expect_error(WG_E_ARGUMENT, "optim_base_lr: there is no group 1");
    wg_lr_destroy(NULL);
    wg_lr_destroy(schedule);
    wg_optim_destroy(optim);
}

static void misuse_robbins_monro(void)
{
    wg_lr_robbins_monro_result result;
    memset(&result, 7, sizeof result);
    const wg_lr_robbins_monro_result before = result;
    wg_lr *schedule = wg_lr_closure(one, NULL, NULL);
    assert_fails(wg_lr_robbins_monro(NULL, &result), WG_E_NULL, "lr_robbins_monro: the schedule is NULL");
    assert_fails(wg_lr_robbins_monro(schedule, NULL), WG_E_NULL, "lr_robbins_monro: the result is NULL");
    assert_fails(wg_lr_robbins_monro(schedule, &result, .steps = 63), WG_E_ARGUMENT,
                 "lr_robbins_monro: expected steps in [64, inf), got 63");
    assert_memory_equal(&result, &before, sizeof result);
    wg_lr_destroy(schedule);
}

static void misuse_plateau_options(void)
{
    wg_lr_plateau_options bad;
    memset(&bad, 0xff, sizeof bad);
    assert_null_and_error(wg_lr_plateau_create_with(bad), WG_E_ARGUMENT, "lr_plateau_create: ");
    assert_null_and_error(wg_lr_plateau_create(.factor = 1), WG_E_ARGUMENT, "lr_plateau_create: expected factor in [0, 1), got 1");
    assert_null_and_error(wg_lr_plateau_create(.patience = -1), WG_E_ARGUMENT, "lr_plateau_create: expected patience in [0, inf)");
    assert_null_and_error(wg_lr_plateau_create(.threshold = (double)NAN), WG_E_ARGUMENT, "lr_plateau_create: expected threshold");
    assert_null_and_error(wg_lr_plateau_create(.cooldown = -1), WG_E_ARGUMENT, "lr_plateau_create: expected cooldown");
    assert_null_and_error(wg_lr_plateau_create(.min = -1), WG_E_ARGUMENT, "lr_plateau_create: expected min");
    assert_null_and_error(wg_lr_plateau_create(.eps = (double)INFINITY), WG_E_ARGUMENT, "lr_plateau_create: expected eps");
    assert_null_and_error(wg_lr_plateau_create(.mode = (wg_lr_plateau_mode)2), WG_E_ARGUMENT, "lr_plateau_create: expected mode");
    assert_null_and_error(wg_lr_plateau_create(.threshold_mode = (wg_lr_plateau_threshold)7), WG_E_ARGUMENT,
                          "lr_plateau_create: expected threshold_mode");
}

static void misuse_plateau(void)
{
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){1, &fx.x, NULL}));
    wg_lr_plateau *plateau = wg_lr_plateau_create(.patience = 0);
    assert_non_null(plateau);
    assert_fails(wg_lr_plateau_tell(NULL, 1), WG_E_NULL, "lr_plateau_tell: the plateau is NULL");
    assert_true(isnan(wg_lr_plateau_factor(NULL)));
    expect_error(WG_E_NULL, "lr_plateau_factor: ");
    assert_fails(wg_lr_plateau_set(NULL, optim), WG_E_NULL, "lr_plateau_set: the plateau is NULL");
    assert_fails(wg_lr_plateau_set(plateau, NULL), WG_E_NULL, "lr_plateau_set: the optimizer is NULL");
    assert_null_and_error(wg_lr_plateau_schedule(NULL), WG_E_NULL, "lr_plateau_schedule: ");
    assert_int_equal(wg_lr_plateau_state(NULL).n, 0);
    expect_error(WG_E_NULL, "lr_plateau_state: ");
    /* A state that a program broke. */
    const wg_tensor_list list = wg_lr_plateau_state(plateau);
    assert_int_equal(wg_write(list.tensor[2], (double[]){0.5}), WG_OK);
    assert_fails(wg_lr_plateau_tell(plateau, 1), WG_E_ARGUMENT,
                 "lr_plateau_tell: expected a whole number of at least 0 as \"bad\" of the state, got 0.5");
    assert_true(isinf(wg_item(list.tensor[1])));
    assert_int_equal(wg_write(list.tensor[2], (double[]){0}), WG_OK);
    assert_int_equal(wg_write(list.tensor[0], (double[]){NAN}), WG_OK);
    assert_fails(wg_lr_plateau_set(plateau, optim), WG_E_ARGUMENT,
                 "lr_plateau_set: expected a number of at least 0 as \"factor\" of the state, got nan");
    wg_lr_plateau_destroy(NULL);
    wg_lr_plateau_destroy(plateau);
    wg_optim_destroy(optim);
}

static const struct misuse table[] = {
#define WG_SCHEDULE(name, options) {"wg_lr_" #name "_with", misuse_list},
#include "wengert/schedules.def"
#undef WG_SCHEDULE
    {"wg_lr_product", misuse_combined},
    {"wg_lr_then", misuse_combined},
    {"wg_lr_warmup_with", misuse_combined},
    {"wg_lr_closure", misuse_combined},
    {"wg_lr_at", misuse_schedule},
    {"wg_lr_set", misuse_schedule},
    {"wg_lr_set_group", misuse_schedule},
    {"wg_lr_print", misuse_schedule},
    {"wg_lr_destroy", misuse_schedule},
    {"wg_optim_base_lr", misuse_schedule},
    {"wg_lr_robbins_monro_with", misuse_robbins_monro},
    {"wg_lr_plateau_create_with", misuse_plateau_options},
    {"wg_lr_plateau_tell", misuse_plateau},
    {"wg_lr_plateau_factor", misuse_plateau},
    {"wg_lr_plateau_set", misuse_plateau},
    {"wg_lr_plateau_schedule", misuse_plateau},
    {"wg_lr_plateau_state", misuse_plateau},
    {"wg_lr_plateau_destroy", misuse_plateau},
};

MISUSE_MAIN(table)
