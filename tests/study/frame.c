/* Looking changes nothing, results belong where they should, and a loss that cannot be studied is refused in words. */
#include "failing_malloc.h"
#include "landscapes.h"

/* A network with running statistics and dropout. */
struct noisy {
    wg_nn_module *net;
    wg_tensor *x, *y;
};

static wg_tensor *noisy_of_output(wg_tensor *const *output, size_t n, void *context)
{
    (void)n;
    const struct noisy *noisy = context;
    return wg_mean(wg_square(wg_sub(wg_dropout(output[0], wg_generator_default(), 0.3), noisy->y)));
}

static wg_tensor *noisy_loss(wg_tensor *const *params, size_t n, void *context)
{
    (void)params, (void)n;
    const struct noisy *noisy = context;
    wg_train_mode_set(true);
    wg_tensor *output = wg_nn_apply(noisy->net, noisy->x);
    return noisy_of_output(&output, 1, context);
}

static struct noisy noisy_make(void)
{
    struct noisy noisy = {.net = wg_nn_mlp(WG_SIZES(3, 5, 2), .batch_norm = true, .seed = 4),
                          .x = numbers(WG_F32, WG_SHAPE(6, 3), 1),
                          .y = numbers(WG_F32, WG_SHAPE(6, 2), 2)};
    assert_non_null(noisy.net);
    return noisy;
}

static void noisy_free(struct noisy *noisy)
{
    wg_nn_destroy(noisy->net);
    wg_free(noisy->x), wg_free(noisy->y);
}

/* All bytes that a study must leave as they are: parameters, buffers, gradients, flags, the generator. */
static size_t snapshot(const struct noisy *noisy, char *bytes, size_t size)
{
    size_t used = 0;
    wg_tensor_list list[2] = {wg_nn_parameters(noisy->net), wg_nn_buffers(noisy->net)};
    for (int l = 0; l < 2; l++)
        for (size_t i = 0; i < list[l].n; i++) {
            wg_tensor *both[2] = {list[l].tensor[i], wg_gradient(list[l].tensor[i])};
            bytes[used++] = wg_requires_grad(both[0]);
            for (int k = 0; k < 2 && both[k]; k++) {
                assert_ok(wg_read_raw(both[k], bytes + used));
                used += (size_t)wg_numel(both[k]) * wg_dtype_size(wg_dtype_of(both[k]));
            }
        }
    assert_ok(wg_read_raw(wg_generator_default(), bytes + used));
    used += 4 * sizeof(int64_t);
    assert_true(used < size);
    return used;
}

/* Every instrument, one after another. */
static void look(const wg_study_loss *loss)
{
    wg_study_estimate trace;
    wg_study_point point;
    wg_free(made(wg_study_hessian(loss)));
    wg_free(made(wg_study_eigenvalues(loss)));
    wg_free(made(wg_study_extremes(loss)));
    wg_free(made(wg_study_density(loss, .probes = 2, .steps = 5, .points = 9)));
    assert_ok(wg_study_trace(loss, &trace, .probes = 3));
    assert_ok(wg_study_classify(loss, &point));
    wg_study_strict_result strict;
    wg_study_descent descent;
    wg_study_record record;
    double model;
    wg_tensor *d = made(wg_study_direction(loss));
    wg_study_track *track = wg_study_track_create(loss);
    assert_ok(wg_study_strict_saddle(loss, &strict, .epsilon = 1e9, .gamma = 1e9, .samples = 1, .delta = 1e9));
    assert_ok(wg_study_curvature(loss, &descent));
    assert_ok(wg_study_quadratic(loss, d, &model));
    assert_ok(wg_study_track_step(track, &record));
    wg_free(made(wg_study_line(loss, d, .points = 3)));
    wg_free(made(wg_study_plane(loss, d, d, .points = 2)));
    wg_free(made(wg_study_taylor(loss, d, 2)));
    wg_free(made(wg_study_gradient_norms(loss)));
    wg_free(made(wg_study_signals(((struct noisy *)loss->context)->net, ((struct noisy *)loss->context)->x, noisy_of_output,
                                  loss->context)));
    wg_study_track_destroy(track);
    wg_free(d);
}

static void everything_is_put_back(void **state)
{
    (void)state;
    static char before[4096], after[4096];
    struct noisy noisy = noisy_make();
    const wg_study_loss loss = {noisy_loss, &noisy, wg_nn_parameters(noisy.net)};
    assert_ok(wg_nn_freeze(noisy.net, "0.*"));
    {
        WG_TAPE(tape); /* gradients that wait for an optimizer */
        assert_ok(wg_backward(noisy_loss(NULL, 0, &noisy)));
    }
    wg_train_mode_set(false);
    wg_grad_mode_set(false);
    const size_t size = snapshot(&noisy, before, sizeof before);
    look(&loss);
    assert_int_equal(snapshot(&noisy, after, sizeof after), size);
    assert_memory_equal(before, after, size);
    assert_false(wg_train_mode() || wg_grad_mode());
    wg_grad_mode_set(true);
    {
        WG_TAPE(tape); /* the control: the loss alone does leave something */
        assert_non_null(noisy_loss(NULL, 0, &noisy));
    }
    assert_int_equal(snapshot(&noisy, after, sizeof after), size);
    assert_memory_not_equal(before, after, size);
    noisy_free(&noisy);
}

