/* GLPK behind its wall: the program's own use of it, threads, memory that runs out, what it prints; and problems of many rounds. */
#include <glpk.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formula.h"
#include "nn_check.h"

/* Solves the same problem, which takes a few rounds, and adds up the plan times the costs; NaN on failure. */
static double solve_points(int64_t n)
{
    double value = (double)NAN;
    wg_tensor *x = filled(WG_F64, WG_SHAPE(n, 2), 0), *y = filled(WG_F64, WG_SHAPE(n, 2), 1e3);
    wg_tensor *w = wg_transport_exact(x, y);
    if (w)
        value = wg_item(w);
    wg_free(w), wg_free(x), wg_free(y);
    return value;
}

static void a_program_may_use_glpk_itself(void **state)
{
    (void)state;
    glp_prob *own = glp_create_prob();
    glp_set_prob_name(own, "own");
    glp_add_rows(own, 3);
    const int before = glp_term_out(GLP_ON);
    assert_true(solve_points(20) > 0);
    assert_int_equal(glp_term_out(GLP_ON), GLP_ON);
    assert_int_equal(glp_get_num_rows(own), 3);
    assert_string_equal(glp_get_prob_name(own), "own");
    glp_term_out(before);
    glp_delete_prob(own);
    glp_free_env();
    assert_no_error();
}

static void *solve_in_thread(void *result)
{
    *(double *)result = solve_points(40);
    return NULL;
}

static void threads_solve_at_once(void **state)
{
    (void)state;
    enum { THREADS = 6 };
    pthread_t thread[THREADS];
    double result[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, solve_in_thread, &result[i]), 0);
    const double here = solve_points(40);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_memory_equal(&result[i], &here, sizeof here);
    }
    assert_no_error();
}

#ifndef NO_LIMIT /* the sanitizers' own memory is beyond any limit */
/* Bytes of address space that the process has now. */
static rlim_t address_space(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* A child with so many bytes more: 0 if it solved the problem, 1 if it said that memory ran out, 2 for all else. What it writes goes into
   the pipe. */
static int solve_with(rlim_t bytes, int *written)
{
    int pipes[2], status = 0;
    char text[100];
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {address_space() + bytes, address_space() + bytes};
        dup2(pipes[1], STDOUT_FILENO), dup2(pipes[1], STDERR_FILENO);
        if (setrlimit(RLIMIT_AS, &limit) != 0)
            _exit(2);
        wg_tensor *w = wg_transport_exact(wg_zeros(WG_F64, WG_SHAPE(400, 2)), wg_ones(WG_F64, WG_SHAPE(400, 2)));
        _exit(w ? 0 : wg_error_first()->code == WG_E_MEMORY ? 1 : 2);
    }
    close(pipes[1]);
    *written = (int)read(pipes[0], text, sizeof text);
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

/* At whatever point it runs out, GLPK neither ends the process nor prints. */
static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    int failed = 0, result = 1, written;
    for (rlim_t bytes = 0; result == 1; bytes += 1 << 19) {
        result = solve_with(bytes, &written);
        assert_int_equal(written, 0);
        failed += result == 1;
    }
    assert_int_equal(result, 0);
    assert_true(failed > 10);
}
#endif

/* ---- optimality of problems that take several rounds ---- */

enum { ROWS = 70, COLUMNS = 45 };

/* On the open tape, costs in three kinds: distances of points, whole numbers with many ties, and ten orders of magnitude. */
static wg_tensor *costs_of(int kind)
{
    wg_tensor *x = filled(WG_F64, WG_SHAPE(ROWS, 2), 0), *y = filled(WG_F64, WG_SHAPE(COLUMNS, 2), 1e3);
    assert_int_equal(fill_scaled(y, 1e3, 0.5, 2), WG_OK); /* beside x, so that the best pairs are not the nearest ones */
    wg_tensor *cost = wg_transport_cost(x, y);
    return kind == 0 ? cost : kind == 1 ? wg_round(cost) : wg_exp(wg_mul_scalar(cost, 6));
}

/* A feasible plan and feasible potentials of equal value. */
static void check_optimal(const double *c, const wg_transport_solution *solution, const double *a)
{
    double plan[ROWS * COLUMNS], f[ROWS], g[COLUMNS], column[COLUMNS] = {0}, primal = 0, dual = 0, scale = 0;
    read_all(solution->plan, plan), read_all(solution->f, f), read_all(solution->g, g);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        scale = fmax(scale, c[i]);
    for (int i = 0; i < ROWS; i++) {
        double row = 0;
        for (int j = 0; j < COLUMNS; j++) {
            const int k = i * COLUMNS + j;
            assert_true(plan[k] >= 0 && f[i] + g[j] <= c[k] + 1e-14 * scale);
            row += plan[k], column[j] += plan[k], primal += plan[k] * c[k];
        }
        assert_close(row, a[i], 1e-14);
        dual += a[i] * f[i];
    }
    for (int j = 0; j < COLUMNS; j++) {
        assert_close(column[j], 1.0 / COLUMNS, 1e-14);
        dual += g[j] / COLUMNS;
    }
    assert_true(fabs(primal - dual) <= 1e-12 * scale);
}

static void many_rounds_end_at_the_optimum(void **state)
{
    (void)state;
    double c[ROWS * COLUMNS], a[ROWS];
    for (int i = 0; i < ROWS; i++)
        a[i] = 2.0 * i / (ROWS * (ROWS - 1.0));
    for (int kind = 0; kind < 3; kind++) {
        WG_TAPE(tape);
        wg_transport_solution solution;
        wg_tensor *cost = costs_of(kind);
        assert_int_equal(wg_transport_solve(cost, &solution, .weights_x = wg_from(a, WG_SHAPE(ROWS))), WG_OK);
        solution.f = wg_copy(solution.f), solution.g = wg_copy(solution.g);
        read_all(cost, c);
        check_optimal(c, &solution, a);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef NO_LIMIT
        TEST(memory_that_runs_out_is_an_error), /* first: threads leave space behind that others then have */
#endif
        TEST(a_program_may_use_glpk_itself),
        TEST(threads_solve_at_once),
        TEST(many_rounds_end_at_the_optimum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
