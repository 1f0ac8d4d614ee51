/* Runs of training with K-FAC: resumed, replayed, left, failed. */
#include "kfac.h"

#include "failing_malloc.h"

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

void *__wrap_realloc(void *old, size_t size)
{
    return fail_at >= 0 && fail_at-- == 0 ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fail_at >= 0 && fail_at-- == 0 ? NULL : __real_strdup(text);
}

struct run {
    wg_nn_module *net;
    wg_kfac *kfac;
    wg_optim *optim;
    wg_tensor *x, *t;
};

static struct run begin(void)
{
    struct run run = {.net = conv_net(), .x = wg_zeros(WG_F64, WG_SHAPE(4, 2, 5, 4)), .t = wg_zeros(WG_F64, WG_SHAPE(4, 2))};
    run.optim = wg_optim_sgd(wg_nn_parameters(run.net), .lr = 0.2, .momentum = 0.5);
    run.kfac = wg_kfac_create(run.net, .damping = 0.02, .decay = 0.6, .frequency = 3, .kl_limit = 0.01, .optim = run.optim);
    return run;
}

static void end(struct run *run)
{
    wg_kfac_destroy(run->kfac), wg_optim_destroy(run->optim), wg_nn_destroy(run->net);
    wg_free(run->x), wg_free(run->t);
}

static void load(const struct run *run, int step)
{
    fill(run->x, 0.9 * step, 1), fill(run->t, 0.4 * step, 0.8);
}

static wg_status take(void *context)
{
    struct run *run = context;
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_mse(wg_kfac_apply(run->kfac, run->x), run->t)));
    WG_TRY(wg_kfac_precondition(run->kfac));
    return wg_optim_step(run->optim);
}

static void take_steps(struct run *run, int from, int to)
{
    for (int step = from; step <= to; step++) {
        load(run, step);
        assert_int_equal(take(run), WG_OK);
    }
}

static void assert_same_lists(wg_tensor_list a, wg_tensor_list b)
{
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
}

static void assert_same_runs(const struct run *a, const struct run *b)
{
    assert_same_lists(wg_nn_parameters(a->net), wg_nn_parameters(b->net));
    assert_same_lists(wg_kfac_state(a->kfac), wg_kfac_state(b->kfac));
    assert_same_lists(wg_optim_state(a->optim), wg_optim_state(b->optim));
}

static void copy_list(wg_tensor_list to, wg_tensor_list from)
{
    assert_int_equal(to.n, from.n);
    for (size_t i = 0; i < to.n; i++)
        assert_int_equal(wg_write_raw(to.tensor[i], wg_data(from.tensor[i])), WG_OK);
}

static void a_resumed_run_has_the_same_bits(void **state)
{
    (void)state;
    struct run whole = begin(), first = begin(), second = begin();
    take_steps(&whole, 1, 8);
    take_steps(&first, 1, 4);
    copy_list(wg_kfac_state(second.kfac), wg_kfac_state(first.kfac));
    copy_list(wg_optim_state(second.optim), wg_optim_state(first.optim));
    copy_list(wg_nn_parameters(second.net), wg_nn_parameters(first.net));
    take_steps(&second, 5, 8);
    assert_same_runs(&whole, &second);
    assert_string_equal(wg_kfac_state(whole.kfac).name[0], "damping");
    assert_string_equal(wg_kfac_state(whole.kfac).name[1], "0.weight.count");
    assert_string_equal(wg_kfac_state(whole.kfac).name[10], "3.weight.g_inverse");
    end(&whole), end(&first), end(&second);
    assert_no_error();
}

/* The replayed step follows the frequency, the rate and the damping as the step itself does. */
static void a_replayed_step_has_the_bits_of_the_step(void **state)
{
    (void)state;
    struct run eager = begin(), captured = begin();
    wg_replay *replay = NULL;
    for (int step = 1; step <= 9; step++) {
        load(&eager, step), load(&captured, step);
        if (step == 5) {
            assert_int_equal(wg_optim_set_lr(eager.optim, 0, 0.1), WG_OK);
            assert_int_equal(wg_optim_set_lr(captured.optim, 0, 0.1), WG_OK);
            assert_int_equal(wg_kfac_set_damping(eager.kfac, 0.1), WG_OK);
            assert_int_equal(wg_kfac_set_damping(captured.kfac, 0.1), WG_OK);
        }
        assert_int_equal(take(&eager), WG_OK);
        if (replay)
            assert_int_equal(wg_replay_run(replay), WG_OK);
        else
            assert_non_null(replay = wg_replay_capture(take, &captured));
        assert_same_runs(&eager, &captured);
    }
    take_steps(&eager, 10, 10), take_steps(&captured, 10, 10); /* beside the replay, which stays */
    assert_same_runs(&eager, &captured);
    wg_replay_destroy(replay);
    end(&eager), end(&captured);
    assert_no_error();
}

