/* The transport problem by the simplex method, on few of its n m columns: those of near pairs, to which pairs are added that the
   potentials of the last solution show to be worth it, until there are none. Then it is a solution of the whole. */
#include "glpk_program.h"

#include <glpk.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR = 8, ADDED = 4 }; /* of each row: pairs at first, and pairs that a round adds at most */

static const double TOLERANCE = 1e-12; /* of reduced costs, in units of the largest cost, and of the plan's sums */

bool glpk_program_make(struct glpk_program *program, const struct transport_problem *p)
{
    const size_t pairs = (size_t)(p->n * p->m), sides = (size_t)(p->n + p->m);
    *program = (struct glpk_program){.problem = p,
                                     .chosen = calloc(pairs, 1),
                                     .pair = malloc((pairs + 1) * sizeof(int64_t)),
                                     .order = malloc(pairs * sizeof(int64_t)),
                                     .left = malloc(sides * sizeof(double)),
                                     .near = calloc(sides, sizeof(int))};
    for (size_t k = 0; k < pairs; k++)
        program->scale = fmax(program->scale, fabs(p->cost[k]));
    program->scale = program->scale > 0 ? program->scale : 1;
    return program->chosen && program->pair && program->order && program->left && program->near;
}

void glpk_program_free(struct glpk_program *program)
{
    free(program->chosen), free(program->pair), free(program->order), free(program->left), free(program->near);
}

/* ---- choosing columns ---- */

/* The column of a pair, which may be one already. */
static void choose(struct glpk_program *program, glp_prob *lp, int64_t pair, int status)
{
    const struct transport_problem *p = program->problem;
    const double one[] = {0, 1, 1};
    const int rows[] = {0, (int)(1 + pair / p->m), (int)(1 + p->n + pair % p->m)};
    if (program->chosen[pair])
        return;
    const int column = glp_add_cols(lp, 1);
    program->chosen[pair] = 1;
    program->pair[column] = pair;
    program->columns = column;
    glp_set_mat_col(lp, column, 2, rows, one);
    glp_set_col_bnds(lp, column, GLP_LO, 0, 0);
    glp_set_obj_coef(lp, column, p->cost[pair] / program->scale);
    glp_set_col_stat(lp, column, status);
}

static int by_cost(const void *a, const void *b, void *cost)
{
    const int64_t i = *(const int64_t *)a, k = *(const int64_t *)b;
    const double first = ((const double *)cost)[i], second = ((const double *)cost)[k];
    return first != second ? (first > second) - (first < second) : (i > k) - (i < k);
}

static void sort_pairs(struct glpk_program *program)
{
    const struct transport_problem *p = program->problem;
    for (int64_t k = 0; k < p->n * p->m; k++)
        program->order[k] = k;
    qsort_r(program->order, (size_t)(p->n * p->m), sizeof(int64_t), by_cost, (void *)(uintptr_t)p->cost);
}

/* The first plan: each pair in turn, the cheapest first, takes what its row or its column has left, and that line is done; the last one is
   done when the others are. The n + m - 1 pairs are a tree, and with the free row a feasible basis. */
static void choose_basis(struct glpk_program *program, glp_prob *lp)
{
    const struct transport_problem *p = program->problem;
    int64_t rows = p->n, columns = p->m;
    double *row = program->left, *column = row + p->n;
    memcpy(row, p->a, (size_t)p->n * sizeof *row);
    memcpy(column, p->b, (size_t)p->m * sizeof *column);
    for (int64_t k = 0; rows > 0 && columns > 0; k++) {
        const int64_t i = program->order[k] / p->m, j = program->order[k] % p->m;
        if (row[i] < 0 || column[j] < 0)
            continue;
        choose(program, lp, program->order[k], GLP_BS);
        if (columns == 1 || (rows > 1 && row[i] <= column[j])) {
            column[j] = fmax(0, column[j] - row[i]);
            row[i] = -1, rows--;
        } else {
            row[i] = fmax(0, row[i] - column[j]);
            column[j] = -1, columns--;
        }
    }
}

