/* The best weights, which are kept and restored, the state of a stopping object, and its memory. */
#include <math.h>
#include <stdlib.h>

#include "failing_malloc.h"
#include "nn_check.h"

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_realloc(void *old, size_t size)
{
    return fail_at >= 0 && fail_at-- == 0 ? NULL : __real_realloc(old, size);
}

/* ---- tensors of every dtype ---- */

struct tensors {
    wg_tensor *t[5];
    wg_tensor_list list;
};

static const char *const names[] = {"w", "w", "count", "mask", NULL};

static struct tensors tensors(void)
{
    const double d[] = {1, 2};
    const float f[] = {3, 4, 5};
    const int64_t i[] = {6};
    const unsigned char u[] = {7, 8};
    return (struct tensors){.t = {wg_set_requires_grad(wg_from(d, WG_SHAPE(2)), true), wg_from(f, WG_SHAPE(3)),
                                  wg_from(i, WG_SCALAR), wg_from(u, WG_SHAPE(2)), wg_zeros(WG_F32, WG_SHAPE(0, 3))}};
}

static wg_tensor_list list_of(const struct tensors *tensors)
{
    return (wg_tensor_list){5, tensors->t, names};
}

static void change(const struct tensors *tensors, int by)
{
    assert_int_equal(wg_write(tensors->t[0], (double[]){by, by}), WG_OK);
    assert_int_equal(wg_write(tensors->t[1], (float[]){(float)by, 0, 1}), WG_OK);
    assert_int_equal(wg_write(tensors->t[2], (int64_t[]){by}), WG_OK);
    assert_int_equal(wg_write(tensors->t[3], (unsigned char[]){(unsigned char)by, 1}), WG_OK);
}

static void assert_changed_by(const struct tensors *tensors, int by)
{
    struct tensors wanted = {.t = {wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(2)), true), wg_zeros(WG_F32, WG_SHAPE(3)),
                                   wg_zeros(WG_I64, WG_SCALAR), wg_zeros(WG_U8, WG_SHAPE(2)), wg_zeros(WG_F32, WG_SHAPE(0, 3))}};
    change(&wanted, by);
    for (int i = 0; i < 4; i++)
        assert_same_bits(tensors->t[i], wanted.t[i]);
    for (int i = 0; i < 5; i++)
        wg_free(wanted.t[i]);
}

static void free_tensors(const struct tensors *tensors)
{
    for (int i = 0; i < 5; i++)
        wg_free(tensors->t[i]);
}

static void the_best_values_are_restored(void **state)
{
    (void)state;
    const double told[] = {5, 3, 4, NAN, 3, 2.5, 9};
    const struct tensors kept = tensors();
    wg_stopping *stop = wg_stopping_create(.stop_if_not_finite = false, .min_delta = 1);
    assert_int_equal(wg_stopping_keep(stop, list_of(&kept)), WG_OK);
    for (int i = 0; i < 7; i++) {
        change(&kept, 10 + i);
        assert_int_equal(wg_stopping_tell(stop, told[i]), WG_OK);
        assert_changed_by(&kept, 10 + i); /* telling changes them not */
    }
    assert_int_equal(wg_stopping_restore(stop), WG_OK);
    assert_changed_by(&kept, 11); /* of 3: 2.5 is no improvement by more than 1 */
    assert_true(wg_requires_grad(kept.t[0]));
    change(&kept, 1);
    assert_int_equal(wg_stopping_restore(stop), WG_OK); /* as often as one likes */
    assert_changed_by(&kept, 11);
    change(&kept, 2);
    assert_int_equal(wg_stopping_tell(stop, 0), WG_OK);
    change(&kept, 3);
    assert_int_equal(wg_stopping_restore(stop), WG_OK);
    assert_changed_by(&kept, 2);
    wg_stopping_destroy(stop);
    free_tensors(&kept);
    assert_no_error();
}

/* A network with batch norm on noisy labels: its loss on other data falls, then rises. What is restored gives the lowest one that
   was told, to the bit, and the last weights do not: the control. */