/* A captured step that only looks, as an evaluation would: what it saw is nobody's. */
static wg_status look(void *context)
{
    struct run *run = context;
    WG_TAPE(tape);
    return wg_error_if_null(wg_kfac_apply(run->kfac, run->x));
}

static void steps_that_are_left_count_for_nothing(void **state)
{
    (void)state;
    struct run plain = begin(), left = begin();
    take_steps(&plain, 1, 2), take_steps(&left, 1, 2);
    load(&left, 7);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_mse(wg_kfac_apply(left.kfac, left.x), left.t)), WG_OK);
        wg_optim_clear_gradients(left.optim);
    }
    wg_replay *replay = wg_replay_capture(look, &left);
    assert_non_null(replay);
    take_steps(&plain, 3, 4), take_steps(&left, 3, 4);
    assert_same_runs(&plain, &left);
    wg_replay_destroy(replay);
    take_steps(&plain, 5, 5), take_steps(&left, 5, 5);
    assert_same_runs(&plain, &left);
    end(&plain), end(&left);
    assert_no_error();
}

/* Steps without wg_kfac_apply leave the factors, and use the inverses that there are. */
static void factors_need_not_be_seen_in_each_step(void **state)
{
    (void)state;
    struct run run = begin();
    take_steps(&run, 1, 1);
    wg_tensor *inverse = wg_copy(wg_kfac_state(run.kfac).tensor[9]), *before[2], *v[2];
    for (int k = 0; k < 2; k++) {
        WG_TAPE(tape);
        load(&run, 2);
        assert_int_equal(wg_backward(wg_mse(k ? wg_nn_apply(run.net, run.x) : wg_kfac_apply(run.kfac, run.x), run.t)), WG_OK);
        wg_tensor *g = wg_gradient(wg_nn_parameter(run.net, "3.weight"));
        before[k] = wg_own(wg_copy(g));
        assert_int_equal(wg_kfac_precondition(run.kfac), WG_OK);
        v[k] = wg_own(wg_copy(g));
        wg_optim_clear_gradients(run.optim);
    }
    assert_same_bits(before[0], before[1]);
    assert_same_bits(v[0], v[1]); /* the second of three steps computes no inverses */
    assert_same_bits(inverse, wg_kfac_state(run.kfac).tensor[9]);
    assert_close(wg_item(wg_kfac_state(run.kfac).tensor[1]), 2, 0);
    for (int k = 0; k < 2; k++)
        wg_free(before[k]), wg_free(v[k]);
    wg_free(inverse);
    end(&run);
    assert_no_error();
}

/* Nothing is known of a batch without samples, whose gradients are 0. */
static void an_empty_batch_leaves_the_factors(void **state)
{
    (void)state;
    wg_nn_module *net = mlp(WG_F64);
    wg_kfac *kfac = wg_kfac_create(net);
    for (int k = 0; k < 3; k++) {
        const int samples = k == 1 ? 4 : 0;
        wg_tensor *x = waves(WG_SHAPE(samples, 3), 0.5, 1);
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_square(wg_kfac_apply(kfac, x)))), WG_OK);
        assert_int_equal(wg_kfac_precondition(kfac), k == 0 ? WG_E_STATE : WG_OK);
        if (k == 0)
            assert_error(WG_E_STATE, "kfac_precondition: the layer of 0.weight was never seen");
        assert_close(wg_item(wg_kfac_state(kfac).tensor[1]), k > 0, 0);
        assert_true((wg_item(wg_norm2(wg_gradient(wg_nn_parameter(net, "0.weight")))) > 0) == (samples > 0));
        for (size_t i = 0; i < 4; i++)
            wg_clear_gradient(wg_nn_parameters(net).tensor[i]);
        wg_free(x);
    }
    wg_kfac_destroy(kfac), wg_nn_destroy(net);
    assert_no_error();
}

/* Everything may be recorded for a picture. */
static void a_traced_step_has_the_bits_of_the_step(void **state)
{
    (void)state;
    struct run plain = begin(), traced = begin();
    for (int step = 1; step <= 3; step++) {
        load(&plain, step), load(&traced, step);
        assert_int_equal(take(&plain), WG_OK);
        WG_TAPE(tape, .trace = true);
        assert_int_equal(wg_backward(wg_mse(wg_kfac_apply(traced.kfac, traced.x), traced.t)), WG_OK);
        assert_int_equal(wg_kfac_precondition(traced.kfac), WG_OK);
        assert_int_equal(wg_optim_step(traced.optim), WG_OK);
        wg_graph *graph = wg_graph_of(tape);
        assert_non_null(graph);
        wg_graph_destroy(graph);
        assert_same_runs(&plain, &traced);
    }
    end(&plain), end(&traced);
    assert_no_error();
}

