/* The trace of a Hessian, by Hutchinson's estimator. */
#include <math.h>

#include "frame.h"

static const wg_option option[] = {WG_OPTION_INT_OF(wg_study_trace_options, probes, 30, "random vectors", WG_AT_LEAST(2))};
static const wg_option_table table_of_options = STUDY_OPTIONS(wg_study_trace_options, option);

/* vᵀHv for a random v of ±1, whose expectation is the trace. */
static wg_status probe(struct study *s, wg_tensor *generator, double *value)
{
    WG_TAPE(tape, .keep_error = true);
    WG_NO_GRAD;
    wg_tensor *v = wg_add_scalar(wg_mul_scalar(wg_bernoulli(generator, WG_F64, WG_SHAPE(s->size), 0.5), 2), -1);
    wg_tensor *y = wg_dot(v, study_product(s, v));
    if (!y)
        return study_cause();
    *value = wg_item(y);
    return WG_OK;
}

/* Mean and sum of squared deviations are updated probe by probe. Source: Welford, 1962. */
static wg_status estimate(struct study *s, wg_study_estimate *trace, const wg_study_trace_options *o)
{
    double mean = 0, squares = 0;
    WG_TRY(wg_options_check(table_of_options, o, s->op));
    wg_tensor *generator = study_generator(s, o->seed);
    if (!generator)
        return study_cause();
    for (int64_t i = 0; i < o->probes; i++) {
        double value = 0;
        WG_TRY(probe(s, generator, &value));
        const double before = value - mean;
        mean += before / (double)(i + 1);
        squares += before * (value - mean);
    }
    *trace = (wg_study_estimate){mean, sqrt(squares / (double)(o->probes - 1) / (double)o->probes)};
    return WG_OK;
}

wg_status wg_study_trace_with(const wg_study_loss *loss, wg_study_estimate *trace, wg_study_trace_options options)
{
    static const char op[] = "study_trace";
    struct study s;
    if (!trace)
        return wg_error_set(WG_E_NULL, op, "%s: where the estimate is to go is NULL", op);
    wg_status status = study_begin(&s, op, loss, NULL, STUDY_PRODUCTS);
    if (status == WG_OK)
        status = estimate(&s, trace, &options);
    study_end(&s, NULL);
    return status;
}