static wg_tensor *freezing_loss(wg_tensor *const *params, size_t n, void *context)
{
    (void)n;
    wg_tensor *loss = noisy_loss(params, n, context);
    return wg_set_requires_grad(params[0], !wg_requires_grad(params[0])) ? loss : NULL;
}

/* A loss that freezes a parameter or takes that back: it is refused or not, but the parameters stay what they were. */
static void a_loss_that_freezes_its_parameters(void **state)
{
    (void)state;
    struct noisy noisy = noisy_make();
    const wg_study_loss loss = {freezing_loss, &noisy, wg_nn_parameters(noisy.net)};
    for (int frozen = 0; frozen < 2; frozen++) {
        wg_study_descent descent;
        wg_error error;
        assert_non_null(wg_set_requires_grad(loss.params.tensor[0], !frozen));
        (void)!wg_study_curvature(&loss, &descent);
        (void)wg_error_take(&error);
        assert_int_equal(wg_requires_grad(loss.params.tensor[0]), !frozen);
    }
    noisy_free(&noisy);
}

/* Dropout is one fixed mask within a study, and the next one at the next step. */
static void a_study_sees_the_present_draws(void **state)
{
    (void)state;
    struct noisy noisy = noisy_make();
    const wg_study_loss loss = {noisy_loss, &noisy, wg_nn_parameters(noisy.net)};
    wg_study_point a, b, c;
    assert_ok(wg_study_classify(&loss, &a));
    assert_ok(wg_study_classify(&loss, &b));
    wg_free(made(wg_uniform(wg_generator_default(), WG_F32, WG_SHAPE(1), 0, 1)));
    assert_ok(wg_study_classify(&loss, &c));
    assert_true(a.loss == b.loss && a.loss != c.loss);
    noisy_free(&noisy);
}

/* Inside a step the result is the tape's, and the step goes on as if nobody had looked. */
static void inside_an_open_step(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(2, 3, 1), WG_F64, 5);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_tensor *w = wg_nn_parameters(fit.net).tensor[0], *plain, *watched;
    {
        WG_TAPE(tape);
        plain = wg_keep(made(wg_grad(squared_error(NULL, 0, &fit), w)));
    }
    {
        WG_TAPE(tape);
        wg_tensor *y = squared_error(NULL, 0, &fit), *values = made(wg_study_eigenvalues(&loss));
        assert_true(isfinite(element(values, 0)));
        assert_ok(wg_backward(y));
        assert_same_bits(wg_gradient(w), plain);
        watched = wg_keep(values);
    }
    assert_int_equal(wg_numel(watched), 13);
    wg_free(plain), wg_free(watched);
    fit_free(&fit);
}

/* A study that fails inside a step does not fail the step. */
static wg_tensor *not_finite(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_log(wg_neg(wg_sum(wg_square(x[0]))));
}

static wg_tensor *one_to_infinity(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_sqrt(wg_sub(x[0], x[0])));
}

static wg_tensor *updates(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_update_begin() == WG_OK ? wg_sum(x[0]) : NULL;
}

static wg_tensor *elsewhere(wg_tensor *const *x, size_t n, void *context)
{
    (void)x, (void)n;
    return wg_sum(wg_square(context));
}

static wg_tensor *vector_valued(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_square(x[0]);
}

static wg_tensor *in_words(wg_tensor *const *x, size_t n, void *context)
{
    (void)x, (void)n, (void)context;
    wg_error_set(WG_E_ARGUMENT, "data", "data: the file is empty");
    return NULL;
}

static void a_bad_loss_is_refused(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(3), 1), *labels = wg_zeros(WG_I64, WG_SHAPE(3)), *empty = wg_zeros(WG_F64, WG_SHAPE(0));
    wg_tensor *other = leaf(WG_F64, WG_SHAPE(3), 2);
    const wg_tensor_list one = {1, &x, NULL}, none = {0, NULL, NULL}, whole = {1, &labels, NULL}, void_list = {1, &empty, NULL};
    const wg_tensor_list twice = {2, (wg_tensor *[]){x, x}, NULL}, null = {1, (wg_tensor *[]){NULL}, NULL};
    const struct {
        wg_study_loss loss;
        wg_status code;
        const char *text;
    } bad[] = {
        {{NULL, NULL, one}, WG_E_NULL, "study_hessian: the loss has no function: set .f"},
        {{bowl, NULL, none}, WG_E_ARGUMENT, "study_hessian: the loss has no parameters: set .params"},
        {{bowl, NULL, null}, WG_E_NULL, "study_hessian: parameter 0 is NULL"},
        {{bowl, NULL, twice}, WG_E_ARGUMENT, "study_hessian: parameter 1 () is given twice"},
        {{bowl, NULL, whole}, WG_E_DTYPE, "study_hessian: expected parameters of f32 or f64, got i64"},
        {{bowl, NULL, void_list}, WG_E_SHAPE, "study_hessian: the parameters have no elements"},
        {{vector_valued, NULL, one}, WG_E_SHAPE, "study_hessian: expected a loss of one element, got [3]"},
        {{not_finite, NULL, one}, WG_E_NUMERIC, "study_hessian: expected a finite loss, got "},
        {{one_to_infinity, NULL, one}, WG_E_NUMERIC, "study_hessian: element 0 of the gradient is "},
        {{updates, NULL, one}, WG_E_STATE, "update_begin: a tape is open whose effects are undone"},
        {{elsewhere, other, one}, WG_E_NO_GRAD, "study_hessian: "},
        {{in_words, NULL, one}, WG_E_ARGUMENT, "data: the file is empty"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(wg_study_hessian(&bad[i].loss));
        expect_error(bad[i].code, bad[i].text);
        assert_null(wg_tape_top());
        assert_false(wg_requires_grad(x));
    }
    wg_free(x), wg_free(labels), wg_free(empty), wg_free(other);
}

