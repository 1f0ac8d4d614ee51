/* Misuse of stopping objects. */
#include "misuse.h"

static void misuse_options(void)
{
    wg_stopping_options bad;
    memset(&bad, 0xff, sizeof bad);
    bad.stop_if_not_finite = true;
    assert_null_and_error(wg_stopping_create_with(bad), WG_E_ARGUMENT, "stopping_create: ");
    assert_null_and_error(wg_stopping_create(.max_steps = -2), WG_E_ARGUMENT,
                          "stopping_create: expected max_steps in [-1, inf), got -2");
    assert_null_and_error(wg_stopping_create(.max_evaluations = INT64_MIN), WG_E_ARGUMENT,
                          "stopping_create: expected max_evaluations");
    assert_null_and_error(wg_stopping_create(.max_seconds = (double)NAN), WG_E_ARGUMENT, "stopping_create: expected max_seconds");
    assert_null_and_error(wg_stopping_create(.gradient_tolerance = (double)INFINITY), WG_E_ARGUMENT,
                          "stopping_create: expected gradient_tolerance");
    assert_null_and_error(wg_stopping_create(.patience = -7), WG_E_ARGUMENT, "stopping_create: expected patience");
    assert_null_and_error(wg_stopping_create(.min_delta = -1), WG_E_ARGUMENT, "stopping_create: expected min_delta");
    assert_null_and_error(wg_stopping_create(.mode = (wg_stopping_mode)2), WG_E_ARGUMENT, "stopping_create: expected mode");
}

static void misuse_null(void)
{
    const wg_tensor_list list = {1, &fx.x, NULL};
    assert_int_equal(wg_stopping_done(NULL), WG_STOPPING_REASON_ERROR);
    expect_error(WG_E_NULL, "stopping_done: the stopping object is NULL");
    assert_fails(wg_stopping_tell(NULL, 1), WG_E_NULL, "stopping_tell: ");
    assert_fails(wg_stopping_tell_norm(NULL, 1), WG_E_NULL, "stopping_tell_norm: ");
    assert_fails(wg_stopping_tell_gradients(NULL, list), WG_E_NULL, "stopping_tell_gradients: ");
    assert_fails(wg_stopping_count(NULL, 1), WG_E_NULL, "stopping_count: ");
    assert_fails(wg_stopping_keep(NULL, list), WG_E_NULL, "stopping_keep: ");
    assert_fails(wg_stopping_restore(NULL), WG_E_NULL, "stopping_restore: ");
    assert_int_equal(wg_stopping_inspect(NULL).reason, WG_STOPPING_REASON_ERROR);
    expect_error(WG_E_NULL, "stopping_inspect: ");
    assert_string_equal(wg_stopping_text(NULL), "");
    expect_error(WG_E_NULL, "stopping_text: ");
    assert_int_equal(wg_stopping_state(NULL).n, 0);
    expect_error(WG_E_NULL, "stopping_state: ");
    assert_string_equal(wg_stopping_reason_name((wg_stopping_reason)-1), "unknown");
    wg_stopping_destroy(NULL);
}

/* Nothing has been told or counted, whatever was refused. */
static void assert_untouched(const wg_stopping *stop)
{
    const wg_stopping_info info = wg_stopping_inspect(stop);
    assert_true(info.reason == WG_STOPPING_REASON_NONE && info.steps == 0 && info.evaluations == 0 && info.told == 0);
    assert_true(isinf(info.best) && isinf(info.gradient_norm));
    assert_int_equal(wg_stopping_state(stop).n, 9);
}

static void misuse_telling(void)
{
    wg_stopping *stop = wg_stopping_create();
    assert_fails(wg_stopping_tell_norm(stop, -0.5), WG_E_ARGUMENT, "stopping_tell_norm: expected a norm of at least 0, got -0.5");
    assert_fails(wg_stopping_count(stop, -1), WG_E_ARGUMENT, "stopping_count: expected a number of at least 0");
    assert_fails(wg_stopping_count(stop, INT64_MAX), WG_E_ARGUMENT, "stopping_count: ");
    assert_fails(wg_stopping_tell_gradients(stop, (wg_tensor_list){0, NULL, NULL}), WG_E_ARGUMENT, "optim_clip_norm: ");
    assert_fails(wg_stopping_tell_gradients(stop, ((wg_tensor_list){1, &fx.x, NULL})), WG_E_NO_GRAD, "optim_clip_norm: ");
    assert_fails(wg_stopping_restore(stop), WG_E_STATE, "stopping_restore: no tensors are kept: wg_stopping_keep comes first");
    assert_untouched(stop);
    /* A state that a program broke: the loop ends, with an error. */
    for (int i = 0; i < 9; i++) {
        const wg_tensor_list list = wg_stopping_state(stop);
        const double before = wg_item(list.tensor[i]);
        if (i == 3) /* a norm: any */
            continue;
        assert_int_equal(wg_write(list.tensor[i], (double[]){i == 2 || i == 5 ? NAN : 0.5}),
                         WG_OK); /* seconds, the best value; counts */
        assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_ERROR);
        expect_error(WG_E_ARGUMENT, "stopping_done: expected a ");
        assert_int_equal(wg_write(list.tensor[i], &before), WG_OK);
    }
    assert_untouched(stop);
    wg_stopping_destroy(stop);
}

