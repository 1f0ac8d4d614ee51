/* The transport problem by the simplex method, on few of its n m columns: those of near pairs, to which pairs are added that the
   potentials of the last solution show to be worth it, until there are none. Then it is a solution of the whole. */
#include "glpk_program.h"

#include <glpk.h>
#include <math.h>
#include <stdlib.h>

enum { NEAR = 8, ADDED = 4 }; /* of each row: pairs at first, and pairs that a round adds at most */

static const double TOLERANCE = 1e-9; /* of reduced costs, in units of the largest cost, and of the plan's sums */

bool glpk_program_make(struct glpk_program *program, const struct transport_problem *p)
{
    const size_t pairs = (size_t)(p->n * p->m);
    *program = (struct glpk_program){.problem = p,
                                     .chosen = calloc(pairs, 1),
                                     .pair = malloc((pairs + 1) * sizeof(int64_t)),
                                     .near = malloc((size_t)(p->n + p->m) * sizeof(int64_t))};
    for (size_t k = 0; k < pairs; k++)
        program->scale = fmax(program->scale, fabs(p->cost[k]));
    program->scale = program->scale > 0 ? program->scale : 1;
    return program->chosen && program->pair && program->near;
}

void glpk_program_free(struct glpk_program *program)
{
    free(program->chosen), free(program->pair), free(program->near);
}

/* ---- choosing columns ---- */

/* The column of a pair, which may be one already. basic: it belongs to the first basis. */
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

/* The plan of the north-west corner: n + m - 1 pairs along a path from the first to the last, which are, with the free row, a feasible
   basis. */
static void choose_basis(struct glpk_program *program, glp_prob *lp)
{
    const struct transport_problem *p = program->problem;
    int64_t i = 0, j = 0;
    for (double row = p->a[0], column = p->b[0]; i < p->n && j < p->m;) {
        choose(program, lp, i * p->m + j, GLP_BS);
        if (j == p->m - 1 || (i < p->n - 1 && row <= column)) {
            column -= row;
            row = ++i < p->n ? p->a[i] : 0;
        } else {
            row -= column;
            column = ++j < p->m ? p->b[j] : 0;
        }
    }
}

/* Puts a pair among the best of near[0 … count), in ascending order of cost, and returns their number. */
static int insert(const struct glpk_program *program, int count, int most, int64_t pair)
{
    const double *cost = program->problem->cost;
    int at = count < most ? count : most - 1;
    if (count == most && cost[pair] >= cost[program->near[at]])
        return count;
    for (; at > 0 && cost[program->near[at - 1]] > cost[pair]; at--)
        program->near[at] = program->near[at - 1];
    program->near[at] = pair;
    return count < most ? count + 1 : count;
}

/* The cheapest pairs first, first + step, … of one row or column. */
static void choose_near(struct glpk_program *program, glp_prob *lp, int64_t first, int64_t step, int64_t n)
{
    int count = 0;
    for (int64_t k = 0; k < n; k++)
        count = insert(program, count, n < NEAR ? (int)n : NEAR, first + k * step);
    for (int k = 0; k < count; k++)
        choose(program, lp, program->near[k], GLP_NL);
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
    choose_basis(program, lp);
    for (int64_t i = 0; i < p->n; i++)
        choose_near(program, lp, i * p->m, 1, p->m);
    for (int64_t j = 0; j < p->m; j++)
        choose_near(program, lp, j, p->m, p->n);
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
