/* What a gradient costs: six ways to the gradient of L = (t - βᵀ h_k)², h_j = tanh(W_j h_{j-1}), a network of k layers of H neurons with
   kH² + H parameters. Each counts its operations, and the counts equal exact polynomials in k and H (complexity_methods.c):
       backprop O(kH²),   the same by its equations in plain C,   the chain rule for each parameter by itself O(k²H²),
       forward mode O(k²H⁴),   central differences O(k²H⁴),   the sum over all paths from a weight to the output O(kH^(k+1)).

   The question, and the chain rule with nothing shared as its naive answer, are those of V. Cevher, Mathematics of Data (EPFL, 2019),
   lecture 7. */
#include "../study.h"

#include <math.h>
#include <stdlib.h>

#include "complexity_methods.h"

enum { MAX_WIDTH = 256, MAX_POINTS = 160 };

/* One network of the grid. A method that would take too long has total 0. error: of the gradient, relative to backprop's. */
struct point {
    int k, h;
    double total[N_METHODS], error[N_METHODS];
};

struct complexity_options {
    double limit;
};

static const wg_option options[] = {
    WG_OPTION_REAL_OF(struct complexity_options, limit, 1e8, "operations that one gradient of a slow method may take, at least 1e4",
                      WG_AT_LEAST(1e4)),
};

/* The largest difference of two gradients, relative to the largest element of the same parameter in `want`. */
static double relative_error(const struct network *net, const double *got, const double *want)
{
    double worst = 0;
    for (int j = 0; j <= net->k; j++) {
        const int64_t n = wg_numel(net->weight[j]);
        double difference = 0, largest = 0;
        for (int64_t i = 0; i < n; i++, got++, want++) {
            difference = fmax(difference, fabs(*got - *want));
            largest = fmax(largest, fabs(*want));
        }
        worst = fmax(worst, difference / largest);
    }
    return worst;
}

/* Runs the methods that are feasible on a network. Where one is not, the table has its closed form alone. */
static bool add_point(struct study_run *run, struct point *p, int k, int h, double limit)
{
    struct network net;
    bool good = network_make(&net, k, h, run->seed);
    const size_t bytes = (size_t)network_parameters(&net) * sizeof(double);
    double *want = malloc(bytes), *got = malloc(bytes);
    *p = (struct point){.k = k, .h = h};
    good = good && want && got;
    for (int m = 0; good && m < N_METHODS; m++) {
        struct operations done = {0};
        const bool fast = m == BACKPROP || m == EQUATIONS || m == SEPARATE;
        if (fast || methods[m].closed_form(k, h) <= limit) {
            good = methods[m].run(&net, m == BACKPROP ? want : got, &done);
            p->error[m] = m == BACKPROP ? 0 : relative_error(&net, got, want);
        }
        p->total[m] = done.total;
        good = good && study_row(run, "%s,%d,%d,%.17g,%.17g,%.3g", methods[m].name, k, h, done.total, methods[m].closed_form(k, h),
                                 p->error[m]);
    }
    free(want);
    free(got);
    network_free(&net);
    return good;
}

/* The lines that are drawn and fitted, k = 1 … 64 at H = 4 and H = 4 … 256 at k = 4. Returns their number, or -1. */
static int add_points(struct study_run *run, struct point *point, double limit)
{
    const int step = run->quick ? 8 : 2;
    bool good = study_row(run, "method,k,H,operations,closed_form,error");
    int n = 0;
    for (int k = 1; k <= MAX_LAYERS && good; k = k < 4 ? k + 1 : k < 8 ? 8 : k + step)
        good = add_point(run, &point[n++], k, 4, limit);
    for (int h = 8; h <= MAX_WIDTH && good; h = h < 32 ? 2 * h : h + 4 * step)
        good = add_point(run, &point[n++], 4, h, limit);
    return good ? n : -1;
}

static void claim_method(struct study_run *run, const struct point *point, int n, int m)
{
    int ran = 0, same = 0;
    double worst = 0;
    for (int i = 0; i < n; i++) {
        ran += point[i].total[m] > 0;
        same += point[i].total[m] == methods[m].closed_form(point[i].k, point[i].h);
        worst = fmax(worst, point[i].error[m]);
    }
    study_claim(run, ran > 0 && same == ran, "%s: counts equal the closed form at %d of %d networks that ran", methods[m].label,
                same, ran);
    if (m != BACKPROP)
        study_claim(run, worst <= methods[m].tolerance,
                    "%s: the gradient differs from backprop's by %.2g of its largest element (allowed %.0e)", methods[m].label,
                    worst, methods[m].tolerance);
}

/* The exponent in k at H = 4, or in H at k = 4, over the upper half of the range. */
static double exponent(const struct point *point, int n, int m, bool in_k)
{
    double x[MAX_POINTS], y[MAX_POINTS];
    int found = 0;
    for (const struct point *p = point; p < point + n; p++) {
        if (in_k ? p->h != 4 || p->k < MAX_LAYERS / 2 : p->k != 4 || p->h < MAX_WIDTH / 2)
            continue;
        x[found] = in_k ? p->k : p->h;
        y[found++] = p->total[m];
    }
    return study_exponent(x, y, found);
}

/* Control: backprop that shares nothing. */
static bool run(struct study_run *run, const void *chosen)
{
    const struct complexity_options *o = chosen;
    struct point *point = calloc(MAX_POINTS, sizeof *point);
    const int n = point ? add_points(run, point, run->quick ? fmin(o->limit, 3e5) : o->limit) : -1;
    const int method = run->control ? SEPARATE : BACKPROP;
    if (n > 0) {
        for (int m = 0; m < N_METHODS; m++)
            claim_method(run, point, n, m);
        const double naive_k = exponent(point, n, SEPARATE, true), naive_h = exponent(point, n, SEPARATE, false);
        const double k = exponent(point, n, method, true), h = exponent(point, n, method, false);
        study_decide(
            run, fabs(naive_k - 2) <= .03 && fabs(naive_h - 2) <= .03 && fabs(k - 1) <= .03 && fabs(h - 2) <= .03,
            "operations of a gradient by the chain rule for each parameter grow as k^%.3f H^%.3f, and by backprop as k^%.3f H^%.3f; expected k²H² and "
            "kH² within 0.03 in each exponent (fits over k = 32 … 64, H = 128 … 256)",
            naive_k, naive_h, k, h);
    }
    free(point);
    return n > 0;
}

const struct study study_complexity = {.name = "complexity",
                                       .control = "the chain rule for each parameter in backprop's place",
                                       .table = {options, 1, sizeof(struct complexity_options)},
                                       .run = run};