static void misuse_keeping(void)
{
    wg_stopping *stop = wg_stopping_create();
    wg_tensor *twice[] = {fx.x, fx.y, fx.x};
    assert_fails(wg_stopping_keep(stop, (wg_tensor_list){0, NULL, NULL}), WG_E_ARGUMENT, "stopping_keep: there are no tensors");
    assert_fails(wg_stopping_keep(stop, (wg_tensor_list){1, NULL, NULL}), WG_E_NULL, "stopping_keep: there are no tensors");
    assert_fails(wg_stopping_keep(stop, ((wg_tensor_list){3, twice, NULL})), WG_E_ARGUMENT,
                 "stopping_keep: tensor 2 (unnamed) is given twice");
    for (size_t i = 0; i < N_BAD; i++) {
        wg_tensor *pair[] = {fx.x, fx.bad[i]};
        if (!may_try(i))
            continue;
        wg_error error;
        assert_int_equal(wg_stopping_keep(stop, ((wg_tensor_list){2, pair, NULL})), bad_code[i]);
        assert_int_equal(wg_error_take(&error), bad_code[i]);
        assert_untouched(stop);
    }
    {
        WG_TAPE(tape);
        wg_tensor *pair[] = {fx.x, wg_add(fx.x, fx.y)};
        assert_fails(wg_stopping_keep(stop, ((wg_tensor_list){2, pair, NULL})), WG_E_ARGUMENT,
                     "stopping_keep: tensor 1 (unnamed) belongs to a tape and ends with it");
    }
    assert_untouched(stop);
    assert_int_equal(wg_stopping_keep(stop, ((wg_tensor_list){1, &fx.x, NULL})), WG_OK);
    assert_fails(wg_stopping_keep(stop, ((wg_tensor_list){1, &fx.x, NULL})), WG_E_ARGUMENT,
                 "stopping_keep: tensor 0 (unnamed) is kept already");
    assert_fails(wg_stopping_restore(stop), WG_E_STATE, "stopping_restore: there is no best value: 0 were told");
    assert_int_equal(wg_stopping_tell(stop, (double)NAN), WG_OK);
    assert_fails(wg_stopping_restore(stop), WG_E_STATE,
                 "stopping_restore: there is no best value: 1 were told, none of them finite");
    assert_fails(wg_stopping_keep(stop, ((wg_tensor_list){1, &fx.y, NULL})), WG_E_STATE,
                 "stopping_keep: expected before the first value is told: 1 were");
    wg_stopping_destroy(stop);
}

static void misuse_freed(void)
{
    wg_tensor *t[] = {wg_own(wg_zeros(WG_F32, WG_SHAPE(2))), wg_own(wg_zeros(WG_F32, WG_SHAPE(2)))};
    wg_stopping *stop = wg_stopping_create();
    assert_int_equal(wg_stopping_keep(stop, ((wg_tensor_list){2, t, NULL})), WG_OK);
    assert_int_equal(wg_stopping_tell(stop, 2), WG_OK);
    assert_int_equal(wg_write(t[0], (float[]){1, 1}), WG_OK);
    wg_free(t[1]);
    assert_fails(wg_stopping_tell(stop, 1), WG_E_DANGLING, "stopping_tell: the tensor of \"best.1\" was freed");
    assert_int_equal(wg_stopping_tell(stop, 3), WG_OK); /* none is copied */
    assert_fails(wg_stopping_restore(stop), WG_E_DANGLING, "stopping_restore: the tensor of \"best.1\" was freed");
    assert_true(((const float *)wg_data(t[0]))[0] == 1);
    assert_true(wg_stopping_inspect(stop).best == 2);
    wg_stopping_destroy(stop);
    wg_free(t[0]);
}

static const struct misuse table[] = {
    {"wg_stopping_create_with", misuse_options}, {"wg_stopping_done", misuse_null},
    {"wg_stopping_destroy", misuse_null},        {"wg_stopping_tell", misuse_freed},
    {"wg_stopping_tell_norm", misuse_telling},   {"wg_stopping_tell_gradients", misuse_telling},
    {"wg_stopping_count", misuse_telling},       {"wg_stopping_keep", misuse_keeping},
    {"wg_stopping_restore", misuse_freed},       {"wg_stopping_inspect", misuse_null},
    {"wg_stopping_text", misuse_null},           {"wg_stopping_reason_name", misuse_null},
    {"wg_stopping_state", misuse_null},
};

MISUSE_MAIN(table)
