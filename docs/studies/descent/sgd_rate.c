/* The rate of SGD for a loss that need not be convex. If f is L-smooth and the gradient of an example has the variance σ², then N steps at
   the rate γ = 1/(L√N) give

       1/N Σ E‖∇f(w_k)‖² ≤ (2LΔ + σ²)/√N,    Δ = f(w₀) - min f

   The loss is a robust regression, f = 1/m Σ φ(aᵢᵀw - bᵢ) with φ(r) = ½ r²/(1 + r²), which is flat far away. |φ''| ≤ 1, so L is at most the
   largest eigenvalue of AᵀA/m; |φ'| ≤ 3√3/16, so σ² is at most 27/256 mean ‖aᵢ‖²; and f ≥ 0, so Δ is at most f(w₀).

   The theorem is in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7; its constant is corrected here (σ² stands outside the 2L). */
#include "../study.h"

#include <math.h>

enum { M = 50, D = 4, SMALLEST = 6, LARGEST = 17, MAX_SEEDS = 5, LOOKS = 1024 };

struct problem {
    wg_tensor *a, *b, *w;     /* (M, D), (M, 1), (D, 1); w requires a gradient */
    double smoothness, bound; /* L, and 2LΔ + σ² */
};

/* The mean of φ over examples. */
static wg_tensor *loss(wg_tensor *a, wg_tensor *b, wg_tensor *w)
{
    wg_tensor *squares = wg_square(wg_sub(wg_matmul(a, w), b));
    return wg_mul_scalar(wg_mean(wg_div(squares, wg_add_scalar(squares, 1))), 0.5);
}

/* ‖∇f(w)‖²; NaN on failure. */
static double squared_gradient(const struct problem *p)
{
    WG_TAPE(tape);
    return wg_item(wg_sum(wg_square(wg_grad(loss(p->a, p->b, p->w), p->w))));
}

static bool make(struct problem *p, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0);
    wg_tensor *values = NULL, *vectors = NULL;
    bool good = generator != NULL;
    {
        WG_TAPE(tape);
        wg_tensor *a = wg_normal(generator, WG_F64, WG_SHAPE(M, D), 0, 1),
                  *teacher = wg_normal(generator, WG_F64, WG_SHAPE(D, 1), 0, 0.5);
        wg_tensor *b = wg_add(wg_matmul(a, teacher), wg_normal(generator, WG_F64, WG_SHAPE(M, 1), 0, 0.3));
        good = good && wg_eigh(wg_matmul(wg_transpose(a, 0, 1), a), &values, &vectors) == WG_OK;
        p->smoothness = good ? wg_data_as(values, double)[D - 1] / M : (double)NAN;
        const double sigma2 = 27.0 / 256 * wg_item(wg_sum(wg_square(a))) / M;
        wg_tensor *start = wg_zeros(WG_F64, WG_SHAPE(D, 1));
        p->bound = 2 * p->smoothness * wg_item(loss(a, b, start)) + sigma2;
        p->a = wg_keep(a), p->b = wg_keep(b), p->w = wg_keep(start);
    }
    wg_free(generator);
    return isfinite(p->bound) && p->w && wg_set_requires_grad(p->w, true);
}

/* The mean of ‖∇f‖² over N steps of one example each, looked at LOOKS times at most; NaN on failure. */
static double descend(struct problem *p, int64_t n, double rate, uint64_t seed)
{
    const int64_t every = n > LOOKS ? n / LOOKS : 1;
    wg_optim *sgd = wg_optim_sgd(((wg_tensor_list){1, &p->w, NULL}), .lr = rate);
    wg_batches *batches = wg_batches_create(p->a, p->b, .size = 1, .seed = seed, .replacement = true, .samples = n);
    bool good = sgd && batches && wg_write(p->w, (double[D]){0}) == WG_OK;
    double sum = 0;
    for (int64_t k = 0; k < n && good; k++) {
        WG_TAPE(tape);
        wg_tensor *a, *b;
        sum += k % every == 0 ? squared_gradient(p) : 0;
        good = wg_batches_next(batches, &a, &b) == WG_OK && wg_backward(loss(a, b, p->w)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    wg_batches_destroy(batches);
    wg_optim_destroy(sgd);
    return good ? sum * (double)every / (double)n : (double)NAN;
}

/* Rows for N = 2^SMALLEST … ; n[i] and the mean over seeds. *above: how often the bound was exceeded. */
static bool sweep(struct study_run *run, struct problem *p, int n_sizes, int seeds, double n[], double mean[], int *above)
{
    bool good = study_row(run, "n,rate,seeds,mean,deviation,bound");
    for (int i = 0; i < n_sizes && good; i++) {
        double of_seed[MAX_SEEDS];
        n[i] = ldexp(1, SMALLEST + i);
        const double rate = run->control ? 0.25 / p->smoothness : 1 / (p->smoothness * sqrt(n[i])), bound = p->bound / sqrt(n[i]);
        for (int k = 0; k < seeds && good; k++) {
            of_seed[k] = descend(p, (int64_t)n[i], rate, run->seed * 100 + (uint64_t)k);
            good = isfinite(of_seed[k]);
        }
        mean[i] = good ? study_mean(of_seed, seeds) : (double)NAN;
        *above += mean[i] > bound;
        good = good &&
               study_row(run, "%g,%.9g,%d,%.9g,%.9g,%.9g", n[i], rate, seeds, mean[i], study_deviation(of_seed, seeds), bound);
    }
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct problem p = {0};
    double n[LARGEST], mean[LARGEST];
    const int n_sizes = (run->quick ? 13 : LARGEST) - SMALLEST + 1, seeds = run->quick ? 2 : MAX_SEEDS, fitted = run->quick ? 5 : 8;
    int above = 0;
    const bool good = make(&p, run->seed) && sweep(run, &p, n_sizes, seeds, n, mean, &above);
    if (good) {
        const double exponent = study_exponent(&n[n_sizes - fitted], &mean[n_sizes - fitted], fitted),
                     tolerance = run->quick ? 0.15 : 0.05;
        (run->quick ? study_reduced : study_decide)(
            run, above == 0 && fabs(exponent + 0.5) <= tolerance,
            "SGD with γ = 1/(L√N): mean ‖∇f‖² over N steps is below (2LΔ + σ²)/√N for all N up to 2^%d, and falls as N^%.3f (the last %d N, %d "
            "seeds), expected -½ within %g",
            SMALLEST + n_sizes - 1, exponent, fitted, seeds, tolerance);
    }
    wg_free(p.a), wg_free(p.b), wg_free(p.w);
    return good;
}

const struct study study_sgd_rate = {.name = "sgd_rate", .control = "one rate, 1/(4L), for all numbers of steps", .run = run};
