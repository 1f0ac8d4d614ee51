/* Losses of distributions and of directions. The cross entropy of p and q is the entropy of p plus the Kullback-Leibler divergence
   KL(p, q) = Σ p ln(p/q), so both have one gradient by q. KL compares shares of the same bin: of two bumps that lie apart it says that
   they do, not how far. The Wasserstein distance is the work of moving one onto the other, |shift| for two bumps of one form. The
   cosine y·t/(‖y‖ ‖t‖), with a minus sign, compares directions whatever the lengths.

   The losses are those of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020), and F. Gogianu, Optimization (Bitdefender). */
#include "../study.h"

#include <math.h>

enum { BINS = 60, WIDTH = 10, AT = 5 };
static const double floor_share = 1e-3; /* spread over all bins, so that KL is finite */

/* A block of WIDTH bins from `from`, with the floor. */
static wg_tensor *block(int from)
{
    double p[BINS];
    for (int i = 0; i < BINS; i++)
        p[i] = floor_share / BINS + (i >= from && i < from + WIDTH ? (1 - floor_share) / WIDTH : 0);
    return wg_from(p, WG_SHAPE(1, BINS));
}

struct distances {
    double kl, wasserstein, off; /* off: cross entropy less entropy less KL */
};

/* Between two blocks, one of which is shifted by so many bins. */
static bool compare(int shift, struct distances *d)
{
    WG_TAPE(tape);
    wg_tensor *p = block(AT), *q = block(AT + shift), *logq = wg_log(q);
    const double cross = -wg_item(wg_sum(wg_mul(p, logq))), entropy = -wg_item(wg_sum(wg_mul(p, wg_log(p))));
    d->kl = wg_item(wg_kl_div(logq, p, .reduction = WG_REDUCTION_SUM));
    d->wasserstein = wg_item(wg_wasserstein_histogram(q, p)) / (1 - floor_share);
    d->off = fabs(cross - entropy - d->kl);
    return !isnan(d->kl + d->wasserstein + d->off);
}

/* The cosine loss of two vectors of the lengths 1 and length at an angle. */
static double cosine(double angle, double length)
{
    WG_TAPE(tape);
    wg_tensor *y = wg_from(((double[]){cos(angle), sin(angle)}), WG_SHAPE(1, 2)),
              *t = wg_from(((double[]){length, 0}), WG_SHAPE(1, 2));
    return wg_item(wg_cosine_loss(y, t));
}

/* Control: KL in the place of the Wasserstein distance. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct distances d, last = {0};
    double worst = 0, off = 0, flat = 0, turned = 0;
    bool good = study_row(run, "shift,kl,wasserstein");
    for (int shift = 0; shift <= 40 && good; shift++) {
        good = compare(shift, &d) && study_row(run, "%d,%.9g,%.9g", shift, d.kl, d.wasserstein);
        worst = fmax(worst, fabs((run->control ? d.kl : d.wasserstein) - shift));
        off = fmax(off, d.off);
        flat = shift > WIDTH ? fmax(flat, fabs(d.kl - last.kl)) : flat;
        last = d;
    }
    good = good && study_table(run, "cosine", "degrees,short,long");
    for (int i = -180; i <= 180 && good; i += 6) {
        const double angle = i * M_PI / 180, one = cosine(angle, 1), ten = cosine(angle, 10);
        turned = fmax(turned, fmax(fabs(one + cos(angle)), fabs(ten + cos(angle))));
        good = study_row(run, "%d,%.9g,%.9g", i, one, ten);
    }
    if (!good)
        return false;
    study_claim(run, off < 1e-12, "the cross entropy is the entropy of p plus KL(p, q): off by %.1e", off);
    study_claim(run, flat < 1e-12, "beyond %d bins the blocks lie apart, and KL changes by %.1e at most", WIDTH, flat);
    study_claim(run, turned < 1e-12,
                "the cosine loss is minus the cosine of the angle for targets of the lengths 1 and 10: off by %.1e", turned);
    study_decide(
        run, worst < 1e-9,
        "the stated distance of two blocks is their shift of 0 to 40 bins: off by %.1e, 1e-9 allowed for rounding; KL stays at "
        "%.2f once they lie apart",
        worst, last.kl);
    return true;
}

const struct study study_distribution_losses = {
    .name = "distribution_losses", .control = "KL in the place of the Wasserstein distance", .run = run};
