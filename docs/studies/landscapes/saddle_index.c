/* The index of a stationary point is the number K of negative eigenvalues of the Hessian: 0 at a minimum, K at a saddle of order K. Where
   each coordinate has two wells,

       f(x) = Σᵢ (xᵢ² - 1)²,    stationary where every xᵢ is -1, 0 or 1,

   a point with K zeros has the index K and f = K. There are C(n,K) 2^(n-K) of them, C(n,K)/2^K for each minimum: more saddles than
   minima for a while, and the higher the index the higher the loss. A lecture counts the saddles of a network's permutations for each
   minimum, 2^-K C(n - K, K), and says that they are more. At n = 10 they are for K = 1, 2 and 3, and fewer (0.94) for K = 4.

   Index and count follow W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

enum { N = 6 };

static wg_tensor *wells(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_sum(wg_square(wg_add_scalar(wg_square(x[0]), *(const double *)context)));
}

static double choose(int n, int k)
{
    return k > n ? 0 : round(tgamma(n + 1) / (tgamma(k + 1) * tgamma(n - k + 1)));
}

/* The lecture's number of K-saddles for each minimum. */
static double printed_factor(int n, int k)
{
    return choose(n - k, k) / pow(2, k);
}

/* Control: (x² + 1)², which has no wells. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double shift = run->control ? 1 : -1;
    int64_t count[N + 1] = {0};
    int64_t equal = 0, on_level = 0, points = (int64_t)pow(3, N);
    wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(N));
    const wg_study_loss loss = {.f = wells, .context = &shift, .params = {1, &x, NULL}};
    bool good = x && study_row(run, "index,points,expected,loss");
    for (int64_t p = 0; p < points && good; p++) {
        wg_study_point point;
        double *at = wg_data_mut(x);
        for (int64_t i = 0, rest = p; i < N; i++, rest /= 3)
            at[i] = (double)(rest % 3 - 1);
        good = wg_study_classify(&loss, &point) == WG_OK;
        const bool stationary = good && point.kind != WG_STUDY_NOT_STATIONARY;
        count[stationary ? point.negative : 0] += stationary;
        on_level += stationary && fabs(point.loss - (double)point.negative) < 1e-12;
    }
    for (int k = 0; k <= N && good; k++) {
        const double expected = choose(N, k) * pow(2, N - k);
        equal += (double)count[k] == expected;
        good = study_row(run, "%d,%d,%g,%d", k, (int)count[k], expected, k);
    }
    good = good && study_table(run, "factors", "index,wells,printed");
    for (int k = 0; k <= 5 && good; k++)
        good = study_row(run, "%d,%g,%g", k, choose(10, k) / pow(2, k), printed_factor(10, k));
    wg_free(x);
    if (!good)
        return false;
    study_claim(run, on_level == points, "at %d of %d stationary points the loss is the index", (int)on_level, (int)points);
    study_claim(run, printed_factor(10, 3) > 1 && printed_factor(10, 4) < 1,
                "the printed number of K-saddles for each minimum at n = 10 is %g for K = 3 and %g for K = 4: not always more",
                printed_factor(10, 3), printed_factor(10, 4));
    study_decide(
        run, equal == N + 1,
        "Σ (xᵢ² - 1)² with n = 6: the %d minima, %d saddles of order 1, %d of order 2, … and %d maximum found at 3⁶ points are C(6,K) 2^(6-K) for %d of 7 indices K",
        (int)count[0], (int)count[1], (int)count[2], (int)count[N], (int)equal);
    return true;
}

const struct study study_saddle_index = {.name = "saddle_index", .control = "(x² + 1)², which has no wells", .run = run};