static void a_failed_study_fails_no_step(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *count = wg_scalar(WG_F64, 0);
    const wg_study_loss loss = {not_finite, NULL, {1, &x, NULL}};
    {
        WG_TAPE(tape);
        assert_ok(wg_increment(count));
        assert_null(wg_study_hessian(&loss));
        expect_error(WG_E_NUMERIC, "study_hessian: expected a finite loss");
    }
    assert_true(wg_item(count) == 1); /* a failed step would have undone it */
    wg_free(x), wg_free(count);
}

/* A slice that cannot go on puts the parameters back, too, though they were moved when it failed. */
static wg_tensor *fails_beyond_one(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    *(int *)context += 1;
    return element(x[0], 0) <= 1 ? wg_sum(x[0]) : NULL;
}

static void a_failed_slice_puts_everything_back(void **state)
{
    (void)state;
    int runs = 0;
    wg_tensor *x = wg_full(WG_F32, WG_SHAPE(3), (double)0.1f), *same = made(wg_copy(x)), *d = wg_ones(WG_F64, WG_SHAPE(3));
    const wg_study_loss loss = {fails_beyond_one, &runs, {1, &x, NULL}};
    assert_null(wg_study_line(&loss, d, .from = 0, .to = 2, .points = 5));
    expect_error(WG_E_NULL, "study_line: the loss failed: WG_E_NULL");
    assert_int_equal(runs, 3);
    assert_same_bits(x, same);
    wg_free(x), wg_free(same), wg_free(d);
}

static wg_status step_with_study(void *context)
{
    WG_TAPE(tape);
    wg_tensor *h = wg_study_hessian(context);
    return h ? WG_OK : wg_error_first()->code;
}

/* A step that is captured has no numbers to look at. */
static void not_inside_a_capture(void **state)
{
    (void)state;
    PLANE(p, bowl, 1, 2);
    assert_null(wg_replay_capture(step_with_study, &p.loss));
    assert_int_equal(wg_error_take(NULL), WG_E_STATE);
    assert_true(element(p.at, 0) == 1 && element(p.at, 1) == 2 && !wg_requires_grad(p.at));
    wg_free(p.at);
}

static void not_inside_an_update(void **state)
{
    (void)state;
    PLANE(p, bowl, 1, 2);
    assert_ok(wg_update_begin());
    assert_null(wg_study_hessian(&p.loss));
    expect_error(WG_E_STATE, "tape_open: .undo: not inside an update");
    wg_update_cancel();
    wg_free(made(wg_study_hessian(&p.loss)));
    wg_free(p.at);
}

/* ---- memory that is not the library's pool ---- */

/* tests/faults/study.c fails what the pool gives; here malloc fails, for the instruments' own lists. */
static void lists_without_memory(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(2, 3, 1), WG_F64, 5);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_study_track *track = NULL;
    wg_tensor *table = NULL, *signals = NULL;
    int failures = 0;
    wg_free(made(wg_study_gradient_norms(&loss))); /* the pool is filled */
    for (int k = 0; !track || !table || !signals; k++) {
        fail_at = k;
        if (!track)
            track = wg_study_track_create(&loss);
        else if (!table)
            table = wg_study_gradient_norms(&loss);
        else
            signals = wg_study_signals(fit.net, fit.x, noisy_of_output, &(struct noisy){.y = fit.y});
        const bool failed = fail_at < 0;
        fail_at = -1;
        if (failed) {
            expect_error(WG_E_MEMORY, "out of memory");
            failures++;
        } else {
            k = -1; /* that one is made: the next */
        }
    }
    assert_true(failures >= 4 + 2 + 1);
    wg_study_track_destroy(track);
    wg_free(table), wg_free(signals);
    fit_free(&fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_loss_that_freezes_its_parameters),
        TEST(everything_is_put_back),
        TEST(a_study_sees_the_present_draws),
        TEST(inside_an_open_step),
        TEST(a_bad_loss_is_refused),
        TEST(a_failed_study_fails_no_step),
        TEST(not_inside_an_update),
        TEST(lists_without_memory),
        TEST(not_inside_a_capture),
        TEST(a_failed_slice_puts_everything_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
