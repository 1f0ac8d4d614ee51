/* Misuse of stages. */
#include "misuse.h"

static wg_tensor_list x_alone(void)
{
    return (wg_tensor_list){1, &fx.x, NULL};
}

/* Every byte 0xff: reals are NaN. A stage without options cannot be misused. */
static void misuse_list(void)
{
#define WG_REAL(name, preset, help, ...) +1
#define WG_BOOL(name, preset, help) +0
#define WG_STAGE(name, options)                                                        \
    {                                                                                  \
        wg_stage_##name##_options options_;                                            \
        memset(&options_, 0xff, sizeof options_);                                      \
        wg_stage *stage = wg_stage_##name##_with(options_);                            \
        if (0 options > 0)                                                             \
            assert_null_and_error(stage, WG_E_ARGUMENT, "stage_" #name ": expected "); \
        else                                                                           \
            assert_non_null(stage);                                                    \
        wg_stage_destroy(stage);                                                       \
    }
#include "wengert/stages.def"
#undef WG_REAL
#undef WG_BOOL
#undef WG_STAGE
    assert_null_and_error(wg_stage_accumulate(.steps = 1.5), WG_E_ARGUMENT,
                          "stage_accumulate: steps: expected a whole number, got 1.5");
    assert_null_and_error(wg_stage_project_box(.low = 2, .high = 1), WG_E_ARGUMENT, "stage_project_box: expected low at most high");
    assert_null_and_error(wg_stage_momentum(.nesterov = true, .dampening = 0.5), WG_E_ARGUMENT, "stage_momentum: nesterov: ");
    wg_stage_destroy(NULL);
}

static void misuse_chain(void)
{
    const wg_tensor_list good = x_alone(), none = {0, NULL, NULL};
    assert_null_and_error(wg_optim_chain_with(good, NULL, 1, false), WG_E_NULL, "optim_chain: the list of stages is NULL");
    assert_null_and_error(wg_optim_chain(good, wg_stage_sign(), NULL, wg_stage_rate(.lr = 1)), WG_E_NULL,
                          "optim_chain: stage 1 is NULL");
    assert_null_and_error(wg_optim_chain(good, wg_stage_sign()), WG_E_ARGUMENT, "optim_chain: expected one wg_stage_rate(.lr = …)");
    assert_null_and_error(wg_optim_chain(good, wg_stage_rate(.lr = 1), wg_stage_rate(.lr = 2)), WG_E_ARGUMENT, "got 2");
    assert_null_and_error(wg_optim_chain(good, wg_stage_rate(.lr = 1), wg_stage_ema(), wg_stage_sign()), WG_E_ARGUMENT,
                          "optim_chain: stage 2, sign, acts on gradients, and ema in front of it on parameters");
    assert_null_and_error(wg_optim_chain(none, wg_stage_rate(.lr = 1)), WG_E_ARGUMENT, "optim_chain: there are no parameters");
    assert_null_and_error(wg_optim_chain(good, wg_stage_rate(.lr = 1), wg_stage_sam(), wg_stage_extragradient()), WG_E_ARGUMENT,
                          "optim_chain: sam leads ahead already, and extragradient would, too");
    wg_stage *rate = wg_stage_rate(.lr = 1);
    assert_null_and_error(wg_optim_chain(good, rate, rate), WG_E_ARGUMENT, "optim_chain: stages 0 and 1 are the same");
    wg_stage *many[WG_MAX_STAGES + 1];
    for (int i = 0; i <= WG_MAX_STAGES; i++)
        many[i] = wg_stage_sign();
    assert_null_and_error(wg_optim_chain_with(good, many, WG_MAX_STAGES + 1, false), WG_E_ARGUMENT,
                          "optim_chain: expected at most 32 stages");
    FOR_EACH_BAD(IS_NULL, {
        const wg_tensor_list list = {1, &bad, NULL};
        assert_null_and_error(wg_optim_chain(list, wg_stage_rate(.lr = 1)), code, ": ");
    });
}

static void misuse_added(void)
{
    wg_optim *optim = wg_optim_sgd(x_alone());
    assert_non_null(optim);
    assert_fails(wg_optim_add_stage(NULL, wg_stage_sign()), WG_E_NULL, "optim_add_stage: the optimizer is NULL");
    assert_fails(wg_optim_add_stage(optim, NULL), WG_E_NULL, "optim_add_stage: a stage is NULL");
    assert_fails(wg_optim_add_stage(optim, wg_stage_rate(.lr = 1)), WG_E_ARGUMENT, "optim_add_stage: the chain multiplies by a");
    wg_optim *chain = wg_optim_chain(x_alone(), wg_stage_rate(.lr = 1));
    assert_fails(wg_optim_add_stage(chain, wg_stage_clip_norm(.limit = 1)), WG_E_ARGUMENT,
                 "optim_add_stage: clip_norm acts on gradients, and its place among the stages of a chain is not known");
    assert_int_equal(wg_optim_add_stage(chain, wg_stage_ema()), WG_OK);
    wg_optim_destroy(chain);
    assert_fails(wg_optim_step_ahead(NULL), WG_E_NULL, "optim_step_ahead: ");
    assert_fails(wg_optim_step_ahead(optim), WG_E_STATE, "optim_step_ahead: no stage says where to");
    assert_fails(wg_optim_exchange(NULL, "x"), WG_E_NULL, "optim_exchange: the optimizer is NULL");
    assert_fails(wg_optim_exchange(optim, NULL), WG_E_NULL, "optim_exchange: the name is NULL");
    assert_fails(wg_optim_exchange(optim, "average"), WG_E_ARGUMENT, "optim_exchange: the optimizer has no state \"average\"");
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_sam()), WG_OK);
    assert_fails(wg_optim_step_ahead(optim), WG_E_NO_GRAD, "optim_step_ahead: no parameter has a gradient");
    for (int i = 0; i < WG_MAX_STAGES - 1; i++)
        assert_int_equal(wg_optim_add_stage(optim, wg_stage_sign()), WG_OK);
    assert_fails(wg_optim_add_stage(optim, wg_stage_sign()), WG_E_ARGUMENT, "optim_add_stage: expected at most 32 stages");
    wg_optim_destroy(optim);
}

