/* Misuse of the instruments for landscapes. */
#include "misuse.h"

static wg_tensor *squares(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_square(x[0]));
}

/* What makes a table, and what fills a struct. The prefix of its messages is the name without wg_. */
struct instrument {
    const char *op;
    wg_tensor *(*table)(const wg_study_loss *loss);
    wg_status (*fill)(const wg_study_loss *loss);
};

static wg_study_estimate estimate;
static wg_study_point point;

static wg_tensor *extremes(const wg_study_loss *loss)
{
    return wg_study_extremes(loss);
}

static wg_tensor *density(const wg_study_loss *loss)
{
    return wg_study_density(loss, .probes = 1, .steps = 2);
}

static wg_status trace(const wg_study_loss *loss)
{
    return wg_study_trace(loss, &estimate);
}

static wg_status classify(const wg_study_loss *loss)
{
    return wg_study_classify(loss, &point);
}

static double model;
static wg_tensor *six; /* a direction */

static wg_status strict(const wg_study_loss *loss)
{
    wg_study_strict_result result;
    return wg_study_strict_saddle(loss, &result);
}

static wg_status curvature(const wg_study_loss *loss)
{
    wg_study_descent descent;
    return wg_study_curvature(loss, &descent);
}

static wg_status quadratic(const wg_study_loss *loss)
{
    return wg_study_quadratic(loss, six, &model);
}

static wg_tensor *line(const wg_study_loss *loss)
{
    return wg_study_line(loss, six, .points = 2);
}

static wg_tensor *plane(const wg_study_loss *loss)
{
    return wg_study_plane(loss, six, six, .points = 2);
}

static wg_tensor *taylor(const wg_study_loss *loss)
{
    return wg_study_taylor(loss, WG_NONE, 2);
}

static const struct instrument instruments[] = {
    {"study_strict_saddle: ", NULL, strict},
    {"study_curvature: ", NULL, curvature},
    {"study_quadratic: ", NULL, quadratic},
    {"study_line: ", line, NULL},
    {"study_plane: ", plane, NULL},
    {"study_taylor: ", taylor, NULL},
    {"study_gradient_norms: ", wg_study_gradient_norms, NULL},
    {"study_hessian: ", wg_study_hessian, NULL},
    {"study_eigenvalues: ", wg_study_eigenvalues, NULL},
    {"study_extremes: ", extremes, NULL},
    {"study_density: ", density, NULL},
    {"study_trace: ", NULL, trace},
    {"study_classify: ", NULL, classify},
};

static void refused(const wg_study_loss *loss, wg_status code)
{
    for (size_t i = 0; i < sizeof instruments / sizeof *instruments; i++) {
        const struct instrument *it = &instruments[i];
        if (it->table)
            assert_null(it->table(loss));
        else
            assert_int_equal(it->fill(loss), code);
        expect_error(code, it->op);
    }
}

static void misuse_losses(void)
{
    const wg_study_loss no_function = {.params = {1, &fx.x, NULL}}, no_list = {.f = squares, .params = {1, NULL, NULL}};
    const wg_study_loss none = {.f = squares}, twice = {.f = squares, .params = {2, (wg_tensor *[]){fx.y, fx.y}, NULL}};
    const wg_study_loss whole = {.f = squares, .params = {1, &fx.labels, NULL}};
    refused(NULL, WG_E_NULL);
    refused(&no_function, WG_E_NULL);
    refused(&no_list, WG_E_ARGUMENT);
    refused(&none, WG_E_ARGUMENT);
    refused(&twice, WG_E_ARGUMENT);
    refused(&whole, WG_E_DTYPE);
    FOR_EACH_BAD(IS_NULL, {
        const wg_study_loss loss = {.f = squares, .params = {1, &bad, NULL}};
        if (bad_ == IS_NULL)
            refused(&loss, WG_E_NULL);
        else
            for (size_t i = 0; i < sizeof instruments / sizeof *instruments; i++) {
                assert_true(instruments[i].table ? !instruments[i].table(&loss) : instruments[i].fill(&loss) == code);
                expect_error(code, "");
            }
    })
}

