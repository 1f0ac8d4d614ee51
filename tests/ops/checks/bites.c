/* Tests of the checker: correct ops with one planted fault must fail, each in the check that is meant to find that fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "check.h"
#include "ops/op.h"

typedef wg_status vjp_function(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);

/* ---- wrong gradients of a b, whose right gradients are gy b and gy a ---- */

static wg_status wrong_sign(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_mul(gy[0], c->in[1])));
    return WG_GIVE(gx[1], wg_mul_scalar(wg_mul(gy[0], c->in[0]), -1));
}

static wg_status swapped(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_mul(gy[0], c->in[0])));
    return WG_GIVE(gx[1], wg_mul(gy[0], c->in[1]));
}

static wg_status wrong_shape(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_sum(wg_mul(gy[0], c->in[1]))));
    return WG_GIVE(gx[1], wg_mul(gy[0], c->in[0]));
}

static wg_status not_a_number(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_mul(gy[0], c->in[1])));
    return WG_GIVE(gx[1], wg_mul_scalar(wg_mul(gy[0], c->in[0]), (double)NAN));
}

static wg_status zero(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_mul(gy[0], c->in[1])));
    return WG_GIVE(gx[1], wg_mul_scalar(wg_mul(gy[0], c->in[0]), 0));
}

static wg_status zero_both(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_mul_scalar(wg_mul(gy[0], c->in[1]), 0)));
    return WG_GIVE(gx[1], wg_mul_scalar(wg_mul(gy[0], c->in[0]), 0));
}

static wg_status nothing_given(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(gy[0], c->in[1]));
}

static wg_status takes_too_early(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_mul(wg_donate(gy[0]), c->in[1])));
    return WG_GIVE(gx[1], wg_mul(gy[0], c->in[0]));
}

static wg_status forgets_accumulator(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    gx[0].accumulated = gx[0].into != NULL;
    WG_TRY(WG_GIVE(gx[0], wg_mul(gy[0], c->in[1])));
    return WG_GIVE(gx[1], wg_mul(gy[0], c->in[0]));
}

/* ---- wrong derivatives of tanh ---- */

static wg_status dropped_term(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], wg_copy(gy[0])); /* gy (1 - y²) without y² */
}

static wg_status first_order_only(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_tanh_grad(wg_detach(c->out[0]), gy[0]));
}

/* Right elements, but computed on the host, which neither a rerun nor a second derivative sees. */
static wg_status from_the_host(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const double *y = (const double *)(const void *)c->out[0]->data;
    double factor[128];
    if (c->dtype != WG_F64 || c->out[0]->numel > 128 || !wg_is_contiguous(c->out[0]))
        return wg_op_tanh.vjp(c, gy, gx);
    for (int64_t i = 0; i < c->out[0]->numel; i++)
        factor[i] = 1 - y[i] * y[i];
    return WG_GIVE(gx[0], wg_mul(gy[0], wg_from(factor, wg_shape_of(c->out[0]))));
}

static wg_status stale_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_tanh_grad(c->in[0], tx[0])); /* with x instead of y */
}

/* ---- wrong kernels of a b ---- */

static wg_status kernel_nan(const wg_call *c)
{
    const wg_status status = wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
    ((double *)(void *)c->out[0]->data)[c->out[0]->numel - 1] = (double)NAN;
    return status;
}

static wg_status kernel_nan_update(const wg_call *c)
{
    for (int64_t i = 0; i < c->in[0]->numel; i++)
        ((double *)(void *)c->in[0]->data)[i] = (double)NAN;
    return WG_OK;
}

static wg_status kernel_inexact(const wg_call *c)
{
    const wg_status status = wg_op_mul.kernels[WG_PORTABLE].run[WG_F32](c);
    for (int64_t i = 0; i < c->out[0]->numel; i++)
        ((float *)(void *)c->out[0]->data)[i] *= 1.0001f;
    return status;
}

/* Treats dense operands as row-major. */
static wg_status kernel_without_strides(const wg_call *c)
{
    const wg_tensor *a = c->in[0], *b = c->in[1], *y = c->out[0];
    if (!(a->flags & b->flags & WG_T_DENSE) || !wg_same_dims(a, y) || !wg_same_dims(b, y))
        return wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
    for (int64_t i = 0; i < y->numel; i++)
        ((double *)(void *)y->data)[i] = ((const double *)(const void *)a->data)[i] * ((const double *)(const void *)b->data)[i];
    return WG_OK;
}

