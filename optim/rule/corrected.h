/* MARS's correction of a gradient, which its rules share. */
#ifndef OPTIM_CORRECTED_H
#define OPTIM_CORRECTED_H

#include "rule.h"

/* c = g + γ β/(1-β) (g - g of the step before, which this state is), over max(1, ‖c‖) of the whole tensor. */
wg_tensor *corrected_gradient(struct step *s, int state, double correction, double beta);

#endif
