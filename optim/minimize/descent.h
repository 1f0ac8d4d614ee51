/* Methods that go along a direction in each step: what they have in common. */
#ifndef OPTIM_MINIMIZE_DESCENT_H
#define OPTIM_MINIMIZE_DESCENT_H

#include "kind.h"

/* The tests for stopping that all methods but L-BFGS share. */
struct stop {
    int64_t max_iterations, max_evaluations; /* max_evaluations: 0 for no limit */
    double gradient_tolerance, change_tolerance;
};

/* Of any options that have these members. */
#define STOP_OF(o) ((struct stop){(o)->max_iterations, (o)->max_evaluations, (o)->gradient_tolerance, (o)->change_tolerance})

/* Whether the call ends where f and g are, after a step whose largest element is change; sets the result's f, gradient_norm and reason. */
bool work_stops(struct work *w, const struct stop *stop, double f, const double *g, double change);

/* How a step's length is found. step: where a search begins, or the length of every step without one. */
struct search_options {
    wg_minimize_search kind;
    double c1, c2, shrink;
};

struct descent {
    struct work *w;
    const void *options; /* the method's */
    void *method;        /* the method's own data */
    int64_t n;
    double f, slope, slope_before;
    double *g, *g_before, *d, *s; /* s: the last step, x - x_before */
    double first, length;         /* t where the search begins, set to 1 before direction is called; t of the last step */
    bool fresh; /* the method is to forget earlier steps: there are none, or they led to no direction of descent */
    bool plain; /* the direction is -g, whatever the method says */
    struct along along;
};

/* From w->x until the call ends. direction sets d from g and may set first; a d that is no direction of descent is replaced by -g, and the
   method begins anew. With products (work_record), the evaluation that is open when direction is called is that at x. */
wg_status descend(struct work *w, const void *options, void *method, const struct stop *stop, const struct search_options *search,
                  wg_status (*direction)(struct descent *s));

/* A first length for a direction of the size of a gradient: min(1, 1/Σ|gᵢ|). */
double cautious_step(const struct descent *s);

#endif
