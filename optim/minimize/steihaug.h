/* What the trust regions share. */
#ifndef OPTIM_MINIMIZE_STEIHAUG_H
#define OPTIM_MINIMIZE_STEIHAUG_H

#include "kind.h"

struct region {
    struct work *w;
    int64_t n, max_products;             /* max_products: 0 for 10n */
    double f, radius, decrease, forcing; /* decrease: of the model, by p */
    double *g, *p, *r, *d, *hd, *hp, *trial;
    bool at_edge;
};

/* f and g where the call begins. The radius is the caller's to set. */
wg_status steihaug_init(struct region *t, struct work *w, double forcing, int64_t max_products);

/* p ← a point that lowers the model f + gᵀp + pᵀHp/2 within the radius at least as much as the best one along -g does. */
wg_status steihaug_solve(struct region *t);

#endif
