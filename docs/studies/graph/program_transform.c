/* A derivative is a transform of a program. The value program iterates the logistic map, four lines
       l₁ = x,  l_{n+1} = 4 l_n (1 - l_n)     for n = 1, 2, 3
   and its derivative procedure has the same lines in the reverse order, each replaced by its adjoint: δl_n = 4 (1 - 2 l_n) δl_{n+1}.
   Written out, l₄ = 64 x (1-x) (1-2x)² (1-8x+8x²)², whose derivative by hand has four terms of up to seven factors. Differences need
   neither, but their error is the truncation's, h or h², and the rounding's, ε/h, and no step h makes both small.

   The comparison is that of F. Gogianu, Optimization (Bitdefender), and J. Sun, Training DNNs: Basic Methods (Minnesota, 2020); the map
   that of Baydin, Pearlmutter, Radul, Siskind, Automatic differentiation in machine learning: a survey (2018). */
#include "../study.h"

#include <float.h>
#include <math.h>

enum { LINES = 3, POINTS = 99, STEPS = 48 };

/* The value program. It keeps its values for the derivative procedure. */
static double value(double x, double l[LINES + 1])
{
    l[0] = x;
    for (int n = 0; n < LINES; n++)
        l[n + 1] = 4 * l[n] * (1 - l[n]);
    return l[LINES];
}

/* The derivative procedure. Control: its lines read the values in the order of the value program. */
static double derivative(const double l[LINES + 1], bool reversed)
{
    double adjoint = 1;
    for (int n = LINES - 1; n >= 0; n--)
        adjoint = reversed ? 4 * (1 - 2 * l[n]) * adjoint : 4 * (1 - 2 * l[n + 1]) * adjoint;
    return adjoint;
}

/* The derivative by hand, from the expression that has been written out. */
static double by_hand(double x)
{
    const double a = 1 - x, b = 1 - 2 * x, c = 1 - 8 * x + 8 * x * x;
    return 128 * x * a * (16 * x - 8) * b * b * c + 64 * a * b * b * c * c - 64 * x * b * b * c * c - 256 * x * a * b * c * c;
}

/* The transform by the library: the tape is the value program, and backward runs its derivative procedure. NaN: something failed. */
static double by_tape(double x)
{
    WG_TAPE(tape);
    wg_tensor *leaf = wg_set_requires_grad(wg_scalar(WG_F64, x), true), *l = leaf;
    for (int n = 0; n < LINES; n++)
        l = wg_mul(wg_mul_scalar(l, 4), wg_add_scalar(wg_neg(l), 1));
    return wg_item(wg_grad(l, leaf));
}

static double difference(double x, double h, bool central)
{
    double l[LINES + 1];
    const double above = value(x + h, l);
    return central ? (above - value(x - h, l)) / (2 * h) : (above - value(x, l)) / h;
}

/* The largest errors at x = 0.01 … 0.99 for one step, over the largest derivative, 64: a row. */
static bool add_step(struct study_run *run, double h, double error[2])
{
    for (int c = 0; c < 2; c++) {
        error[c] = 0;
        for (int i = 1; i <= POINTS; i++)
            error[c] = fmax(error[c], fabs(difference(0.01 * i, h, c) - by_hand(0.01 * i)) / 64);
    }
    return study_row(run, "%.9g,%.9g,%.9g", h, error[0], error[1]);
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double procedure = 0, tape = 0, best[2] = {INFINITY, INFINITY}, h[STEPS], error[2], all[2][STEPS];
    bool good = study_row(run, "step,forward,central");
    for (int k = 0; k < STEPS && good; k++) {
        h[k] = ldexp(1, -4 - k);
        good = add_step(run, h[k], error);
        for (int c = 0; c < 2; c++) {
            all[c][k] = error[c];
            best[c] = fmin(best[c], error[c]);
        }
    }
    good = good && study_table(run, "function", "x,value,by hand,procedure,tape");
    for (int i = 1; i <= POINTS && good; i++) {
        double l[LINES + 1];
        const double x = 0.01 * i, y = value(x, l), want = by_hand(x), ours = derivative(l, !run->control), theirs = by_tape(x);
        procedure = fmax(procedure, fabs(ours - want) / 64);
        tape = isnan(theirs) ? (double)NAN : fmax(tape, fabs(theirs - want) / 64);
        good = !isnan(theirs) && study_row(run, "%g,%.9g,%.9g,%.9g,%.9g", x, y, want, ours, theirs);
    }
    good = good && study_table(run, "transform", "error") && study_row(run, "%.9g", fmax(tape, DBL_EPSILON));
    if (!good)
        return false;
    study_near(run, "forward differences: exponent of the truncation error in h, over h = 2^-12 … 2^-19",
               study_exponent(h + 8, all[0] + 8, 8), 1, .02);
    study_near(run, "central differences: exponent in h, over h = 2^-9 … 2^-14", study_exponent(h + 5, all[1] + 5, 6), 2, .02);
    study_near(run, "forward differences: exponent of the rounding error in h, over h = 2^-32 … 2^-47",
               study_exponent(h + 28, all[0] + 28, 16), -1, .1);
    study_claim(run, tape <= 1e-14, "backward on a tape differs from the derivative by hand by %.1e of its size, at most 1e-14",
                tape);
    study_decide(
        run, procedure <= 1e-14 && tape <= 1e-14 && best[0] > 1e-9 && best[1] > 1e-12,
        "the derivative procedure of l₄(x) has an error of %.1e, at most 1e-14 (rounding); with the best of %d steps a forward difference has "
        "%.1e and a central one %.1e: above 1e-9 and 1e-12 (largest at 99 points)",
        procedure, STEPS, best[0], best[1]);
    return true;
}

const struct study study_program_transform = {
    .name = "program_transform", .control = "each line of the derivative procedure one value too late", .run = run};
