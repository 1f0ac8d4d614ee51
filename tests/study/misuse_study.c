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

static const struct instrument instruments[] = {
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
                          "study_extremes: expected .smallest in [0, 6], got 7");
    assert_null_and_error(wg_study_extremes(&loss, .smallest = 0, .largest = 0), WG_E_ARGUMENT,
                          "study_extremes: expected .largest");
    assert_null_and_error(wg_study_extremes(&loss, .tolerance = (double)NAN), WG_E_ARGUMENT, "study_extremes: expected .tolerance");
    assert_null_and_error(wg_study_extremes(&loss, .basis = 3), WG_E_ARGUMENT, "study_extremes: expected .basis");
    assert_null_and_error(wg_study_extremes(&loss, .products = 0), WG_E_ARGUMENT, "study_extremes: expected .products");
    assert_null_and_error(wg_study_density(&loss, .probes = 0), WG_E_ARGUMENT, "study_density: expected .probes");
    assert_null_and_error(wg_study_density(&loss, .steps = -1), WG_E_ARGUMENT, "study_density: expected .steps");
    assert_null_and_error(wg_study_density(&loss, .points = 1), WG_E_ARGUMENT, "study_density: expected .points");
    assert_null_and_error(wg_study_density(&loss, .width = -1), WG_E_ARGUMENT, "study_density: expected .width");
    assert_fails(wg_study_trace(&loss, NULL), WG_E_NULL, "study_trace: ");
    assert_fails(wg_study_trace(&loss, &estimate, .probes = 1), WG_E_ARGUMENT, "study_trace: expected .probes");
    assert_fails(wg_study_classify(&loss, NULL), WG_E_NULL, "study_classify: ");
    assert_fails(wg_study_classify(&loss, &point, .gradient = -1), WG_E_ARGUMENT, "study_classify: expected .gradient");
    assert_fails(wg_study_classify(&loss, &point, .zero = 2), WG_E_ARGUMENT, "study_classify: expected .zero");
    assert_string_equal(wg_study_kind_name((wg_study_kind)-1), "?");
}

static void misuse_all(void)
{
    misuse_losses();
    misuse_options();
}

static const struct misuse table[] = {
    {"wg_study_hessian", misuse_all},      {"wg_study_eigenvalues", misuse_all}, {"wg_study_extremes_with", misuse_all},
    {"wg_study_density_with", misuse_all}, {"wg_study_trace_with", misuse_all},  {"wg_study_classify_with", misuse_all},
    {"wg_study_kind_name", misuse_all},
};

MISUSE_MAIN(table)
