/* ψₙ(x), the n-th derivative of ψ = Γ'/Γ, element by element; dψₙ/dx = ψₙ₊₁. Computed in f64. For x ≥ 1/2, SHIFT
   steps of the recurrence lead to an argument w = x + SHIFT at which the asymptotic series is accurate:

       (-1)ⁿ⁺¹ ψₙ(x) = Σ_{k < SHIFT} n!/(x+k)ⁿ⁺¹ + (n-1)!/wⁿ + n!/(2 wⁿ⁺¹) + Σ_{1 ≤ j ≤ TERMS} B_{2j} (2j+n-1)!/(2j)! / w^{2j+n}

   For n = 0, -ln w replaces (n-1)!/wⁿ. The truncation error is below 10⁻¹⁶ of the result for all n up to 20. For x < 1/2 the
   reflection formula applies, (-1)ⁿ ψₙ(1-x) - ψₙ(x) = π dⁿ/dxⁿ cot πx; that derivative is (-π)ⁿ Qₙ(cot πx) with
   Q₀(c) = c, Qₙ₊₁(c) = (1 + c²) Qₙ'(c). Both cases are computed for every x, so the work does not depend on the data. */
#ifdef REAL
enum { T(SHIFT) = 8, T(TERMS) = 8, T(MOST) = 20 };

/* The constants of the formulas above for one n. */
typedef struct {
    double factorial, leading, series[T(TERMS)];
    double cot[T(MOST) / 2 + 2]; /* πⁿ⁺¹ times Qₙ's coefficients; every other one is 0 and left out */
} T(psi);

static void T(psi_prepare)(int n, T(psi) * psi)
{
    static const double bernoulli[T(TERMS)] = {1. / 6, -1. / 30, 1. / 42, -1. / 30, 5. / 66, -691. / 2730, 7. / 6, -3617. / 510};
    double q[T(MOST) + 3] = {0, 1}, next[T(MOST) + 3] = {0}, power = M_PI;
    psi->factorial = psi->leading = 1;
    for (int i = 1; i <= n; i++) {
        psi->leading = psi->factorial;
        psi->factorial *= i;
        power *= M_PI;
        for (int k = 0; k <= i + 1; k++)
            next[k] = (k + 1) * q[k + 1] + (k > 0 ? (k - 1) * q[k - 1] : 0);
        memcpy(q, next, sizeof q);
    }
    for (int k = (n + 1) % 2; k <= n + 1; k += 2)
        psi->cot[k / 2] = power * q[k];
    for (int j = 1; j <= T(TERMS); j++) {
        double ratio = n == 0 ? 1. / (2 * j) : 1;
        for (int i = 2 * j + 1; i < 2 * j + n; i++)
            ratio *= i;
        psi->series[j - 1] = bernoulli[j - 1] * ratio;
    }
}

/* (-1)ⁿ⁺¹ ψₙ(x) for x ≥ 1/2; adds small terms first. */
static inline WIDE T(psi_sum)(WIDE x, int n, const T(psi) * psi)
{
    const WIDE w = x + (WIDE)T(SHIFT), v = (WIDE)1 / w, vv = v * v;
    WIDE sum = (WIDE)psi->series[T(TERMS) - 1];
    for (int j = T(TERMS) - 2; j >= 0; j--)
        sum = sum * vv + (WIDE)psi->series[j];
    sum = v * ((WIDE)(psi->factorial / 2) + v * sum);
    sum = n == 0 ? sum - log(w) : sum + (WIDE)psi->leading;
    for (int i = 0; i < n; i++)
        sum = sum * v;
    for (int k = T(SHIFT) - 1; k >= 0; k--) {
        const WIDE t = (WIDE)1 / (x + (WIDE)k);
        WIDE term = t * (WIDE)psi->factorial;
        for (int i = 0; i < n; i++)
            term = term * t;
        sum = sum + term;
    }
    return sum;
}