static wg_status kernel_without_stride_0(const wg_call *c)
{
    const bool repeated = c->in[0]->rank > 1 && wg_extents(c->in[0])[0] > 1 && wg_strides(c->in[0])[0] == 0;
    const wg_status status = wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
    if (repeated)
        ((double *)(void *)c->out[0]->data)[c->out[0]->numel - 1] += 1;
    return status;
}

static wg_status kernel_changes_input(const wg_call *c)
{
    const wg_status status = wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
    if (c->in[0]->numel > 0)
        *(double *)(void *)c->in[0]->data += 1;
    return status;
}

/* Right if the result overwrites one operand, wrong if it overwrites both. */
static wg_status kernel_confused_by_two(const wg_call *c)
{
    const bool over_both = c->out[0]->data == c->in[0]->data && c->out[0]->data == c->in[1]->data;
    const wg_status status = wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
    if (over_both && c->out[0]->numel > 0)
        *(double *)(void *)c->out[0]->data += 1;
    return status;
}

/* Right unless the value is the target itself. */
static wg_status kernel_counts_itself(const wg_call *c)
{
    const bool itself = c->in[0]->data == c->in[1]->data;
    const wg_status status = wg_op_accumulate.kernels[WG_PORTABLE].run[WG_F64](c);
    if (itself && c->in[0]->numel > 0)
        *(double *)(void *)c->in[0]->data += 1;
    return status;
}

/* Clears its result before it reads: wrong if the result overwrites an operand. */
static wg_status kernel_clears_first(const wg_call *c)
{
    memset(c->out[0]->data, 0, (size_t)c->out[0]->numel * sizeof(double));
    return wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
}

static wg_status kernel_by_threads(const wg_call *c)
{
    const wg_status status = wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
    for (int64_t i = 0; i < c->out[0]->numel; i++)
        ((double *)(void *)c->out[0]->data)[i] *= 1 + 1e-15 * wg_threads();
    return status;
}

static wg_status kernel_confused_by_itself(const wg_call *c)
{
    const wg_status status = wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
    if (c->in[0]->data == c->in[1]->data)
        memset(c->out[0]->data, 0, (size_t)c->out[0]->numel * sizeof(double));
    return status;
}

/* Freed after the check, so that Wengert's count must notice the leak and not a sanitizer. */
static struct wg_storage *lost_memory;

static wg_status kernel_leaks(const wg_call *c)
{
    struct wg_storage *lost = wg_storage_new(64);
    if (!lost)
        return WG_E_MEMORY;
    lost->next_free = lost_memory;
    lost_memory = lost;
    return wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
}

static wg_status kernel_ignores_failure(const wg_call *c)
{
    wg_object_free(wg_object_new(64));
    wg_error_take(NULL);
    return wg_op_mul.kernels[WG_PORTABLE].run[WG_F64](c);
}

static wg_status kernel_one(const wg_call *c)
{
    for (int64_t i = 0; i < c->out[0]->numel; i++)
        if (c->dtype == WG_F64)
            ((double *)(void *)c->out[0]->data)[i] = 1;
        else
            ((float *)(void *)c->out[0]->data)[i] = 1;
    return WG_OK;
}

static wg_status kernel_forgets_one(const wg_call *c)
{
    double *y = (double *)(void *)c->out[0]->data, last = c->out[0]->numel ? y[c->out[0]->numel - 1] : 0;
    const wg_status status = wg_op_copy.kernels[WG_PORTABLE].run[WG_F64](c);
    if (c->out[0]->numel)
        y[c->out[0]->numel - 1] = last;
    return status;
}

static wg_status kernel_fails(const wg_call *c)
{
    return wg_call_error(c, WG_E_NUMERIC, "planted");
}

/* ---- wrong costs ---- */

static wg_cost one_more(const wg_call *c)
{
    wg_cost cost = wg_op_mul.cost(c);
    cost.add++;
    return cost;
}

static wg_cost bytes_forgotten(const wg_call *c)
{
    wg_cost cost = wg_op_mul.cost(c);
    cost.bytes_read /= 2;
    return cost;
}