static void a_network_is_restored_with_its_statistics(void **state)
{
    (void)state;
    assert_int_equal(wg_seed(1, 0), WG_OK);
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(4, 32), wg_nn_batch_norm(32), wg_nn_tanh(), wg_nn_linear(32, 1));
    assert_non_null(net);
    wg_tensor *generator = wg_generator_split(wg_generator_default(), 7);
    wg_tensor *x = wg_normal(generator, WG_F32, WG_SHAPE(24, 4), 0, 1), *y = wg_normal(generator, WG_F32, WG_SHAPE(24, 1), 0, 1);
    wg_tensor *x_other = wg_normal(generator, WG_F32, WG_SHAPE(64, 4), 0, 1),
              *y_other = wg_normal(generator, WG_F32, WG_SHAPE(64, 1), 0, 1);
    wg_optim *optim = wg_optim_adam(wg_nn_parameters(net), .lr = 0.01);
    wg_stopping *stop = wg_stopping_create(.patience = 20, .max_steps = 400);
    assert_int_equal(wg_stopping_keep(stop, wg_nn_state(net)), WG_OK);
    double last = 0;
    while (!wg_stopping_done(stop)) {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_mse(wg_nn_apply(net, x), y)), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        WG_EVAL_MODE;
        last = wg_item(wg_mse(wg_nn_apply(net, x_other), y_other));
        assert_int_equal(wg_stopping_tell(stop, last), WG_OK);
    }
    const wg_stopping_info info = wg_stopping_inspect(stop);
    assert_int_equal(info.reason, WG_STOPPING_REASON_PATIENCE);
    assert_true(last > info.best);
    assert_int_equal(info.best_step + 20, info.steps);
    assert_int_equal(wg_stopping_restore(stop), WG_OK);
    {
        WG_TAPE(tape);
        WG_EVAL_MODE;
        assert_close(wg_item(wg_mse(wg_nn_apply(net, x_other), y_other)), info.best, 0);
    }
    wg_stopping_destroy(stop), wg_optim_destroy(optim), wg_nn_destroy(net);
    wg_free(generator), wg_free(x), wg_free(y), wg_free(x_other), wg_free(y_other);
    assert_no_error();
}

/* ---- state ---- */

static const double values[] = {9, 7, 8, 6, 6, 6.5, 5, 5, 5, 5, 5, 4};
enum { VALUES = sizeof values / sizeof *values };

static wg_stopping *begin(const struct tensors *kept, int max_steps)
{
    wg_stopping *stop = wg_stopping_create(.patience = 4, .max_steps = max_steps);
    assert_int_equal(wg_stopping_keep(stop, list_of(kept)), WG_OK);
    return stop;
}

static void go(wg_stopping *stop, const struct tensors *kept, int from, int to)
{
    for (int i = from; i < to && !wg_stopping_done(stop); i++) {
        change(kept, i);
        assert_int_equal(wg_stopping_count(stop, 2), WG_OK);
        assert_int_equal(wg_stopping_tell_norm(stop, 1.0 / (1 + i)), WG_OK);
        assert_int_equal(wg_stopping_tell(stop, values[i]), WG_OK);
    }
}

static bool is_time(const char *name)
{
    return strcmp(name, "seconds") == 0;
}

static void a_run_is_resumed_by_its_state(void **state)
{
    (void)state;
    for (int cut = 0; cut <= VALUES; cut++) {
        const struct tensors a = tensors(), b = tensors(), c = tensors();
        wg_stopping *whole = begin(&a, -1), *half = begin(&b, -1), *rest = begin(&c, -1);
        go(whole, &a, 0, VALUES), go(half, &b, 0, cut);
        const wg_tensor_list from = wg_stopping_state(half), to = wg_stopping_state(rest), wanted = wg_stopping_state(whole);
        assert_int_equal(from.n, 9 + 5);
        for (size_t i = 0; i < from.n; i++) {
            assert_string_equal(from.name[i], to.name[i]);
            assert_int_equal(wg_write_raw(to.tensor[i], wg_data(from.tensor[i])), WG_OK);
        }
        go(rest, &c, cut, VALUES);
        for (size_t i = 0; i < to.n; i++)
            if (!is_time(to.name[i]))
                assert_same_bits(to.tensor[i], wanted.tensor[i]);
        assert_int_equal(wg_stopping_done(rest), WG_STOPPING_REASON_PATIENCE); /* before the 4, the last value */
        assert_close(wg_stopping_inspect(rest).best, 5, 0);
        assert_int_equal(wg_stopping_restore(rest), WG_OK);
        assert_changed_by(&c, 6);
        wg_stopping_destroy(whole), wg_stopping_destroy(half), wg_stopping_destroy(rest);
        free_tensors(&a), free_tensors(&b), free_tensors(&c);
    }
    assert_no_error();
}

