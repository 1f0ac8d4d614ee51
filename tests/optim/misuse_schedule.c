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

static const struct misuse table[] = {
#define WG_SCHEDULE(name, options) {"wg_lr_" #name "_with", misuse_list},
#include "wengert/schedules.def"
#undef WG_SCHEDULE
    {"wg_lr_product", misuse_combined},    {"wg_lr_then", misuse_combined},  {"wg_lr_warmup_with", misuse_combined},
    {"wg_lr_closure", misuse_combined},    {"wg_lr_at", misuse_schedule},    {"wg_lr_set", misuse_schedule},
    {"wg_lr_set_group", misuse_schedule},  {"wg_lr_print", misuse_schedule}, {"wg_lr_destroy", misuse_schedule},
    {"wg_optim_base_lr", misuse_schedule},
};

MISUSE_MAIN(table)
