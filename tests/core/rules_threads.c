/* DESIGN section 3, rules 16 and 17: modules as pure functions of their parameters, and threads. */
#include <pthread.h>

#include "common.h"

#include "core/internal.h"

/* ---- 16. A module applied with other parameters is a pure function of them. ---- */

static void rule_16_applied_with_its_own_parameters_it_is_the_module(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 5, 2), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .seed = 4);
    assert_non_null(net);
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(4, 3), 1);
    const wg_tensor_list own = wg_nn_parameters(net);
    {
        WG_TAPE(tape);
        assert_same_bits(made(wg_nn_apply_with(net, own, x)), made(wg_nn_apply(net, x)));
    }
    wg_free(x);
    wg_nn_destroy(net);
}

static void rule_16_the_gradient_flows_through_computed_parameters(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 5, 2), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .batch_norm = true,
                                  .seed = 4);
    assert_non_null(net);
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(4, 3), 1), *s = scalar_leaf(0.5);
    const wg_tensor_list own = wg_nn_parameters(net), buffers = wg_nn_buffers(net);
    double at[3], gradient = 0;
    int64_t before = 0;
    for (size_t i = 0; i < buffers.n; i++)
        before += buffers.tensor[i]->storage->version;
    for (int k = 0; k < 3; k++) { /* every parameter times s + h */
        WG_TAPE(tape);
        const double h = (k - 1) * 1e-5;
        wg_tensor *params[32], *factor = made(wg_add_scalar(s, h));
        assert_true(own.n <= 32);
        for (size_t i = 0; i < own.n; i++)
            params[i] = made(wg_mul(wg_detach(own.tensor[i]), factor));
        wg_tensor *y = made(wg_sum(wg_square(made(wg_nn_apply_with(net, (wg_tensor_list){own.n, params, NULL}, x)))));
        at[k] = wg_item(y);
        if (k == 1)
            gradient = wg_item(made(wg_grad(y, s)));
    }
    assert_near(gradient, (at[2] - at[0]) / 2e-5, 1e-6 * fabs(gradient) + 1e-8);
    for (size_t i = 0; i < own.n; i++)
        assert_null(wg_gradient(own.tensor[i]));
    for (size_t i = 0; i < buffers.n; i++)
        before -= buffers.tensor[i]->storage->version;
    assert_int_equal(before, 0); /* pure: the running statistics are unchanged */
    wg_free(x);
    wg_free(s);
    wg_nn_destroy(net);
}

/* ---- 17. A tape belongs to the thread that opened it; modes and the default generator are per thread. ---- */

struct visit {
    wg_tape *tape;
    wg_tensor *of_tape, *shared;
    wg_status status[8];
    bool grad_mode, train_mode, no_tape;
    int64_t generator[4];
    int rank;
    double sum;
};

static wg_status donated(void)
{
    return wg_error_take(NULL);
}

static void *visitor(void *context)
{
    struct visit *visit = context;
    visit->no_tape = wg_tape_top() == NULL;
    visit->grad_mode = wg_grad_mode();
    visit->train_mode = wg_train_mode();
    visit->status[0] = wg_tape_close(visit->tape);
    wg_error_take(NULL);
    visit->status[1] = wg_add(visit->of_tape, visit->of_tape) ? WG_OK : donated();
    visit->status[2] = wg_backward(visit->of_tape);
    wg_error_take(NULL);
    visit->status[3] = wg_data(visit->of_tape) ? WG_OK : donated();
    visit->rank = wg_rank(visit->of_tape);
    visit->status[4] = donated();
    visit->status[5] = wg_tape_rerun(visit->tape);
    wg_error_take(NULL);
    visit->status[6] = wg_keep(visit->of_tape) ? WG_OK : donated();
    wg_drop(visit->of_tape);
    visit->status[7] = donated();
    wg_set_threads(1);
    {
        WG_TAPE(own);
        visit->sum = wg_item(wg_sum(visit->shared));
    }
    if (wg_read(wg_generator_default(), visit->generator) != WG_OK)
        visit->generator[0] = -1;
    return NULL;
}

static void rule_17_a_tape_belongs_to_its_thread(void **state)
{
    (void)state;
    wg_tensor *shared = leaf(WG_F64, WG_SHAPE(3), 1);
    WG_TAPE(tape);
    WG_NO_GRAD;
    WG_EVAL_MODE;
    assert_ok(wg_seed(5, 2));
    struct visit visit = {.tape = tape, .of_tape = made(wg_tanh(shared)), .shared = shared};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, visitor, &visit), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(visit.no_tape);
    for (int i = 0; i < 8; i++)
        assert_int_equal(visit.status[i], i == 5 ? WG_E_STATE : WG_E_THREAD);
    assert_int_equal(visit.rank, 0);
    assert_near(visit.sum, wg_item(made(wg_sum(shared))), 0);
    assert_ptr_equal(wg_tape_top(), tape);
    assert_non_null(wg_data(visit.of_tape));
    /* each thread has its own modes and generator */
    assert_true(visit.grad_mode);
    assert_true(visit.train_mode);
    assert_false(wg_grad_mode());
    assert_false(wg_train_mode());
    assert_int_equal(visit.generator[0], 0);
    assert_int_equal(element(wg_generator_default(), 0), 5);
    assert_ok(wg_seed(0, 0));
    wg_free(shared);
}

struct worker {
    uint64_t index;
    float drawn[4];
};

static void *draw(void *context)
{
    struct worker *worker = context;
    if (wg_seed(11, worker->index) != WG_OK)
        return NULL;
    wg_tensor *t = wg_uniform(wg_generator_default(), WG_F32, WG_SHAPE(4), 0, 1);
    if (t && wg_read(t, worker->drawn) == WG_OK)
        wg_free(t);
    return NULL;
}

static void rule_17_a_worker_starts_with_seed_and_index(void **state)
{
    (void)state;
    struct worker worker[3] = {{.index = 0}, {.index = 1}, {.index = 1}};
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, draw, &worker[i]), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_memory_equal(worker[1].drawn, worker[2].drawn, sizeof worker[1].drawn);
    assert_memory_not_equal(worker[0].drawn, worker[1].drawn, sizeof worker[1].drawn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_16_applied_with_its_own_parameters_it_is_the_module),
        TEST(rule_16_the_gradient_flows_through_computed_parameters),
        TEST(rule_17_a_tape_belongs_to_its_thread),
        TEST(rule_17_a_worker_starts_with_seed_and_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