/* ---- an op of two results whose vjp assumes both gradients ---- */

static wg_status two_shapes(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_same_float(c, &out[0].dtype));
    out[0].rank = c->in[0]->rank;
    memcpy(out[0].extent, wg_extents(c->in[0]), (size_t)out[0].rank * sizeof *out[0].extent);
    out[1] = out[0];
    return WG_OK;
}

static wg_status two_copies(const wg_call *c)
{
    wg_tensor *one[1];
    wg_call half = *c;
    half.n_out = 1;
    half.out = one;
    for (int i = 0; i < 2; i++) {
        one[0] = c->out[i];
        WG_TRY(wg_op_copy.kernels[WG_PORTABLE].run[c->dtype == WG_F64](&half));
    }
    return WG_OK;
}

static wg_status both_expected(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    (void)c;
    return WG_GIVE(gx[0], wg_add(gy[0], gy[1]));
}

/* ---- the table ---- */

/* from: the correct op; other fields replace its fields if they are set. */
struct bite {
    const char *fault, *check; /* the check that must find it */
    const struct wg_op *from;
    vjp_function *vjp;
    wg_kernel *f32, *f64;
    wg_cost (*cost)(const wg_call *c);
    wg_status (*jvp)(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
    void (*change)(struct wg_op *op);
};

static void no_samples(struct wg_op *op)
{
    op->n_samples = 0;
}

static void saves_less(struct wg_op *op)
{
    op->saves = WG_IN(0);
}

static void no_vjp(struct wg_op *op)
{
    op->vjp = NULL;
    op->jvp = NULL;
}

static void no_reason(struct wg_op *op)
{
    no_vjp(op);
    op->flags |= WG_OP_NO_DERIVATIVE;
    op->reason = NULL;
}

static void claims_flat(struct wg_op *op)
{
    op->flat = WG_IN(0);
}

static void two_results(struct wg_op *op)
{
    op->n_out = 2;
    op->shape = two_shapes;
    op->kernels[WG_PORTABLE].run[WG_F32] = op->kernels[WG_PORTABLE].run[WG_F64] = two_copies;
}

static void distributes(struct wg_op *op)
{
    op->flags = WG_OP_DISTRIBUTES;
}

static void swaps(struct wg_op *op)
{
    op->flags = WG_OP_SWAPS;
}

static void routes(struct wg_op *op)
{
    op->flags = WG_OP_ROUTES;
}

static void no_cost(struct wg_op *op)
{
    op->cost = NULL;
}

static void uncounted(struct wg_op *op)
{
    op->name = "uncounted"; /* no counting kernel has this name, so its bytes are observed */
}

static void unregistered(struct wg_op *op)
{
    op->registered = false;
}

static void no_rows(struct wg_op *op)
{
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        op->kernels[WG_PORTABLE].row[dtype] = NULL;
}

static void writes_unsaid(struct wg_op *op)
{
    op->writes = 0;
}

static const struct bite bites[] = {
    {"wrong sign", "vjp", &wg_op_mul, .vjp = wrong_sign},
    {"swapped index", "vjp", &wg_op_mul, .vjp = swapped},
    {"gradient of a wrong shape", "vjp", &wg_op_mul, .vjp = wrong_shape},
    {"gradient NaN", "vjp", &wg_op_mul, .vjp = not_a_number},
    {"gradient zero", "vjp", &wg_op_mul, .vjp = zero},
    {"gradient not given", "vjp", &wg_op_mul, .vjp = nothing_given},
    {"dropped term", "vjp", &wg_op_tanh, .vjp = dropped_term},
    {"said to be flat", "all zero", &wg_op_mul, .change = claims_flat},
    {"constant, not said to be flat", "all zero", &wg_op_mul, .vjp = zero_both, .f32 = kernel_one, .f64 = kernel_one},
    {"gradient given away and used again", "vjp", &wg_op_mul, .vjp = takes_too_early},
    {"accumulator forgotten", "ways", &wg_op_mul, .vjp = forgets_accumulator},
    {"one gradient of two", "roots", &wg_op_copy, .vjp = both_expected, .change = two_results},
    {"reads what it does not save", "saves", &wg_op_mul, .change = saves_less},
    {"right to first order only", "second", &wg_op_tanh, .vjp = first_order_only},
    {"worked out on the host", "rerun", &wg_op_tanh, .vjp = from_the_host},
    {"host data where it is recorded", "second", &wg_op_tanh, .vjp = from_the_host},
    {"stale jvp", "jvp", &wg_op_tanh, .jvp = stale_jvp},
    {"no vjp, no reason", "no derivative", &wg_op_mul, .change = no_vjp},
    {"no derivative, no reason", "no derivative", &wg_op_mul, .change = no_reason},
    {"no samples", "samples", &wg_op_mul, .change = no_samples},
    {"kernel fails", "forward", &wg_op_mul, .f64 = kernel_fails},
    {"result NaN", "vjp", &wg_op_mul, .f64 = kernel_nan},
    {"update NaN", "forward", &wg_op_accumulate, .f64 = kernel_nan_update},
    {"inexact in f32", "f32", &wg_op_mul, .f32 = kernel_inexact},
    {"dense taken for row-major", "layout", &wg_op_mul, .f64 = kernel_without_strides},
    {"stride 0 ignored", "repeated", &wg_op_mul, .f64 = kernel_without_stride_0},
    {"input changed", "inputs", &wg_op_mul, .f64 = kernel_changes_input},
    {"effect unsaid", "inputs", &wg_op_accumulate, .change = writes_unsaid},
    {"wrong in place", "taken", &wg_op_mul, .f64 = kernel_clears_first},
    {"wrong in place of two", "aliases", &wg_op_mul, .f64 = kernel_confused_by_two},
    {"wrong on itself", "aliases", &wg_op_accumulate, .f64 = kernel_counts_itself},
    {"element-wise without rows", "rows", &wg_op_tanh, .change = no_rows},
    {"without its mark", "registered", &wg_op_tanh, .change = unregistered},
    {"bits by threads", "threads", &wg_op_mul, .f64 = kernel_by_threads},
    {"f(x, x) wrong", "shared", &wg_op_mul, .f64 = kernel_confused_by_itself},
    {"result not written", "cost", &wg_op_copy, .f64 = kernel_forgets_one, .change = uncounted},
    {"work unseen", "cost", &wg_op_mul, .change = uncounted},
    {"memory lost", "memory", &wg_op_mul, .f64 = kernel_leaks},
    {"failure ignored", "memory", &wg_op_mul, .f64 = kernel_ignores_failure},
    {"one addition more than counted", "cost", &wg_op_mul, .cost = one_more},
    {"bytes forgotten", "cost", &wg_op_mul, .cost = bytes_forgotten},
    {"no distributor", "gate", &wg_op_mul, .change = distributes},
    {"no swap multiplier", "gate", &wg_op_add, .change = swaps},
    {"no router", "gate", &wg_op_add, .change = routes},
    {"no cost rule", "cost", &wg_op_mul, .change = no_cost},
};
enum { N_BITES = sizeof bites / sizeof *bites };

static void plant(const struct bite *bite, struct wg_op *op)
{
    *op = *bite->from;
    memset(&op->kernels[WG_AVX2], 0, 2 * sizeof op->kernels[0]); /* SIMD kernels would run instead of the planted ones */
    op->vjp = bite->vjp ? bite->vjp : op->vjp;
    op->jvp = bite->jvp ? bite->jvp : op->jvp;
    op->cost = bite->cost ? bite->cost : op->cost;
    op->kernels[WG_PORTABLE].run[WG_F32] = bite->f32 ? bite->f32 : op->kernels[WG_PORTABLE].run[WG_F32];
    op->kernels[WG_PORTABLE].run[WG_F64] = bite->f64 ? bite->f64 : op->kernels[WG_PORTABLE].run[WG_F64];
    if (bite->change)
        bite->change(op);
}

static void bites_once(void **state)
{
    static struct check_report report;
    struct wg_op op;
    const struct bite *bite = *state;
    plant(bite, &op);
    check_op(&op, &report);
    while (lost_memory) {
        struct wg_storage *found = lost_memory;
        lost_memory = found->next_free;
        wg_storage_unref(found);
    }
    if (!check_found(&report, bite->check))
        check_print(&report);
    assert_true(check_found(&report, bite->check));
}

/* The correct ops pass, so it was the fault that was found. */
static void sound(void **state)
{
    static const struct wg_op *const ops[] = {&wg_op_mul, &wg_op_tanh, &wg_op_copy, &wg_op_accumulate, &wg_op_detach};
    static struct check_report report;
    (void)state;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        check_op(ops[i], &report);
        if (report.failures)
            check_print(&report);
        assert_int_equal(report.failures, 0);
        assert_true(report.cases >= 10 && report.comparisons > 0);
    }
}

