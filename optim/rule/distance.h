/* What the rules share that estimate d, how far the solution is from the start. */
#ifndef OPTIM_DISTANCE_H
#define OPTIM_DISTANCE_H

#include "rule.h"

/* Here state is the number of d, a shared state. A step is of the size of d as the step before left it. */
wg_tensor *distance_rate(const struct step *s, int state); /* lr d, f64 */
/* lr d, times √(1-β₂ᵗ)/(1-β₁ᵗ) unless uncorrected, f64 */
wg_tensor *distance_adam_rate(const struct step *s, int state, double beta1, double beta2, bool uncorrected);
/* min(estimate, growth d), whose derivative is a number where growth is infinite, too */
wg_tensor *distance_limited(wg_tensor *estimate, wg_tensor *d, double growth);
/* d ← max(d, min(estimate, growth d)) */
wg_status distance_grow(struct step *s, int state, wg_tensor *estimate, double growth);
/* The same where sum 0 and sum 1 are a scalar product and ‖s‖₁ of averages with q: numerator, a shared state, ← q numerator +
   (1-q) sum 0; the estimate is numerator/((1-q) sum 1). */
wg_status distance_grow_by_average(struct step *s, int state, int numerator, double q, double growth);
/* For part: E_MEMORY or whatever made one of its n sums NULL. */
wg_status distance_parts(const struct step *s, int n);

wg_tensor *distance_sum(wg_tensor *a, double beta, wg_tensor *b, wg_tensor *factor); /* β a + factor b */
wg_tensor *distance_toward(wg_tensor *p, double momentum, wg_tensor *z);             /* μ p + (1-μ) z */

#endif