/* The cheapest pairs of each row and of each column. */
static void choose_near(struct glpk_program *program, glp_prob *lp)
{
    const struct transport_problem *p = program->problem;
    int *row = program->near, *column = row + p->n;
    for (int64_t k = 0; k < p->n * p->m; k++) {
        const int64_t i = program->order[k] / p->m, j = program->order[k] % p->m;
        if (row[i] < NEAR || column[j] < NEAR) {
            choose(program, lp, program->order[k], GLP_NL);
            row[i]++, column[j]++;
        }
    }
}

/* ---- rounds ---- */

/* Of one row: the pairs that cost least beside the potentials, of which the ADDED best below the tolerance become columns. */
static void choose_worth(struct glpk_program *program, glp_prob *lp, int64_t i)
{
    const struct transport_problem *p = program->problem;
    const double f = glp_get_row_dual(lp, (int)(1 + i));
    for (int round = 0; round < ADDED; round++) {
        double least = -TOLERANCE;
        int64_t best = -1;
        for (int64_t j = 0; j < p->m; j++) {
            const int64_t pair = i * p->m + j;
            const double reduced = p->cost[pair] / program->scale - f - glp_get_row_dual(lp, (int)(1 + p->n + j));
            if (reduced < least && !program->chosen[pair])
                least = reduced, best = pair;
        }
        if (best < 0)
            return;
        choose(program, lp, best, GLP_NL);
    }
}

/* The last row of all follows from the others. It is free, so that rounding cannot make the program infeasible. */
static void add_rows(glp_prob *lp, const struct transport_problem *p)
{
    glp_add_rows(lp, (int)(p->n + p->m));
    for (int64_t i = 0; i < p->n; i++)
        glp_set_row_bnds(lp, (int)(1 + i), GLP_FX, p->a[i], p->a[i]);
    for (int64_t j = 0; j < p->m - 1; j++)
        glp_set_row_bnds(lp, (int)(1 + p->n + j), GLP_FX, p->b[j], p->b[j]);
    glp_set_row_bnds(lp, (int)(p->n + p->m), GLP_FR, 0, 0);
    for (int64_t k = 0; k < p->n + p->m - 1; k++)
        glp_set_row_stat(lp, (int)(1 + k), GLP_NS);
    glp_set_row_stat(lp, (int)(p->n + p->m), GLP_BS);
}

static void read_solution(const struct glpk_program *program, glp_prob *lp)
{
    const struct transport_problem *p = program->problem;
    for (int k = 1; k <= program->columns; k++)
        p->plan[program->pair[k]] = fmax(0, glp_get_col_prim(lp, k));
    for (int64_t i = 0; i < p->n; i++)
        p->f[i] = program->scale * glp_get_row_dual(lp, (int)(1 + i));
}

int glpk_program_run(struct glpk_program *program)
{
    const struct transport_problem *p = program->problem;
    glp_smcp settings;
    glp_init_smcp(&settings);
    settings.msg_lev = GLP_MSG_OFF;
    settings.tol_bnd = settings.tol_dj = TOLERANCE;
    glp_prob *lp = glp_create_prob();
    add_rows(lp, p);
    sort_pairs(program);
    choose_basis(program, lp);
    choose_near(program, lp);
    int status = 0, columns = 0;
    while (status == 0 && columns < program->columns) {
        columns = program->columns;
        status = glp_simplex(lp, &settings);
        if (status == 0 && glp_get_status(lp) != GLP_OPT)
            status = glp_get_status(lp);
        for (int64_t i = 0; i < p->n && status == 0; i++)
            choose_worth(program, lp, i);
    }
    if (status == 0)
        read_solution(program, lp);
    glp_delete_prob(lp);
    return status;
}