/* The reason is no state: with a larger budget a run that was ended goes on. Seconds that were counted before count on. */
static void a_larger_budget_goes_on(void **state)
{
    (void)state;
    const struct tensors kept = tensors();
    wg_stopping *first = begin(&kept, 3), *second = begin(&kept, 5), *timed = wg_stopping_create(.max_seconds = 100);
    go(first, &kept, 0, VALUES);
    const wg_tensor_list from = wg_stopping_state(first), to = wg_stopping_state(second);
    for (size_t i = 0; i < from.n; i++)
        assert_int_equal(wg_write_raw(to.tensor[i], wg_data(from.tensor[i])), WG_OK);
    assert_int_equal(wg_stopping_inspect(first).reason, WG_STOPPING_REASON_STEPS);
    assert_int_equal(wg_stopping_inspect(second).reason, WG_STOPPING_REASON_NONE);
    go(second, &kept, 3, VALUES);
    assert_int_equal(wg_stopping_inspect(second).steps, 5);
    assert_int_equal(wg_stopping_done(timed), WG_STOPPING_REASON_NONE);
    assert_int_equal(wg_write(wg_stopping_state(timed).tensor[2], (double[]){100}), WG_OK);
    assert_int_equal(wg_stopping_done(timed), WG_STOPPING_REASON_SECONDS);
    wg_stopping_destroy(first), wg_stopping_destroy(second), wg_stopping_destroy(timed);
    free_tensors(&kept);
    assert_no_error();
}

static void names_are_told_apart(void **state)
{
    (void)state;
    static const char *const wanted[] = {"steps",     "evaluations", "seconds",    "gradient_norm", "told",     "best",
                                         "best_step", "bad",         "not_finite", "best.w",        "best.w#2", "best.count",
                                         "best.mask", "best.4",      "best.w#3",   "best.6"};
    const struct tensors kept = tensors();
    wg_tensor *more[2] = {wg_zeros(WG_F32, WG_SHAPE(1)), wg_zeros(WG_F32, WG_SHAPE(1))};
    assert_int_equal(wg_set_name(more[0], "w"), WG_OK);
    wg_stopping *stop = wg_stopping_create();
    assert_int_equal(wg_stopping_state(stop).n, 9);
    assert_int_equal(wg_stopping_keep(stop, list_of(&kept)), WG_OK);
    assert_int_equal(wg_stopping_keep(stop, ((wg_tensor_list){2, more, NULL})), WG_OK);
    const wg_tensor_list list = wg_stopping_state(stop);
    assert_int_equal(list.n, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < list.n; i++) {
        assert_string_equal(list.name[i], wanted[i]);
        assert_string_equal(wg_name_of(list.tensor[i]), wanted[i]);
    }
    wg_stopping_destroy(stop);
    free_tensors(&kept);
    wg_free(more[0]), wg_free(more[1]);
    assert_no_error();
}

/* ---- memory ---- */

static wg_status keep_where_memory_fails(wg_stopping *stop, wg_tensor_list list, int at, bool outside)
{
    fail_at = outside ? at : -1;
    wg_memory_fail(outside ? -1 : at, false);
    const wg_status status = wg_stopping_keep(stop, list);
    fail_at = -1;
    wg_memory_fail(-1, false);
    return status;
}

static void whatever_allocation_fails_nothing_has_changed(void **state)
{
    (void)state;
    wg_stopping *stop = NULL;
    int failures = -1;
    while (!stop) {
        fail_at = ++failures;
        stop = wg_stopping_create();
        fail_at = -1;
        if (!stop)
            assert_error(WG_E_MEMORY, "");
    }
    assert_true(failures >= 1);
    const struct tensors kept = tensors();
    for (int outside = 0; outside < 2; outside++) {
        int at = 0;
        while (keep_where_memory_fails(stop, list_of(&kept), at, outside) != WG_OK) {
            assert_error(WG_E_MEMORY, "");
            assert_int_equal(wg_stopping_state(stop).n, 9);
            at++;
        }
        assert_true(at >= 3);
        wg_stopping_destroy(stop);
        stop = wg_stopping_create();
    }
    assert_int_equal(wg_stopping_keep(stop, list_of(&kept)), WG_OK);
    fail_at = 0;
    wg_memory_fail(0, true);
    change(&kept, 3);
    assert_int_equal(wg_stopping_done(stop), WG_STOPPING_REASON_NONE); /* takes no memory, so that it cannot end half done */
    assert_int_equal(wg_stopping_tell(stop, 1), WG_OK);
    change(&kept, 4);
    assert_int_equal(wg_stopping_restore(stop), WG_OK);
    wg_memory_fail(-1, false);
    fail_at = -1;
    assert_changed_by(&kept, 3);
    wg_stopping_destroy(stop);
    free_tensors(&kept);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_best_values_are_restored),  TEST(a_network_is_restored_with_its_statistics),
        TEST(a_run_is_resumed_by_its_state), TEST(a_larger_budget_goes_on),
        TEST(names_are_told_apart),          TEST(whatever_allocation_fails_nothing_has_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
