/* Instruments along training: curvature in the gradient's direction, the quadratic model, and the gradient's Lipschitz constant. */
#include "landscapes.h"

/* ½ (3x² + y²/2) at (1, 2): g = (3, 1), gᵀHg = 27.5. */
static void the_curvature_of_a_quadratic(void **state)
{
    (void)state;
    const double d[] = {3, 0.5};
    wg_tensor *diagonal = wg_from(d, WG_SHAPE(2)), *x[2] = {wg_ones(WG_F64, WG_SHAPE(1)), wg_full(WG_F64, WG_SHAPE(1), 2)};
    const wg_study_loss loss = {quadratic, diagonal, {2, x, NULL}};
    wg_study_descent at;
    assert_ok(wg_study_curvature(&loss, &at));
    assert_near(at.loss, 2.5, 1e-15);
    assert_near(at.gradient_norm, sqrt(10), 1e-14);
    assert_near(at.curvature, 27.5, 1e-13);
    assert_near(at.rayleigh, 2.75, 1e-14);
    assert_near(at.step, 10 / 27.5, 1e-14);
    wg_free(diagonal), wg_free(x[0]), wg_free(x[1]);
}

/* The step of steepest descent is INFINITY where the loss curves down, and at a gradient of 0 there is no direction. */
static void where_there_is_no_step(void **state)
{
    (void)state;
    PLANE(p, dome, 1, 1);
    PLANE(q, bowl, 0, 0);
    wg_study_descent at;
    assert_ok(wg_study_curvature(&p.loss, &at));
    assert_true(isinf(at.step) && at.step > 0 && at.curvature < 0);
    assert_ok(wg_study_curvature(&q.loss, &at));
    assert_true(isnan(at.rayleigh) && isinf(at.step));
    wg_free(p.at), wg_free(q.at);
}

/* The model is exact for a quadratic. Of another loss its error shrinks by 8 when the distance is halved: it is of third order. */
static void the_quadratic_model(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(3, 4, 2), WG_F64, 8);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_tensor *d = made(wg_study_direction(&loss, .scale = WG_STUDY_SCALE_TENSOR));
    wg_tensor *line = made(wg_study_line(&loss, d, .from = 0, .to = 0.01, .points = 3));
    double error[2];
    for (int i = 0; i < 2; i++) {
        wg_tensor *part = made(wg_mul_scalar(d, i == 0 ? 0.01 : 0.005));
        double model;
        assert_ok(wg_study_quadratic(&loss, part, &model));
        error[i] = model - element(line, i == 0 ? 5 : 3);
        wg_free(part);
    }
    assert_near(error[0] / error[1], 8, 0.5);
    wg_free(d), wg_free(line);
    fit_free(&fit);
}

/* Of a quadratic the gradient's Lipschitz constant is the largest eigenvalue; what is measured along a run is a lower bound, and
   reaches it along that eigenvector. */
static void the_lipschitz_constant_of_a_quadratic(void **state)
{
    (void)state;
    const double d[] = {8, 1};
    wg_tensor *diagonal = wg_from(d, WG_SHAPE(2)), *x[2] = {wg_ones(WG_F64, WG_SHAPE(1)), wg_ones(WG_F64, WG_SHAPE(1))};
    const wg_study_loss loss = {quadratic, diagonal, {2, x, NULL}};
    wg_study_track *track = wg_study_track_create(&loss);
    wg_study_record first, second, still, third;
    assert_non_null(track);
    assert_ok(wg_study_track_step(track, &first));
    assert_true(first.step == 0 && isnan(first.moved) && isnan(first.lipschitz) && first.lipschitz_max == 0);
    assert_ok(wg_write(x[1], ((double[]){3})));
    assert_ok(wg_study_track_step(track, &second));
    assert_near(second.moved, 2, 1e-15);
    assert_near(second.lipschitz, 1, 1e-15);
    assert_ok(wg_study_track_step(track, &still));
    assert_true(still.moved == 0 && isnan(still.lipschitz) && still.lipschitz_max == second.lipschitz_max);
    assert_ok(wg_write(x[0], ((double[]){-4})));
    assert_ok(wg_study_track_step(track, &third));
    assert_near(third.lipschitz_max, 8, 1e-14);
    assert_int_equal(third.step, 3);
    assert_ok(wg_write(x[1], ((double[]){5})));
    assert_ok(wg_study_track_step(track, &still)); /* the largest stays */
    assert_true(fabs(still.lipschitz - 1) < 1e-14 && still.lipschitz_max == third.lipschitz_max);
    wg_study_track_destroy(track);
    wg_free(diagonal), wg_free(x[0]), wg_free(x[1]);
}

/* A training loop, with and without the calls: the same bits. Gradient descent at a rate below 2/Lipschitz lowers the loss. */
static double trained(bool watched, wg_tensor **weights)
{
    struct fit fit = fit_make(WG_SIZES(3, 6, 2), WG_F32, 16);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_optim *opt = wg_optim_sgd(wg_nn_parameters(fit.net), .lr = 0.05);
    wg_study_track *track = wg_study_track_create(&loss);
    wg_study_record record = {.at = {.loss = INFINITY}};
    for (int step = 0; step < 20; step++) {
        const double before = record.at.loss;
        if (watched) {
            assert_ok(wg_study_track_step(track, &record));
            assert_true(record.at.loss < before);
        }
        WG_TAPE(tape);
        assert_ok(wg_backward(squared_error(NULL, 0, &fit)));
        assert_ok(wg_optim_step(opt));
    }
    if (watched)
        assert_true(0.05 < 2 / record.lipschitz_max);
    *weights = made(wg_nn_to_vector(wg_nn_parameters(fit.net)));
    wg_study_track_destroy(track);
    wg_optim_destroy(opt);
    fit_free(&fit);
    return record.lipschitz_max;
}

static void watching_changes_no_bit_of_a_run(void **state)
{
    (void)state;
    wg_tensor *alone, *watched;
    trained(false, &alone);
    assert_true(trained(true, &watched) > 0);
    assert_same_bits(alone, watched);
    wg_free(alone), wg_free(watched);
}

/* A failed call leaves the track as it was. */
static wg_tensor *only_positive(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_log(x[0]));
}

static void a_failed_call_of_a_track(void **state)
{
    (void)state;
    PLANE(p, only_positive, 1, 2);
    wg_study_track *track = wg_study_track_create(&p.loss);
    wg_study_record record, kept;
    assert_ok(wg_study_track_step(track, &record));
    kept = record;
    assert_ok(wg_write(p.at, ((double[]){-1, 2})));
    assert_fails(wg_study_track_step(track, &record), WG_E_NUMERIC, "study_track_step: expected a finite loss, got nan");
    assert_memory_equal(&record, &kept, sizeof kept);
    assert_ok(wg_write(p.at, ((double[]){2, 2})));
    assert_ok(wg_study_track_step(track, &record));
    assert_near(record.lipschitz, 0.5, 1e-15); /* from (1, 2) to (2, 2): 1/x changed by ½ */
    wg_study_track_destroy(track);
    wg_free(p.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_curvature_of_a_quadratic),          TEST(where_there_is_no_step),           TEST(the_quadratic_model),
        TEST(the_lipschitz_constant_of_a_quadratic), TEST(watching_changes_no_bit_of_a_run), TEST(a_failed_call_of_a_track),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
