/* RAdam's rectification, which several rules have: how much a mean of t squared gradients is worth. Source: Liu et al., 2020. */
#ifndef OPTIM_RECTIFIED_H
#define OPTIM_RECTIFIED_H

#include "rule.h"

double rectified_limit(double beta2);                            /* ρ∞ = 2/(1-β₂) - 1 */
wg_tensor *rectified_length(const struct step *s, double beta2); /* ρ at step t: ρ∞ - 2t β₂ᵗ/(1-β₂ᵗ), f64 */
wg_tensor *rectified_above(wg_tensor *rho, double limit);        /* 1 where ρ > limit, else 0 */
wg_tensor *rectified_factor(wg_tensor *rho, double beta2); /* √((ρ-4)(ρ-2)ρ∞/((ρ∞-4)(ρ∞-2)ρ)), 0 where ρ ≤ 4; ρ∞ > 4 */

/* RAdam's step, of moments m and v: m/(1-β₁ᵗ) factor √(1-β₂ᵗ)/(√v + ε) where ρ > 5, else m/(1-β₁ᵗ). */
wg_tensor *rectified_step(const struct step *s, wg_tensor *m, wg_tensor *v, double beta1, double beta2, double eps);

#endif
