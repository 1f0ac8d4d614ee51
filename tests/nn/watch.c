/* Watching a network while it is applied. */
#include <stdio.h>

#include "nn_check.h"

/* What a watcher writes down: the kinds, in order, and the sum of the results' elements. */
struct seen {
    char text[300];
    double sum;
    int fails_at, calls;
    wg_tensor *weight;
};

static wg_status look(const wg_nn_call *call, void *context)
{
    struct seen *seen = context;
    if (seen->calls++ == seen->fails_at)
        return wg_error_set(WG_E_NUMERIC, "look", "look: enough");
    const size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%s(%d->%d) ", wg_nn_kind_name(call->module), wg_rank(call->in[0]),
             wg_rank(call->out[0]));
    seen->sum += wg_item(wg_sum(call->out[0]));
    if (strcmp(wg_nn_kind_name(call->module), "linear") == 0)
        seen->weight = call->param[0];
    return WG_OK;
}

static wg_nn_module *make_net(void)
{
    return wg_nn_sequential(wg_nn_conv2d(1, 2, 2), wg_nn_relu(), wg_nn_residual(wg_nn_tanh()), wg_nn_flatten(), wg_nn_linear(8, 3));
}

static void each_module_is_shown(void **state)
{
    (void)state;
    wg_nn_module *net = make_net();
    wg_tensor *x = wg_uniform(wg_generator_default(), WG_F32, WG_SHAPE(2, 1, 3, 3), -1, 1), *y = NULL;
    struct seen seen = {.fails_at = -1};
    {
        WG_TAPE(tape);
        assert_int_equal(wg_nn_apply_watched(net, look, &seen, &x, 1, &y, 1), WG_OK);
        assert_same_bits(y, wg_nn_apply(net, x));
    }
    assert_string_equal(seen.text,
                        "conv2d(4->4) relu(4->4) tanh(4->4) residual(4->4) flatten(4->2) linear(2->2) sequential(4->2) ");
    assert_ptr_equal(seen.weight, wg_nn_parameter(net, "4.weight"));
    /* With no tape open the result is the caller's. */
    seen = (struct seen){.fails_at = -1};
    assert_int_equal(wg_nn_apply_watched(net, look, &seen, &x, 1, &y, 1), WG_OK);
    wg_tensor *same = wg_nn_apply(net, x);
    assert_same_bits(y, same);
    wg_free(same), wg_free(y), wg_free(x), wg_nn_destroy(net);
    assert_no_error();
}

/* What the watcher returns ends the application, wherever it is. */
static void a_watcher_may_refuse(void **state)
{
    (void)state;
    wg_nn_module *net = make_net();
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(2, 1, 3, 3));
    for (int at = 0; at < 7; at++) {
        struct seen seen = {.fails_at = at};
        wg_tensor *y = x;
        WG_TAPE(tape);
        assert_int_equal(wg_nn_apply_watched(net, look, &seen, &x, 1, &y, 1), WG_E_NUMERIC);
        assert_null(y);
        assert_int_equal(seen.calls, at + 1);
        assert_error(WG_E_NUMERIC, "look: enough");
    }
    wg_free(x), wg_nn_destroy(net);
}

static wg_status leave_open(const wg_nn_call *call, void *context)
{
    (void)call, (void)context;
    return wg_error_if_null(wg_tape_open());
}

static void a_watcher_leaves_no_tape_open(void **state)
{
    (void)state;
    wg_nn_module *net = make_net();
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(2, 1, 3, 3)), *y = NULL;
    assert_int_equal(wg_nn_apply_watched(net, leave_open, NULL, &x, 1, &y, 1), WG_E_STATE);
    assert_error(WG_E_STATE, "nn_apply_watched: the watcher of conv2d left a tape open");
    assert_null(wg_tape_top());
    wg_free(x), wg_nn_destroy(net);
}

static void misuse_is_refused(void **state)
{
    (void)state;
    wg_nn_module *net = make_net();
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(2, 1, 3, 3)), *y = NULL;
    struct seen seen = {.fails_at = -1};
    assert_int_equal(wg_nn_apply_watched(net, NULL, &seen, &x, 1, &y, 1), WG_E_NULL);
    assert_error(WG_E_NULL, "nn_apply_watched: the watcher is NULL");
    assert_int_equal(wg_nn_apply_watched(NULL, look, &seen, &x, 1, &y, 1), WG_E_NULL);
    assert_error(WG_E_NULL, "nn_apply_watched: the module is NULL");
    assert_int_equal(wg_nn_apply_watched(net, look, &seen, NULL, 1, &y, 1), WG_E_NULL);
    assert_error(WG_E_NULL, "nn_apply_watched: x is NULL");
    assert_int_equal(wg_nn_apply_watched(net, look, &seen, &x, 1, NULL, 1), WG_E_NULL);
    assert_error(WG_E_NULL, "nn_apply_watched: the place for results is NULL");
    assert_int_equal(seen.calls, 0);
    wg_free(x), wg_nn_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(each_module_is_shown), TEST(a_watcher_may_refuse), TEST(a_watcher_leaves_no_tape_open),
                                       TEST(misuse_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
