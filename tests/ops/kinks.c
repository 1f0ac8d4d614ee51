/* Derivatives at kinks, at the ends of domains, at infinity and at NaN: those that docs/guide/gradients.md documents. Every mode
   must agree: reverse and forward for the first derivative, reverse over reverse and forward over reverse for the second. */
#include "common.h"

#define INF ((double)INFINITY)
#define NOT_A_NUMBER ((double)NAN)
#define N_OF(list) (sizeof(list) / sizeof *(list))
enum { MOST = 3 };

/* Expected derivatives of the sum of op(x): its gradient, and the gradient of the gradient's sum. */
struct kink {
    const char *name;
    wg_tensor *(*op)(wg_tensor *x);
    int n;
    double at[MOST], first[MOST], second[MOST];
};

#define OP(name, expression)             \
    static wg_tensor *name(wg_tensor *x) \
    {                                    \
        return expression;               \
    }
#define ZEROS wg_zeros(wg_dtype_of(x), wg_shape_of(x))
#define NUMBER(v) wg_full(wg_dtype_of(x), wg_shape_of(x), v)
OP(elu, wg_elu(x, .alpha = 1.5))
OP(clamp, wg_clamp(x, -1, 1))
OP(leaky_relu, wg_leaky_relu(x, .slope = 0.125))
OP(huber, wg_huber(x, ZEROS, .reduction = WG_REDUCTION_SUM))
OP(huber_by_target, wg_huber(ZEROS, x, .reduction = WG_REDUCTION_SUM))
OP(l1, wg_l1(x, ZEROS, .reduction = WG_REDUCTION_SUM))
OP(hinge, wg_hinge(x, NUMBER(1), .reduction = WG_REDUCTION_SUM))
OP(multi_margin, wg_multi_margin(wg_unsqueeze(x, 0), wg_zeros(WG_I64, WG_SHAPE(1)), .divide = false))
OP(crammer_singer, wg_crammer_singer(wg_unsqueeze(x, 0), wg_zeros(WG_I64, WG_SHAPE(1))))
OP(bce_of_0, wg_bce(x, ZEROS, .reduction = WG_REDUCTION_SUM))
OP(bce_of_1, wg_bce(x, NUMBER(1), .reduction = WG_REDUCTION_SUM))
OP(distance, wg_pairwise_distance(x, ZEROS, .eps = 0))
OP(distance_3, wg_pairwise_distance(x, ZEROS, .p = 3, .eps = 0))
OP(contrastive, wg_contrastive(x, ZEROS, wg_scalar(WG_I64, 1)))
OP(norm2, wg_norm2(x))
OP(norm_one, wg_norm(x, .p = 1))
OP(norm_infinite, wg_norm(x, .p = INF))
OP(standard, wg_std(x))
OP(variance, wg_var(x))
OP(pow_base_0, wg_pow(x, ZEROS))
OP(pow_base_2, wg_pow(x, NUMBER(2)))
OP(pow_exponent_of_0, wg_pow(ZEROS, x))
OP(pow_exponent_of_2, wg_pow(NUMBER(2), x))
OP(pow_scalar_0, wg_pow_scalar(x, 0))
OP(pow_scalar_1, wg_pow_scalar(x, 1))
OP(pow_scalar_half, wg_pow_scalar(x, 0.5))
OP(logsumexp, wg_logsumexp(x))
OP(maximum, wg_maximum(x, ZEROS))
OP(largest, wg_max(x))
OP(product, wg_prod(x))
OP(angle, wg_atan2(x, ZEROS))

