/* What the rules share whose rate is how far the parameters have come from their start. */
#ifndef OPTIM_TRAVELED_H
#define OPTIM_TRAVELED_H

#include "rule.h"

/* Their states: the parameter at its first step; r̄, the largest distance so far of all parameters from there, and a sum of
   squared norms of all gradients. */
enum { START, DISTANCE, SQUARES };
#define TRAVELED_STATE \
    [START] = {.name = "start"}, [DISTANCE] = {.name = "distance", .shared = true}, [SQUARES] = {.name = "squares", .shared = true}

wg_status traveled_part(struct step *s, wg_tensor *g);
/* Takes the distance in; at the first step it is initial times 1 + ‖p‖_all. */
wg_tensor *traveled_distance(struct step *s, double initial);
wg_tensor *traveled_square(const struct step *s); /* ‖g‖²_all */

#endif