/* An op that states that it has no derivative, and why, passes too. */
static void sound_without_derivative(void **state)
{
    static struct check_report report;
    struct wg_op op = wg_op_mul;
    (void)state;
    no_reason(&op);
    op.reason = "the test says so";
    check_op(&op, &report);
    if (report.failures)
        check_print(&report);
    assert_int_equal(report.failures, 0);
}

static void comparators(void **state)
{
    const double nan = (double)NAN, inf = (double)INFINITY;
    (void)state;
    assert_true(check_close(1, 1, 0, 0));
    assert_true(check_close(1 + 1e-7, 1, 1e-6, 0));
    assert_true(check_close(1e-9, 0, 1e-6, 1e-8));
    assert_false(check_close(1 + 2e-6, 1, 1e-6, 1e-8));
    assert_false(check_close(2e-8, 0, 1e-6, 1e-8));
    assert_false(check_close(0, 1, 1e-6, 1e-8));
    assert_false(check_close(-1, 1, 1e-6, 1e-8));
    assert_false(check_close(nan, 1, 1e-6, 1e-8));
    assert_false(check_close(1, nan, 1e-6, 1e-8));
    assert_false(check_close(nan, nan, 1e-6, 1e-8));
    assert_false(check_close(inf, 1, 1e-6, 1e-8));
    assert_false(check_close(1, inf, 1e-6, 1e-8));
    assert_false(check_close(inf, inf, 1e-6, 1e-8));
    assert_false(check_close(inf, -inf, 1e-6, 1e-8));
    assert_true(check_same(nan, nan) && check_same(0, -0.0) && check_same(inf, inf));
    assert_false(check_same(1, 1 + 1e-15));
    assert_false(check_same(nan, 1) || check_same(1, nan) || check_same(inf, -inf));
}

