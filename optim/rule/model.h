/* What the rules share whose rate leads to where a model of the loss, the average of its linear ones, meets its lower bound. */
#ifndef OPTIM_MODEL_H
#define OPTIM_MODEL_H

#include "rule.h"

/* For part, with the average of gradients m, the direction u, and dot, the average of ⟨g, p⟩. */
wg_status model_parts(struct step *s, wg_tensor *m, wg_tensor *u, wg_tensor *dot);
/* min(largest, max(0, a (above - Σ dot) + Σ ⟨m, p⟩)/Σ ⟨m, u⟩), a = 1 + lr λ, of a loss that is this much above its bound; f64 */
wg_tensor *model_rate(const struct step *s, wg_tensor *above, double weight_decay, wg_tensor *largest);
wg_tensor *model_decayed(const struct step *s, wg_tensor *p, double weight_decay); /* p/(1 + lr λ) */

#endif