static void misuse_view(void)
{
    wg_optim *optim = wg_optim_sgd(x_alone());
    wg_optim_terms terms;
    assert_fails(wg_optim_view(NULL, fx.x, &terms), WG_E_NULL, "optim_view: the optimizer is NULL");
    assert_fails(wg_optim_view(optim, NULL, &terms), WG_E_NULL, "optim_view: the parameter is NULL");
    assert_fails(wg_optim_view(optim, fx.x, NULL), WG_E_NULL, "optim_view: the place for the terms is NULL");
    WG_TAPE(tape);
    assert_fails(wg_optim_view(optim, fx.labels, &terms), WG_E_ARGUMENT, "is no parameter of the optimizer");
    assert_fails(wg_optim_view(optim, fx.x, &terms), WG_E_NO_GRAD, "optim_view: the parameter (");
    wg_optim_destroy(optim);
}

static void misuse_rows(void)
{
    wg_optim *sgd = wg_optim_sgd(x_alone()), *sparse = wg_optim_sparse_adam(x_alone());
    assert_fails(wg_optim_set_rows(NULL, fx.x, fx.labels), WG_E_NULL, "optim_set_rows: the optimizer is NULL");
    assert_fails(wg_optim_set_rows(sparse, NULL, fx.labels), WG_E_NULL, "optim_set_rows: the parameter is NULL");
    assert_fails(wg_optim_set_rows(sparse, fx.x, NULL), WG_E_NULL, "optim_set_rows: the list of rows is NULL");
    assert_fails(wg_optim_set_rows(sgd, fx.x, fx.labels), WG_E_ARGUMENT, "optim_set_rows: sgd moves all rows");
    assert_fails(wg_optim_set_rows(sparse, fx.labels, fx.labels), WG_E_ARGUMENT, "optim_set_rows: the tensor is no parameter");
    assert_fails(wg_optim_set_rows(sparse, fx.x, fx.x), WG_E_DTYPE, "optim_set_rows: expected rows of i64, got f32");
    assert_fails(wg_optim_add_stage(sparse, wg_stage_sign()), WG_E_ARGUMENT, "optim_add_stage: sparse_adam takes no stages");
    assert_null_and_error(wg_optim_unroll(sparse), WG_E_ARGUMENT, "optim_unroll: sparse_adam has no step that can be recorded");
    wg_optim_destroy(sgd), wg_optim_destroy(sparse);
}