static void misuse_options(void)
{
    const wg_study_loss loss = {.f = squares, .params = {1, &fx.wide, NULL}};
    assert_null_and_error(wg_study_extremes(&loss, .smallest = 7), WG_E_ARGUMENT,
                          "study_extremes: expected .smallest and .largest of at most 6, not both 0, got 7 and 1");
    assert_null_and_error(wg_study_extremes(&loss, .smallest = 0, .largest = 0), WG_E_ARGUMENT,
                          "study_extremes: expected .smallest and .largest");
    assert_null_and_error(wg_study_extremes(&loss, .tolerance = (double)NAN), WG_E_ARGUMENT, "study_extremes: expected tolerance");
    assert_null_and_error(wg_study_extremes(&loss, .basis = 3), WG_E_ARGUMENT, "study_extremes: expected a .basis of at least 4");
    assert_null_and_error(wg_study_extremes(&loss, .products = 0), WG_E_ARGUMENT, "study_extremes: expected products");
    assert_null_and_error(wg_study_density(&loss, .probes = 0), WG_E_ARGUMENT, "study_density: expected probes");
    assert_null_and_error(wg_study_density(&loss, .steps = -1), WG_E_ARGUMENT, "study_density: expected steps");
    assert_null_and_error(wg_study_density(&loss, .points = 1), WG_E_ARGUMENT, "study_density: expected points");
    assert_null_and_error(wg_study_density(&loss, .width = -1), WG_E_ARGUMENT, "study_density: expected width");
    assert_fails(wg_study_trace(&loss, NULL), WG_E_NULL, "study_trace: ");
    assert_fails(wg_study_trace(&loss, &estimate, .probes = 1), WG_E_ARGUMENT, "study_trace: expected probes");
    assert_fails(wg_study_classify(&loss, NULL), WG_E_NULL, "study_classify: ");
    assert_fails(wg_study_classify(&loss, &point, .gradient = -1), WG_E_ARGUMENT, "study_classify: expected gradient");
    assert_fails(wg_study_classify(&loss, &point, .zero = 2), WG_E_ARGUMENT, "study_classify: expected zero");
    assert_string_equal(wg_study_kind_name((wg_study_kind)-1), "?");
}

static void misuse_strict(void)
{
    const wg_study_loss loss = {.f = squares, .params = {1, &fx.wide, NULL}};
    wg_study_strict_result result;
    assert_fails(wg_study_strict_saddle(&loss, NULL), WG_E_NULL, "study_strict_saddle: ");
    assert_fails(wg_study_strict_saddle(&loss, &result, .alpha = 0), WG_E_ARGUMENT, "study_strict_saddle: expected alpha");
    assert_fails(wg_study_strict_saddle(&loss, &result, .gamma = -1), WG_E_ARGUMENT, "study_strict_saddle: expected gamma");
    assert_fails(wg_study_strict_saddle(&loss, &result, .epsilon = (double)NAN), WG_E_ARGUMENT,
                 "study_strict_saddle: expected epsilon");
    assert_fails(wg_study_strict_saddle(&loss, &result, .delta = (double)INFINITY), WG_E_ARGUMENT,
                 "study_strict_saddle: expected delta");
    assert_fails(wg_study_strict_saddle(&loss, &result, .samples = -1), WG_E_ARGUMENT, "study_strict_saddle: expected samples");
}

static void misuse_track(void)
{
    const wg_study_loss loss = {.f = squares, .params = {1, &fx.wide, NULL}}, none = {.f = squares};
    wg_study_record record;
    assert_null_and_error(wg_study_track_create(NULL), WG_E_NULL, "study_track: the loss is NULL");
    assert_null_and_error(wg_study_track_create(&none), WG_E_ARGUMENT, "study_track: the loss has no parameters");
    wg_study_track *track = wg_study_track_create(&loss);
    assert_fails(wg_study_track_step(NULL, &record), WG_E_NULL, "study_track_step: the track is NULL");
    assert_fails(wg_study_track_step(track, NULL), WG_E_NULL, "study_track_step: the record is NULL");
    wg_study_track_destroy(track);
    wg_study_track_destroy(NULL);
    assert_fails(wg_study_curvature(&loss, NULL), WG_E_NULL, "study_curvature: ");
    assert_fails(wg_study_quadratic(&loss, six, NULL), WG_E_NULL, "study_quadratic: ");
}

