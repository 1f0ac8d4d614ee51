/* A run that is stopped after any step and resumed in a new one has, at its end, the bits of the run that was not stopped: networks with
   dropout, batch norm and recurrence, SGD with momentum and Adam, 50 stops each, most of them in mid-epoch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nn_check.h"

enum { ROWS = 22, SIZE = 4, STEPS = 17, STOPS = 50, FEATURES = 16, CLASSES = 3 }; /* an epoch has 6 steps, the last of 2 rows */

static char path[] = "/tmp/wengert-resume-XXXXXX";

/* ---- the networks; x is (rows, 16) ---- */

static wg_nn_module *mlp(void)
{
    return wg_nn_sequential(wg_nn_linear(FEATURES, 12), wg_nn_relu(), wg_nn_dropout(.p = 0.3), wg_nn_linear(12, CLASSES));
}

static wg_nn_module *cnn(void)
{
    return wg_nn_sequential(wg_nn_unflatten(1, .size = WG_SHAPE(1, 4, 4)), wg_nn_conv2d(1, 3, 3, .padding = WG_PAIR(1, 1)),
                            wg_nn_batch_norm(3), wg_nn_relu(), wg_nn_flatten(), wg_nn_linear(48, CLASSES));
}

static wg_nn_module *lstm(void)
{
    return wg_nn_sequential(wg_nn_unflatten(1, .size = WG_SHAPE(4, 4)),
                            wg_nn_lstm(4, 5, .batch_first = true, .layers = 2, .dropout = 0.2), wg_nn_flatten(),
                            wg_nn_linear(20, CLASSES));
}

/* ---- a run ---- */

struct world {
    wg_nn_module *net;
    wg_optim *opt;
    wg_batches *batches;
    wg_lr *schedule;
    wg_run *run;
    int64_t step;
};

static wg_tensor *x, *y;

/* seed: of all that is drawn; that of the data's order, too, which the checkpoint brings. */
static void begin(struct world *w, wg_nn_module *(*make)(void), bool adam, uint64_t seed)
{
    assert_int_equal(wg_seed(seed, 0), WG_OK);
    *w = (struct world){.net = make(), .schedule = wg_lr_cosine(.steps = STEPS)};
    const wg_tensor_list params = wg_nn_parameters(w->net);
    w->opt = adam ? wg_optim_adam(params, .lr = 0.01) : wg_optim_sgd(params, .lr = 0.05, .momentum = 0.9);
    w->batches = wg_batches_create(x, y, .size = SIZE, .seed = seed);
    w->run = wg_run_create();
    assert_int_equal(wg_run_add(w->run, "model", wg_nn_state(w->net)), WG_OK);
    assert_int_equal(wg_run_add(w->run, "optim", wg_optim_state(w->opt)), WG_OK);
    assert_int_equal(wg_run_add_batches(w->run, "data", w->batches), WG_OK);
    assert_int_equal(wg_run_add_count(w->run, "step", &w->step), WG_OK);
}

static void end(struct world *w)
{
    wg_run_destroy(w->run), wg_lr_destroy(w->schedule), wg_batches_destroy(w->batches), wg_optim_destroy(w->opt);
    wg_nn_destroy(w->net);
}

static void train(struct world *w, int64_t until)
{
    while (w->step < until) {
        wg_tensor *features, *labels;
        WG_TAPE(tape);
        assert_int_equal(wg_batches_next(w->batches, &features, &labels), WG_OK);
        if (!features)
            continue;
        assert_int_equal(wg_lr_set(w->schedule, w->opt, w->step), WG_OK);
        assert_int_equal(wg_backward(wg_cross_entropy(wg_nn_apply(w->net, features), labels)), WG_OK);
        assert_int_equal(wg_optim_step(w->opt), WG_OK);
        w->step++;
    }
}

/* The weights and buffers, for free. */
static char *weights(const struct world *w, size_t *size)
{
    const wg_tensor_list state = wg_nn_state(w->net);
    char *bytes = malloc(1 << 16);
    *size = 0;
    for (size_t i = 0; i < state.n; i++) {
        const size_t n = (size_t)wg_numel(state.tensor[i]) * wg_dtype_size(wg_dtype_of(state.tensor[i]));
        assert_true(bytes && *size + n <= 1 << 16);
        memcpy(bytes + *size, wg_data(state.tensor[i]), n);
        *size += n;
    }
    return bytes;
}

static bool same_weights(const struct world *w, const char *expected, size_t n)
{
    size_t size;
    char *got = weights(w, &size);
    const bool same = size == n && memcmp(got, expected, n) == 0;
    free(got);
    return same;
}