static void a_step_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct run plain = begin(), failed = begin();
    take_steps(&plain, 1, 2), take_steps(&failed, 1, 2);
    load(&failed, 3);
    wg_data_mut_as(failed.x, double)[5] = NAN;
    assert_int_equal(take(&failed), WG_E_NUMERIC);
    assert_error(WG_E_NUMERIC, "kfac_inverses: step 3: the factor of the layer's inputs is not finite");
    assert_same_runs(&plain, &failed);
    wg_optim_clear_gradients(failed.optim);
    take_steps(&plain, 3, 5), take_steps(&failed, 3, 5);
    assert_same_runs(&plain, &failed);
    end(&plain), end(&failed);
    assert_no_error();
}

/* Values between layers are dropped, and their gradients are found all the same; no leaf has one afterwards. */
static void observing_the_training_loss_changes_nothing(void **state)
{
    (void)state;
    struct run plain = begin(), observed = begin();
    take_steps(&plain, 1, 2);
    for (int step = 1; step <= 2; step++) {
        load(&observed, step);
        WG_TAPE(tape);
        wg_tensor *loss = wg_mse(wg_kfac_apply(observed.kfac, observed.x), observed.t);
        assert_int_equal(wg_kfac_observe(observed.kfac, wg_mul_scalar(loss, 3)), WG_OK); /* the last one counts */
        assert_int_equal(wg_kfac_observe(observed.kfac, loss), WG_OK);
        assert_null(wg_gradient(wg_nn_parameter(observed.net, "0.weight")));
        assert_int_equal(wg_backward(loss), WG_OK);
        assert_int_equal(wg_kfac_precondition(observed.kfac), WG_OK);
        assert_int_equal(wg_optim_step(observed.optim), WG_OK);
    }
    assert_same_runs(&plain, &observed);
    end(&plain), end(&observed);
    assert_no_error();
}

/* Hooks find that it is gone. */
static void a_kfac_may_end_before_its_tape(void **state)
{
    (void)state;
    wg_nn_module *net = mlp(WG_F64);
    wg_kfac *kfac = wg_kfac_create(net);
    wg_tensor *x = waves(WG_SHAPE(6, 3), 0.5, 1);
    {
        WG_TAPE(tape);
        wg_tensor *loss = wg_mean(wg_square(wg_kfac_apply(kfac, x)));
        wg_kfac_destroy(kfac);
        assert_int_equal(wg_backward(loss), WG_OK);
    }
    wg_nn_destroy(net), wg_free(x);
    assert_no_error();
}

/* ---- memory ---- */

/* Of the kfac's own, by malloc; what the pool gives is failed by tests/faults/kfac.c. */
static void whatever_allocation_fails_nothing_changes(void **state)
{
    (void)state;
    struct run plain = begin(), failed = begin();
    wg_kfac *kfac = NULL;
    int failures = -1;
    while (!kfac) {
        fail_at = ++failures;
        kfac = wg_kfac_create(plain.net);
        fail_at = -1;
        if (!kfac)
            assert_error(WG_E_MEMORY, "kfac_create: ");
    }
    assert_true(failures > 12);
    wg_kfac_destroy(kfac);
    take_steps(&plain, 1, 1), take_steps(&failed, 1, 1);
    load(&failed, 2);
    failures = -1;
    for (wg_status status = WG_E_MEMORY; status != WG_OK;) {
        fail_at = ++failures;
        status = take(&failed);
        fail_at = -1;
        if (status != WG_OK) {
            assert_error(WG_E_MEMORY, "");
            assert_same_runs(&plain, &failed);
            assert_null(wg_gradient(wg_nn_parameter(failed.net, "0.weight")));
        }
    }
    assert_true(failures >= 4); /* the step, two layers, the results */
    take_steps(&plain, 2, 3), take_steps(&failed, 3, 3);
    assert_same_runs(&plain, &failed);
    end(&plain), end(&failed);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_resumed_run_has_the_same_bits),       TEST(a_replayed_step_has_the_bits_of_the_step),
        TEST(steps_that_are_left_count_for_nothing), TEST(factors_need_not_be_seen_in_each_step),
        TEST(an_empty_batch_leaves_the_factors),     TEST(a_traced_step_has_the_bits_of_the_step),
        TEST(a_step_that_fails_changes_nothing),     TEST(observing_the_training_loss_changes_nothing),
        TEST(a_kfac_may_end_before_its_tape),        TEST(whatever_allocation_fails_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
