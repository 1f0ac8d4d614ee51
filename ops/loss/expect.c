/* y = x, with the error E_ARGUMENT if an element is not what is expected. It is an op, and not a check when a loss is called, so
   that each run of a replay checks the numbers of that run. */
#include "ops/op.h"

struct params {
    double low, high;
    bool ends_only;
    char what[16];
};

static bool is_expected(const struct params *p, double value)
{
    return p->ends_only ? value == p->low || value == p->high : !(value < p->low) && !(value > p->high);
}

static wg_status kernel(const wg_call *c)
{
    enum { BLOCK = 256 };
    const struct params *p = c->params;
    const wg_tensor *x = c->in[0];
    struct wg_reduction_plan plan;
    int64_t offset[BLOCK];
    wg_plan_reduction(x, c->out[0], (1u << x->rank) - 1, &plan);
    for (int64_t first = 0; first < x->numel; first += BLOCK) {
        const int64_t n = x->numel - first < BLOCK ? x->numel - first : BLOCK;
        wg_reduced_offsets(&plan, first, n, offset);
        for (int64_t i = 0; i < n; i++) {
            const char *at = x->data + offset[i] * (int64_t)wg_dtype_size((wg_dtype)x->dtype);
            const double value = x->dtype == WG_F32 ? (double)*(const float *)(const void *)at : *(const double *)(const void *)at;
            if (!is_expected(p, value))
                return wg_fail(WG_E_ARGUMENT, c->op->name,
                               p->ends_only ? "%s: expected %s of %g or %g, got %g at element %lld"
                                            : "%s: expected %s in %g … %g, got %g at element %lld",
                               c->op->name, p->what, p->low, p->high, value, (long long)(first + i));
        }
    }
    return wg_copy_into(x, c->out[0], 0, wg_strides(c->out[0]));
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_same_float(c, &out->dtype));
    return wg_broadcast_shapes(c, out);
}

wg_tensor *wg_expect(wg_tensor *x, const char *what, double low, double high, bool ends_only)
{
    struct params p = {.low = low, .high = high, .ends_only = ends_only};
    if (!what) {
        wg_fail(WG_E_NULL, "expect", "expect: what is NULL");
        return NULL;
    }
    if (wg_bounds_check("expect", low, high) != WG_OK)
        return NULL;
    snprintf(p.what, sizeof p.what, "%s", what);
    return wg_invoke1(&wg_op_expect, &p, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], gy[0]);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, tx[0], WG_NONE, ty);
}

#define BETWEEN(...)                 \
    .params = &(const struct params) \
    {                                \
        __VA_ARGS__, "elements"      \
    }
const struct wg_op wg_op_expect = {
    .name = WG_REGISTERED("expect"),
    .params_size = sizeof(struct params),
    WG_PARAMS(WG_PARAM(REAL, struct params, low), WG_PARAM(REAL, struct params, high),
              WG_PARAM_UNLESS(0, BOOL, struct params, ends_only)),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {kernel, kernel}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_cost_bytes,
    WG_SAMPLES({"inside", {WG_DIMS(3, 4)}, .n = 1, .low = {-0.9}, .high = {0.9}, BETWEEN(-1, 1, false)},
               {"above", {WG_DIMS(3, 4)}, .n = 1, .low = {0.5}, .high = {2}, BETWEEN(0, (double)INFINITY, false)}),
};
#undef BETWEEN
