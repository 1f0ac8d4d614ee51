/* Bad minima of a network that a wider one does not have. A teacher of k relu units, Σⱼ relu(vⱼᵀx) with vⱼ = eⱼ, labels Gaussian inputs, and
   a student Σᵢ relu(wᵢᵀx) of n units learns from infinitely many of them. The expected loss has a closed form, for

       E relu(wᵀx) relu(vᵀx) = ‖w‖‖v‖ (sin θ + (π - θ) cos θ) / 2π,    θ the angle of w and v.

   With n = k there are local minima of a loss well above 0, the more the larger k is: descent from random weights ends in one of them,
   where the gradient is 0 and all eigenvalues of the Hessian are positive. With two units more it finds none.

   The claim is in A. Risteski, Deep Learning (CMU, 2021), lecture 6, after Safran, Shamir: Spurious local minima are common in two-layer
   relu neural networks, 2018. */
#include "../study.h"

#include <math.h>

enum { BAD = 1, GOOD = 0, FAILED = -1 };

/* The sum of E relu(aᵢᵀx) relu(bⱼᵀx) over all rows of a and b. The cosine is made smaller by 1e-10, so that acos has a derivative at 1. */
static wg_tensor *products(wg_tensor *a, wg_tensor *b)
{
    wg_tensor *norms = wg_matmul(wg_norm2(a, .axis = 1, .keepdims = true),
                                 wg_transpose(wg_norm2(b, .axis = 1, .keepdims = true), 0, 1));
    wg_tensor *cosine = wg_mul_scalar(wg_div(wg_matmul(a, wg_transpose(b, 0, 1)), norms), 1 - 1e-10);
    wg_tensor *sine = wg_sqrt(wg_add_scalar(wg_neg(wg_square(cosine)), 1));
    wg_tensor *angle = wg_mul(wg_add_scalar(wg_neg(wg_acos(cosine)), M_PI), cosine);
    return wg_mul_scalar(wg_sum(wg_mul(norms, wg_add(sine, angle))), 1 / (2 * M_PI));
}

/* ½ E (student - teacher)² */
static wg_tensor *expected_loss(wg_tensor *const *w, size_t n, void *teacher)
{
    (void)n;
    wg_tensor *cross = wg_mul_scalar(products(w[0], teacher), -2);
    return wg_mul_scalar(wg_add(wg_add(products(w[0], w[0]), cross), products(teacher, teacher)), 0.5);
}

/* Where a descent from random weights of n units ends: BAD in a minimum with a loss above 1e-3, of which a row. */
static int descend(struct study_run *run, wg_tensor *teacher, int64_t n, int start, double *loss, double *smallest)
{
    const int64_t k = wg_extent(teacher, 0);
    wg_tensor *generator = wg_generator(run->seed, (uint64_t)(100000 * k + 1000 * n + start));
    wg_tensor *w = generator ? wg_normal(generator, WG_F64, WG_SHAPE(n, k), 0, sqrt(1.0 / (double)k)) : NULL;
    wg_minimizer *lbfgs = w && wg_set_requires_grad(w, true)
                              ? wg_minimize_lbfgs(((wg_tensor_list){1, &w, NULL}), .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE,
                                                  .max_iterations = 3000, .change_tolerance = 1e-13)
                              : NULL;
    wg_minimize_result result;
    wg_study_point point = {0};
    bool good = lbfgs && wg_minimize_run(lbfgs, expected_loss, teacher, &result) == WG_OK;
    const bool high = good && result.f > 1e-3;
    if (high)
        good = wg_study_classify((&(wg_study_loss){expected_loss, teacher, {1, &w, NULL}}), &point, .gradient = 1e-5) == WG_OK;
    good = good && study_row(run, "%d,%d,%d,%.6g,%.3g,%.3g", (int)k, (int)n, start, result.f, point.gradient_norm, point.smallest);
    wg_minimize_destroy(lbfgs);
    wg_free(generator), wg_free(w);
    *loss = point.loss, *smallest = point.smallest;
    return !good ? FAILED : high && point.kind == WG_STUDY_MINIMUM ? BAD : GOOD;
}

/* How many of the descents end in bad minima; -1 on failure. *lowest: the lowest of their losses. */
static int count_bad(struct study_run *run, int64_t k, int64_t n, int starts, double *lowest)
{
    wg_tensor *ones = wg_ones(WG_F64, WG_SHAPE(k)), *teacher = ones ? wg_diag(ones) : NULL;
    double loss, smallest;
    int bad = 0, kind = teacher ? GOOD : FAILED;
    for (int start = 0; start < starts && kind != FAILED; start++) {
        kind = descend(run, teacher, n, start, &loss, &smallest);
        bad += kind == BAD;
        *lowest = kind == BAD ? fmin(*lowest, loss) : *lowest;
    }
    wg_free(ones), wg_free(teacher);
    return kind == FAILED ? -1 : bad;
}

/* Control: the student has two units more than its teacher from the start. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const int starts = run->quick ? 10 : 50, smallest = run->quick ? 12 : 6, largest = run->quick ? 12 : 14;
    int bad[3] = {0}, all = 0, last = 0;
    double lowest = INFINITY;
    bool good = study_row(run, "k,n,start,loss,gradient,smallest");
    for (int k = smallest; k <= largest && good; k += 2)
        for (int more = 0; more <= 2 && good; more++) {
            const int count = count_bad(run, k, k + (run->control ? 2 : more), starts, &lowest);
            good = count >= 0;
            bad[more] += count, all += more == 0 ? starts : 0;
            last = more == 0 ? count : last;
            printf("     k = %d, n = %d: %d of %d descents end in a bad minimum\n", k, k + (run->control ? 2 : more), count,
                   starts);
        }
    if (!good)
        return false;
    study_claim(run, bad[0] == 0 || lowest > 0.01, "the lowest of the bad minima has a loss of %.3g, above 0.01", lowest);
    (run->quick ? study_reduced : study_decide)(
        run, last >= starts / 5 && bad[1] <= bad[0] / 4 && bad[2] == 0,
        "students of as many relu units as their teacher, k = %d to %d: %d of %d descents end in local minima with a loss above 0.001 (k = %d: %d of %d); with one unit more %d, with two more %d",
        smallest, largest, bad[0], all, largest, last, starts, bad[1], bad[2]);
    return true;
}

const struct study study_teacher_student = {
    .name = "teacher_student", .control = "a student of two units more in place of as many", .run = run};