/* Unrolled steps whose tape, or whose rate, has ended. */
static void misuse_unrolled_late(void)
{
    wg_optim *optim = wg_optim_sgd(x_alone());
    wg_tensor *x = x_alone().tensor[0], *gradient, *rate;
    wg_tape *tape = wg_tape_open();
    wg_unrolled *steps = wg_optim_unroll(optim);
    gradient = wg_mul_scalar(x, 1);
    assert_int_equal(wg_unrolled_step(steps, &gradient), WG_OK);
    wg_tape *inner = wg_tape_open();
    rate = wg_full(WG_F64, WG_SCALAR, 0.5);
    assert_int_equal(wg_unrolled_set_lr(steps, 0, rate), WG_OK);
    assert_int_equal(wg_tape_close(inner), WG_OK);
    let_dead_handle_be_read(rate);
    assert_fails(wg_unrolled_step(steps, &gradient), WG_E_DANGLING, "unrolled_step: the rate of group 0 was freed");
    assert_fails(wg_unrolled_set_lr(steps, 0, rate), WG_E_DANGLING, "unrolled_set_lr: the rate was freed");
    wg_unrolled_destroy(steps), wg_optim_destroy(optim);
    (void)wg_tape_close(tape);
}

static void misuse_unrolled(void)
{
    wg_optim *optim = wg_optim_sgd(x_alone()), *draws = wg_optim_noisy_sgd(x_alone());
    assert_null_and_error(wg_optim_unroll(NULL), WG_E_NULL, "optim_unroll: the optimizer is NULL");
    wg_tape *tape = wg_tape_open();
    assert_null_and_error(wg_optim_unroll(draws), WG_E_ARGUMENT, "optim_unroll: noisy_sgd draws numbers");
    wg_unrolled *steps = wg_optim_unroll(optim);
    assert_non_null(steps);
    wg_tensor *none = WG_NONE, *null = NULL, *scalar = wg_scalar(WG_F64, 1), *narrow = wg_scalar(WG_F32, 1);
    assert_fails(wg_unrolled_step(NULL, &none), WG_E_NULL, "unrolled_step: the steps are NULL");
    assert_fails(wg_unrolled_step(steps, NULL), WG_E_NULL, "unrolled_step: the list of gradients is NULL");
    assert_fails(wg_unrolled_step(steps, &null), WG_E_NULL, "unrolled_step: the gradient of parameter 0 is NULL");
    assert_fails(wg_unrolled_step(steps, &none), WG_E_NO_GRAD, "unrolled_step: no parameter has a gradient");
    assert_fails(wg_unrolled_step(steps, &scalar), WG_E_SHAPE, "unrolled_step: the gradient of parameter 0");
    assert_fails(wg_unrolled_step(steps, &fx.labels), WG_E_SHAPE, "unrolled_step: ");
    assert_fails(wg_unrolled_set_lr(NULL, 0, scalar), WG_E_NULL, "unrolled_set_lr: the steps are NULL");
    assert_fails(wg_unrolled_set_lr(steps, 0, NULL), WG_E_NULL, "unrolled_set_lr: the rate is NULL");
    assert_fails(wg_unrolled_set_lr(steps, 1, scalar), WG_E_ARGUMENT, "unrolled_set_lr: there is no group 1");
    assert_fails(wg_unrolled_set_lr(steps, 0, narrow), WG_E_DTYPE, "unrolled_set_lr: expected a rate of f64, got f32");
    assert_fails(wg_unrolled_set_lr(steps, 0, wg_ones(WG_F64, WG_SHAPE(2))), WG_E_SHAPE, "unrolled_set_lr: expected a scalar");
    wg_tape *inner = wg_tape_open();
    assert_fails(wg_unrolled_step(steps, &none), WG_E_STATE, "unrolled_step: the tape on which the steps began is not on top");
    assert_int_equal(wg_tape_close(inner), WG_OK), assert_int_equal(wg_tape_close(tape), WG_OK);
    assert_int_equal(wg_unrolled_params(NULL).n, 0);
    expect_error(WG_E_NULL, "unrolled_params: the steps are NULL");
    wg_unrolled_destroy(steps), wg_unrolled_destroy(NULL);
    wg_optim_destroy(optim), wg_optim_destroy(draws);
    misuse_unrolled_late();
}

