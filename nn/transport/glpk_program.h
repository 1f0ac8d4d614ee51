/* The transport problem as a linear program of GLPK. */
#ifndef NN_TRANSPORT_GLPK_PROGRAM_H
#define NN_TRANSPORT_GLPK_PROGRAM_H

#include "transport.h"

/* Workspace, which outlives an error of GLPK that jumps out of the functions below. chosen (n,m): 1 for a pair that is a column of
   the program. pair: of each column, from 1. near: for sorting. */
struct glpk_program {
    const struct transport_problem *problem;
    double scale; /* the largest cost, by which costs are divided */
    int columns;
    char *chosen;
    int64_t *pair;
    int64_t *near;
};

bool glpk_program_make(struct glpk_program *program, const struct transport_problem *problem); /* false: out of memory */
void glpk_program_free(struct glpk_program *program);
/* Solves it. 0, or GLPK's status. */
int glpk_program_run(struct glpk_program *program);

#endif