/* A full report still counts, and the same finding is kept once. */
static void reports(void **state)
{
    static struct check_report report;
    (void)state;
    for (int i = 0; i < 2 * CHECK_MAX_FINDINGS; i++)
        check_fail(&report, "vjp", "number %d", i);
    check_fail(&report, "vjp", "number 3");
    assert_int_equal(report.failures, 2 * CHECK_MAX_FINDINGS);
    assert_true(check_found(&report, "vjp"));
    assert_false(check_found(&report, "jvp"));
}

/* A mask has a bit for each of the first 32 operands; the 33rd has none. */
static void costs_of_many_operands(void **state)
{
    enum { N = 40 };
    const struct wg_op op = {.name = "many", .writes = WG_IN(0)};
    wg_tensor *in[N];
    (void)state;
    for (int i = 0; i < N; i++)
        in[i] = wg_scalar(WG_F64, i);
    const wg_cost cost = wg_cost_bytes(&(wg_call){.op = &op, .in = in, .n_in = N, .dtype = WG_F64});
    for (int i = 0; i < N; i++)
        wg_free(in[i]);
    assert_true(cost.bytes_read == N * sizeof(double) && cost.bytes_written == sizeof(double));
}

int main(void)
{
    enum { OTHERS = 5 };
    static struct CMUnitTest tests[N_BITES + OTHERS] = {cmocka_unit_test(comparators), cmocka_unit_test(reports),
                                                        cmocka_unit_test(sound), cmocka_unit_test(sound_without_derivative),
                                                        cmocka_unit_test(costs_of_many_operands)};
    if (wg_warmup(2) != WG_OK)
        return 2;
    for (int i = 0; i < N_BITES; i++)
        tests[OTHERS + i] = (struct CMUnitTest){
            .name = bites[i].fault, .test_func = bites_once, .initial_state = (void *)(uintptr_t)&bites[i]};
    return _cmocka_run_group_tests("bites", tests, N_BITES + OTHERS, NULL, NULL) != 0;
}
