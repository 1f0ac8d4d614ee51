/* The limited-memory approximation of the inverse Hessian: pairs of a step s and the change y of the gradient along it. */
#ifndef OPTIM_MINIMIZE_PAIRS_H
#define OPTIM_MINIMIZE_PAIRS_H

#include "state.h"

/* Shared by a state and the copy that a call works on. */
struct pair {
    int owners;
    double rho, element[]; /* 1/yᵀs; y, then s */
};

struct pairs {
    int64_t n, count, capacity;
    struct pair **pair; /* the oldest first */
    double scale;       /* B₀ = scale I */
};

bool pairs_init(struct pairs *p, int64_t n);                 /* false: no memory, and pairs_finish follows all the same */
bool pairs_copy(struct pairs *to, const struct pairs *from); /* likewise; to is not initialised */
void pairs_forget(struct pairs *p);                          /* all of them */
void pairs_finish(struct pairs *p);

/* A new last pair, in place of the oldest if there are `most`; curvature: yᵀs > 0. op: for messages. */
wg_status pairs_add(struct pairs *p, const char *op, const double *y, const double *s, double curvature, int64_t most);

/* As two tensors, "y" and "s", a row for each pair. */
void pairs_save(const struct pairs *p, struct state_writer *w);
void pairs_load(struct pairs *p, struct state_reader *r);

/* d ← -B g by the two loops. */
wg_status pairs_direction(const struct pairs *p, struct work *w, const double *g, double *d);

#endif