/* ---- the stops ---- */

/* Each part of a run in turn is left out of the checkpoint: what is resumed must differ then, or the test sees nothing. */
static void leave_out(wg_nn_module *(*make)(void), bool adam, const char *expected, size_t n)
{
    for (int part = 0; part < 4; part++) {
        struct world a, b;
        begin(&a, make, adam, 1), begin(&b, make, adam, 2);
        wg_run *saved = wg_run_create(.generator = part != 0), *loaded = wg_run_create(.generator = part != 0);
        struct world *const worlds[] = {&a, &b};
        wg_run *const runs[] = {saved, loaded};
        for (int k = 0; k < 2; k++) {
            assert_int_equal(wg_run_add_count(runs[k], "step", &worlds[k]->step), WG_OK);
            if (part != 1)
                assert_int_equal(wg_run_add(runs[k], "model", wg_nn_state(worlds[k]->net)), WG_OK);
            if (part != 2)
                assert_int_equal(wg_run_add(runs[k], "optim", wg_optim_state(worlds[k]->opt)), WG_OK);
            if (part != 3)
                assert_int_equal(wg_run_add_batches(runs[k], "data", worlds[k]->batches), WG_OK);
        }
        assert_int_equal(wg_seed(1, 0), WG_OK);
        train(&a, 8);
        assert_int_equal(wg_run_save(saved, path), WG_OK);
        assert_int_equal(wg_seed(7, 0), WG_OK);
        assert_int_equal(wg_run_load(loaded, path), WG_OK);
        train(&b, STEPS);
        if (part != 0 || make == mlp) /* the others draw nothing here, or little */
            assert_false(same_weights(&b, expected, n));
        wg_run_destroy(saved), wg_run_destroy(loaded);
        end(&a), end(&b);
    }
}

static void stop_and_resume(wg_nn_module *(*make)(void), bool adam)
{
    struct world whole;
    size_t n;
    begin(&whole, make, adam, 1);
    train(&whole, STEPS);
    char *expected = weights(&whole, &n);
    end(&whole);
    for (int64_t stop = 0; stop < STOPS; stop++) {
        struct world a, b;
        begin(&a, make, adam, 1);
        train(&a, stop * 7 % STEPS);
        assert_int_equal(wg_run_save(a.run, path), WG_OK);
        train(&a, a.step + stop % 3); /* what happens behind the save leaves no trace in it */
        end(&a);
        begin(&b, make, adam, 100 + (uint64_t)stop);
        train(&b, stop % 5);
        assert_int_equal(wg_run_load(b.run, path), WG_OK);
        assert_int_equal(b.step, stop * 7 % STEPS);
        train(&b, STEPS);
        assert_true(same_weights(&b, expected, n));
        end(&b);
    }
    leave_out(make, adam, expected, n);
    free(expected);
    assert_no_error();
}

#define RESUMES(name, make, adam)        \
    static void name(void **state)       \
    {                                    \
        (void)state;                     \
        stop_and_resume((make), (adam)); \
    }
RESUMES(mlp_with_dropout_and_momentum, mlp, false)
RESUMES(mlp_with_dropout_and_adam, mlp, true)
RESUMES(cnn_with_batch_norm_and_momentum, cnn, false)
RESUMES(cnn_with_batch_norm_and_adam, cnn, true)
RESUMES(lstm_and_momentum, lstm, false)
RESUMES(lstm_and_adam, lstm, true)

static int make_data(void **state)
{
    (void)state;
    x = wg_zeros(WG_F32, WG_SHAPE(ROWS, FEATURES)), y = wg_zeros(WG_I64, WG_SHAPE(ROWS));
    for (int i = 0; i < ROWS * FEATURES; i++)
        ((float *)wg_data_mut(x))[i] = (float)(i * 37 % 101) / 50 - 1;
    for (int i = 0; i < ROWS; i++)
        ((int64_t *)wg_data_mut(y))[i] = i * 5 % CLASSES;
    const int descriptor = mkstemp(path);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int end_data(void **state)
{
    (void)state;
    char previous[sizeof path + 5];
    snprintf(previous, sizeof previous, "%s.prev", path);
    wg_free(x), wg_free(y);
    return unlink(path) != 0 || unlink(previous) != 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mlp_with_dropout_and_momentum), TEST(mlp_with_dropout_and_adam), TEST(cnn_with_batch_norm_and_momentum),
        TEST(cnn_with_batch_norm_and_adam),  TEST(lstm_and_momentum),         TEST(lstm_and_adam),
    };
    return cmocka_run_group_tests(tests, make_data, end_data);
}
