/* What the schedule-free rules share: the average x of the iterates z, and y between them, which is the parameter. */
#ifndef OPTIM_SCHEDULE_FREE_H
#define OPTIM_SCHEDULE_FREE_H

#include "rule.h"

/* Their states; V is that of the adaptive ones. */
enum { Z, X, WEIGHTS, V };
#define SCHEDULE_FREE_STATE \
    [Z] = {.name = "z"}, [X] = {.name = "x"}, [WEIGHTS] = {.name = "weights", .shape = schedule_free_weights}

wg_shape schedule_free_weights(const void *options, const wg_tensor *p);

wg_tensor *schedule_free_rate(const struct step *s, double warmup); /* lr min(1, t/W), f64; lr if W is 0 */

/* To be called before the other two: gives c = w/Σ w, f64, with w = tʳ (the largest rate so far)^power, and makes z and x what
   the last step left, or p before the first one. */
wg_tensor *schedule_free_begin(struct step *s, wg_tensor *rate, double r, double power);

/* z ← z - rate d, x ← (1-c) x + c z; gives y = (1-β) z + β x. */
wg_tensor *schedule_free_move(struct step *s, wg_tensor *rate, wg_tensor *d, wg_tensor *c, double beta);

#endif