/* Of an optimizer's own steps: with the loss, and observations. */
static void misuse_steps(void)
{
    wg_optim *sgd = wg_optim_sgd(x_alone()), *polyak = wg_optim_polyak_sgd(x_alone()), *sophia = wg_optim_sophia_h(x_alone());
    assert_fails(wg_optim_observe(NULL), WG_E_NULL, "optim_observe: the optimizer is NULL");
    assert_fails(wg_optim_observe(sgd), WG_E_STATE, "optim_observe: sgd observes no curvature");
    assert_fails(wg_optim_observe(sophia), WG_E_NO_GRAD, "optim_observe: no parameter has a gradient");
    wg_tensor *one = wg_ones(WG_F32, WG_SCALAR), *two = wg_ones(WG_F32, WG_SHAPE(2)), *whole = wg_ones(WG_I64, WG_SHAPE(1));
    assert_fails(wg_optim_step_with_loss(NULL, one), WG_E_NULL, "optim_step_with_loss: the optimizer is NULL");
    assert_fails(wg_optim_step_with_loss(polyak, NULL), WG_E_NULL, "optim_step_with_loss: the loss is NULL");
    assert_fails(wg_optim_step_with_loss(polyak, WG_NONE), WG_E_NULL, "optim_step_with_loss: the loss is NULL");
    assert_fails(wg_optim_step_with_loss(polyak, two), WG_E_SHAPE, "expected a loss of one element, got 2");
    assert_fails(wg_optim_step_with_loss(sgd, whole), WG_E_DTYPE, "expected a loss of f32 or f64, got i64");
    assert_fails(wg_optim_step_with_loss(polyak, one), WG_E_NO_GRAD, "optim_step_with_loss: no parameter has a gradient");
    assert_fails(wg_optim_step_with_loss(polyak, fx.bad[IS_RELEASED]), WG_E_DANGLING, "optim_step_with_loss: the loss was freed");
    wg_optim_destroy(sgd), wg_optim_destroy(polyak), wg_optim_destroy(sophia);
}

static const struct misuse table[] = {
#define WG_STAGE(name, options) {"wg_stage_" #name "_with", misuse_list},
#include "wengert/stages.def"
#undef WG_STAGE
    {"wg_stage_destroy", misuse_list},     {"wg_optim_chain_with", misuse_chain},     {"wg_optim_add_stage", misuse_added},
    {"wg_optim_observe", misuse_steps},    {"wg_optim_step_with_loss", misuse_steps}, {"wg_optim_step_ahead", misuse_added},
    {"wg_optim_exchange", misuse_added},   {"wg_optim_set_rows", misuse_rows},        {"wg_optim_view", misuse_view},
    {"wg_optim_unroll", misuse_unrolled},  {"wg_unrolled_destroy", misuse_unrolled},  {"wg_unrolled_params", misuse_unrolled},
    {"wg_unrolled_step", misuse_unrolled}, {"wg_unrolled_set_lr", misuse_unrolled},
};

MISUSE_MAIN(table)