static const struct kink kinks[] = {
    {"abs", wg_abs, 2, {0, NOT_A_NUMBER}, {0, NOT_A_NUMBER}, {0, 0}},
    {"relu", wg_relu, 1, {0}, {0}, {0}},
    {"leaky_relu", leaky_relu, 1, {0}, {0.125}, {0}},
    {"elu", elu, 1, {0}, {1.5}, {1.5}},
    {"selu", wg_selu, 1, {0}, {1.7580993408473766}, {1.7580993408473766}},
    {"clamp", clamp, 2, {-1, 1}, {1, 1}, {0, 0}},
    {"huber", huber, 3, {1, -1, 0}, {1, -1, 0}, {1, 1, 1}},
    {"huber by the target", huber_by_target, 3, {1, -1, 0}, {1, -1, 0}, {1, 1, 1}},
    {"l1", l1, 1, {0}, {0}, {0}},
    {"hinge", hinge, 1, {1}, {0}, {0}},
    {"multi_margin", multi_margin, 3, {2, 1, 1.5}, {-1, 0, 1}, {0, 0, 0}},
    {"crammer_singer", crammer_singer, 3, {0, 1, 1}, {-1, 1, 0}, {0, 0, 0}},
    {"crammer_singer at its margin", crammer_singer, 3, {2, 1, 1}, {0, 0, 0}, {0, 0, 0}},
    {"bce of target 0", bce_of_0, 2, {0, 1}, {1, 1e12}, {1, 0}},
    {"bce of target 1", bce_of_1, 2, {1, 0}, {-1, -1e12}, {1, 0}},
    {"pairwise_distance at 0", distance, 2, {0, 0}, {0, 0}, {0, 0}},
    {"pairwise_distance p = 3 at 0", distance_3, 2, {0, 0}, {0, 0}, {0, 0}},
    {"contrastive of equal vectors", contrastive, 2, {0, 0}, {0, 0}, {0, 0}},
    {"norm2 at 0", norm2, 2, {0, 0}, {0, 0}, {0, 0}},
    {"norm p = 1", norm_one, 3, {NOT_A_NUMBER, 1, 0}, {NOT_A_NUMBER, 1, 0}, {0, 0, 0}},
    {"norm p = infinity", norm_infinite, 3, {-2, 2, 1}, {-1, 0, 0}, {0, 0, 0}},
    {"std of equal numbers", standard, 3, {3, 3, 3}, {0, 0, 0}, {0, 0, 0}},
    {"var with an infinity", variance, 3, {INF, 0, 1}, {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER}, {0, 0, 0}},
    {"asin at its ends", wg_asin, 2, {1, -1}, {INF, INF}, {INF, -INF}},
    {"acos at its ends", wg_acos, 2, {1, -1}, {-INF, -INF}, {-INF, INF}},
    {"sqrt", wg_sqrt, 1, {0}, {INF}, {-INF}},
    {"rsqrt", wg_rsqrt, 1, {0}, {-INF}, {INF}},
    {"log", wg_log, 1, {0}, {INF}, {-INF}},
    {"pow of base 0, b = 0", pow_base_0, 2, {0, 2}, {0, 0}, {0, 0}},
    {"pow of base 0, b = 2", pow_base_2, 1, {0}, {0}, {2}},
    {"pow of 0 by b", pow_exponent_of_0, 2, {0, 2}, {0, 0}, {0, 0}},
    {"pow of 2 by b = 0", pow_exponent_of_2, 1, {0}, {0.69314718055994531}, {0.48045301391820144}},
    {"pow_scalar 0", pow_scalar_0, 1, {0}, {0}, {0}},
    {"pow_scalar 1", pow_scalar_1, 1, {0}, {1}, {0}},
    {"pow_scalar of half", pow_scalar_half, 2, {0, -INF}, {INF, 0}, {-INF, 0}},
    {"gelu at infinity", wg_gelu, 2, {INF, -INF}, {1, 0}, {0, 0}},
    {"gelu_tanh at infinity", wg_gelu_tanh, 2, {INF, -INF}, {1, 0}, {0, 0}},
    {"silu at infinity", wg_silu, 2, {INF, -INF}, {1, 0}, {0, 0}},
    {"softplus", wg_softplus, 2, {INF, -INF}, {1, 0}, {0, 0}},
    {"logsumexp of -infinity", logsumexp, 2, {-INF, -INF}, {0, 0}, {0, 0}},
    {"maximum", maximum, 1, {0}, {1}, {0}},
    {"max", largest, 3, {2, 2, 1}, {1, 0, 0}, {0, 0, 0}},
    {"prod with a 0", product, 3, {0, 2, 3}, {6, 0, 0}, {5, 3, 2}},
    {"atan2 at the origin", angle, 1, {0}, {NOT_A_NUMBER}, {NOT_A_NUMBER}},
};