static inline WIDE T(psi_value)(WIDE x, int n, const T(psi) * psi)
{
    const bool odd = n % 2 != 0;
    const WIDE r = x - floor(x + (WIDE)0.5), mirrored = (WIDE)1 - x;
    const int low = x < (WIDE)0.5, pole = (x < (WIDE)0) & (r == (WIDE)0);
    const WIDE sum = T(psi_sum)(low ? mirrored : x, n, psi);
    const WIDE c = (WIDE)1 / tan(r * (WIDE)M_PI), cc = c * c;
    WIDE cot = (WIDE)psi->cot[(n + 1) / 2];
    for (int k = (n + 1) / 2 - 1; k >= 0; k--)
        cot = cot * cc + (WIDE)psi->cot[k];
    cot = odd ? cot : -(cot * c);
    const WIDE below = cot - sum, above = odd ? sum : -sum;
    return !low ? above : pole && !odd ? (WIDE)NAN : below;
}

static void T(polygamma_row)(int64_t count, char *const *at, const int64_t *s, const void *params)
{
    const int n = *(const int *)params;
    ELEM *y = (ELEM *)(void *)at[0];
    const ELEM *x = (const ELEM *)(const void *)at[1];
    T(psi) psi;
    T(psi_prepare)(n, &psi);
    for (int64_t i = 0; i < (count < 0 ? -count : count); i++) { /* count < 0: a recurrence */
        const REAL from = count < 0 && i > 0 ? (REAL)y[(i - 1) * s[0]] : (REAL)x[i * s[1]];
        y[i * s[0]] = (REAL)T(psi_value)((WIDE)from, n, &psi);
    }
}

static wg_status T(polygamma)(const wg_call *c)
{
    return wg_map(c, sizeof(ELEM), T(polygamma_row));
}
#else
#define KERNEL_FILE "ops/elementwise/polygamma.c"
#include "ops/op.h"

wg_tensor *wg_polygamma(int n, wg_tensor *x)
{
    if (n < 0 || n > MOST_f64) {
        wg_fail(WG_E_ARGUMENT, "polygamma", "polygamma: n is %d, not one of 0 to %d", n, MOST_f64);
        return NULL;
    }
    return wg_invoke1(&wg_op_polygamma, &n, x);
}

static wg_tensor *times_slope(const wg_call *c, wg_tensor *g)
{
    const int n = *(const int *)c->params;
    if (n == MOST_f64) {
        wg_fail(WG_E_NO_GRAD, "polygamma", "polygamma: n = %d is the last; it has no derivative here", n);
        return NULL;
    }
    return wg_mul(g, wg_polygamma(n + 1, c->in[0]));
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], times_slope(c, wg_donate(gy[0])));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = times_slope(c, tx[0]));
}

static wg_cost cost(const wg_call *c)
{
    const int n = *(const int *)c->params, powers = (n + 1) / 2; /* of c², in Qₙ */
    const int add = 2 * SHIFT_f64 + TERMS_f64 + 6 + powers, mul = (SHIFT_f64 + 1) * (n + 1) + TERMS_f64 + 3 + powers + (n % 2 == 0);
    return wg_cost_each(c, add, mul, SHIFT_f64 + 2, 3, n == 0 ? 2 : 1);
}

#define ORDER(k)                   \
    .n = 1, .params = &(const int) \
    {                              \
        k                          \
    }

const struct wg_op wg_op_polygamma = {
    .name = WG_REGISTERED("polygamma"),
    .params_size = sizeof(int),
    WG_PARAMS(WG_PARAM_ONLY(INT, "n")),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(polygamma),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"ψ", {WG_DIMS(3, 4)}, .low = {0.3}, .high = {4}, ORDER(0)},
               {"ψ'", {WG_DIMS(3, 4)}, .low = {0.5}, .high = {4}, ORDER(1)},
               {"ψ'' below 0", {WG_DIMS(3, 4)}, .low = {-1.8}, .high = {-1.2}, ORDER(2)},
               {"ψ⁽⁵⁾ below 0", {WG_DIMS(3, 4)}, .low = {-0.8}, .high = {-0.2}, ORDER(5)}),
};
#endif