static void misuse_slices(void)
{
    const wg_study_loss loss = {.f = squares, .params = {1, &fx.wide, NULL}}, none = {.f = squares};
    FOR_EACH_BAD(IS_NULL, {
        assert_null_and_error(wg_study_line(&loss, bad, .points = 2), code, "");
        assert_null_and_error(wg_study_plane(&loss, bad, six, .points = 2), code, "");
        assert_null_and_error(wg_study_plane(&loss, six, bad, .points = 2), code, "");
        assert_fails(wg_study_quadratic(&loss, bad, &model), code, "");
        if (bad_ != IS_NONE)
            assert_null_and_error(wg_study_taylor(&loss, bad, 2), code, "");
        assert_true(isnan(wg_study_taylor_at(bad, 1)));
        expect_error(code, "");
    })
    assert_null_and_error(wg_study_line(&loss, fx.vector), WG_E_DTYPE, "study_line: expected a direction of f64, got f32");
    assert_null_and_error(wg_study_line(&loss, fx.rate), WG_E_SHAPE, "study_line: expected a direction of shape [6]");
    assert_null_and_error(wg_study_plane(&loss, six, fx.rate), WG_E_SHAPE, "study_plane: expected a direction of shape [6]");
    assert_null_and_error(wg_study_line(&loss, six, .points = 1), WG_E_ARGUMENT, "study_line: expected points");
    assert_null_and_error(wg_study_line(&loss, six, .from = (double)NAN), WG_E_ARGUMENT, "study_line: expected from");
    assert_null_and_error(wg_study_plane(&loss, six, six, .to = (double)INFINITY), WG_E_ARGUMENT, "study_plane: expected to");
    assert_null_and_error(wg_study_direction(NULL), WG_E_NULL, "study_direction: the loss is NULL");
    assert_null_and_error(wg_study_direction(&none), WG_E_ARGUMENT, "study_direction: the loss has no parameters");
    assert_null_and_error(wg_study_direction(&loss, .scale = (wg_study_scale)7), WG_E_ARGUMENT, "study_direction: expected scale");
}

static void misuse_taylor(void)
{
    const wg_study_loss loss = {.f = squares, .params = {1, &fx.wide, NULL}};
    assert_null_and_error(wg_study_taylor(&loss, six, -1), WG_E_ARGUMENT, "study_taylor: expected a degree in [0, 30], got -1");
    assert_null_and_error(wg_study_taylor(&loss, six, 31), WG_E_ARGUMENT, "study_taylor: expected a degree in [0, 30], got 31");
    assert_null_and_error(wg_study_taylor(&loss, NULL, 1), WG_E_NULL, "study_taylor: d is NULL");
    assert_true(isnan(wg_study_taylor_at(fx.vector, 1)));
    expect_error(WG_E_DTYPE, "");
    assert_true(isnan(wg_study_taylor_at(fx.rate, 1)));
    expect_error(WG_E_SHAPE, "study_taylor_at: expected coefficients of shape [n]");
}

static void misuse_signals(void)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 2)), *one = wg_nn_linear(3, 2);
    FOR_EACH_BAD(IS_NULL, assert_null_and_error(wg_study_signals(net, bad, squares, NULL), code, ""))
    assert_null_and_error(wg_study_signals(NULL, fx.x, squares, NULL), WG_E_NULL, "study_signals: the network is NULL");
    assert_null_and_error(wg_study_signals(net, fx.x, NULL, NULL), WG_E_NULL, "study_signals: the function is NULL");
    assert_null_and_error(wg_study_signals(one, fx.x, squares, NULL), WG_E_ARGUMENT,
                          "study_signals: expected a sequential network");
    assert_null_and_error(wg_study_signals(net, fx.odd, squares, NULL), WG_E_SHAPE, "");
    wg_nn_destroy(net), wg_nn_destroy(one);
}

static void misuse_all(void)
{
    six = wg_own(wg_ones(WG_F64, WG_SHAPE(6)));
    misuse_losses();
    misuse_options();
    misuse_strict();
    misuse_track();
    misuse_slices();
    misuse_taylor();
    misuse_signals();
    wg_free(six);
}

static const struct misuse table[] = {
    {"wg_study_hessian", misuse_all},        {"wg_study_eigenvalues", misuse_all},
    {"wg_study_extremes_with", misuse_all},  {"wg_study_density_with", misuse_all},
    {"wg_study_trace_with", misuse_all},     {"wg_study_classify_with", misuse_all},
    {"wg_study_kind_name", misuse_all},      {"wg_study_strict_saddle_with", misuse_all},
    {"wg_study_curvature", misuse_all},      {"wg_study_quadratic", misuse_all},
    {"wg_study_track_create", misuse_all},   {"wg_study_track_step", misuse_all},
    {"wg_study_track_destroy", misuse_all},  {"wg_study_direction_with", misuse_all},
    {"wg_study_line_with", misuse_all},      {"wg_study_plane_with", misuse_all},
    {"wg_study_taylor", misuse_all},         {"wg_study_taylor_at", misuse_all},
    {"wg_study_gradient_norms", misuse_all}, {"wg_study_signals", misuse_all},
};

MISUSE_MAIN(table)
