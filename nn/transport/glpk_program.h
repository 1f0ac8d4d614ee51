/* The transport problem as a linear program of GLPK. */
#ifndef NN_TRANSPORT_GLPK_PROGRAM_H
#define NN_TRANSPORT_GLPK_PROGRAM_H

#include "transport.h"

/* With its workspace, which outlives an error of GLPK that jumps out of glpk_program_run. */
struct glpk_program {
    const struct transport_problem *problem;
    double scale; /* the largest cost, by which costs are divided */
    int columns;
    char *chosen;   /* (n,m): 1 for a pair that is a column */
    int64_t *pair;  /* of each column, from 1 */
    int64_t *order; /* the pairs in ascending order of their costs */
    double *left;   /* of each row and then each column of the plan: what the first plan has still to give */
    int *near;      /* likewise: pairs that are columns because they are near */
};

bool glpk_program_make(struct glpk_program *program, const struct transport_problem *problem); /* false: out of memory */
void glpk_program_free(struct glpk_program *program);
/* Solves it. 0, or GLPK's status. */
int glpk_program_run(struct glpk_program *program);

#endif