static wg_tensor *total(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_sum(((const struct kink *)context)->op(x[0]));
}

static int wrong;

static void compare(const struct kink *kink, const char *way, int i, double got, double want)
{
    if (isnan(want) ? isnan(got) : got == want || fabs(got - want) <= 1e-14 * fabs(want))
        return;
    wrong++;
    print_error("%s, %s: element %d is %.17g, not %g\n", kink->name, way, i, got, want);
}

static void check(const struct kink *kink)
{
    WG_TAPE(tape);
    wg_tensor *x = made(wg_set_requires_grad(wg_from(kink->at, WG_SHAPE(kink->n)), true)),
              *ones = made(wg_ones(WG_F64, WG_SHAPE(kink->n)));
    wg_tensor *y = made(total(&x, 1, (void *)(uintptr_t)kink)), *h, *hv;
    wg_tensor *g = made(wg_grad(y, x, .create_graph = true, .unused = WG_UNUSED_ZEROS));
    h = made(wg_grad(wg_add(wg_sum(g), wg_mul_scalar(wg_sum(x), 0)), x)); /* the second term makes the gradient of a linear op
                                                                             depend on x */
    bool finite = true;
    for (int i = 0; i < kink->n; i++)
        finite = finite && isfinite(kink->first[i]);
    assert_ok(wg_hvp(total, (void *)(uintptr_t)kink, &x, 1, &ones, NULL, NULL, &hv));
    for (int i = 0; i < kink->n; i++) {
        double unit[MOST] = {0};
        wg_tensor *ty;
        unit[i] = 1;
        wg_tensor *direction = made(wg_from(unit, WG_SHAPE(kink->n)));
        assert_ok(wg_jvp(total, (void *)(uintptr_t)kink, &x, 1, &direction, NULL, &ty));
        compare(kink, "reverse", i, element(g, i), kink->first[i]);
        if (finite) /* otherwise 0 times the other elements' derivatives is NaN */
            compare(kink, "forward", i, wg_item(ty), kink->first[i]);
        compare(kink, "reverse over reverse", i, element(h, i), kink->second[i]);
        compare(kink, "forward over reverse", i, element(hv, i), kink->second[i]);
    }
}

static void kinks_are_as_declared(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(kinks); i++)
        check(&kinks[i]);
    assert_int_equal(wrong, 0);
}

/* pow with respect to both operands, also at a = b = 0. There the mixed derivative has no limit: it is 1 as the derivative of
   dy/da and 0 as that of dy/db. */
static wg_tensor *power(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_pow(x[0], x[1]);
}

static void mixed_derivatives_of_pow(void **state)
{
    static const struct {
        double a, b, by[4];
    } cases[] = {{2, 0, {0, 0.5, 0.5, 0.48045301391820144}}, {0, 2, {2, 0, 0, 0}}, {0, 0, {0, 1, 0, 0}}};
    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        WG_TAPE(tape);
        wg_tensor *x[2] = {scalar_leaf(cases[i].a), scalar_leaf(cases[i].b)}, *g[2], *h[4];
        assert_ok(wg_hessian(power, NULL, x, 2, h));
        assert_ok(wg_grad_many(made(wg_pow(x[0], x[1])), x, 2, g, .create_graph = true));
        const double *want = cases[i].by;
        for (int k = 0; k < 4; k++) {
            const double reverse = wg_item(made(wg_grad(g[k / 2], x[k % 2], .unused = WG_UNUSED_ZEROS))), forward = wg_item(h[k]);
            if (fabs(reverse - want[k]) > 1e-14 || fabs(forward - want[k]) > 1e-14 || isnan(reverse) || isnan(forward)) {
                wrong++;
                print_error("pow(%g, %g): derivative %d is %g in reverse, %g forward, not %g\n", cases[i].a, cases[i].b, k, reverse,
                            forward, want[k]);
            }
        }
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(kinks_are_as_declared), TEST(mixed_derivatives_of_pow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
